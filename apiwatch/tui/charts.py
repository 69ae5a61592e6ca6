"""Charts of blocks: always from 0, one style per line, so that an unchanged line costs nothing."""

from collections.abc import Sequence

from apiwatch.store.views import MinuteView
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit

__all__ = ["bar", "block_chart", "per_minute", "spark"]


def per_minute(timeline: Sequence[MinuteView], minutes: int) -> list[int]:
    """Requests of each of the last `minutes` minutes up to the newest one, oldest first; absent minutes are 0."""
    if not timeline:
        return []
    last = timeline[-1].minute
    found = {view.minute: view.mix.requests for view in timeline}
    return [found.get(minute, 0) for minute in range(last - minutes + 1, last + 1)]


def resample(values: Sequence[int], width: int) -> list[float]:
    """`values` stretched or folded to `width` columns; a folded column shows its largest value."""
    if not values or width <= 0:
        return []
    length = len(values)
    if length <= width:
        return [float(values[column * length // width]) for column in range(width)]
    edges = [column * length // width for column in range(width + 1)]
    return [float(max(values[edges[i] : max(edges[i + 1], edges[i] + 1)])) for i in range(width)]


def spark(values: Sequence[int], width: int, glyphs: Glyphs) -> str:
    """One line of `width` cells, from 0 to the peak; anything above 0 is visible."""
    columns = resample(values, width)
    peak = max(columns, default=0.0)
    top = len(glyphs.steps) - 1
    if peak <= 0:
        return " " * width
    return "".join(glyphs.steps[0 if value <= 0 else max(1, round(top * value / peak))] for value in columns)


def block_chart(values: Sequence[int], width: int, height: int, glyphs: Glyphs, style: str = "accent") -> list[Line]:
    """`height` lines of `width` cells: columns from 0 to the peak, top line first."""
    columns = resample(values, width)
    peak = max(columns, default=0.0)
    steps = len(glyphs.levels) - 1
    filled = [0 if peak <= 0 or v <= 0 else max(1, round(height * steps * v / peak)) for v in columns]
    drawn: list[Line] = []
    for row in range(height - 1, -1, -1):
        text = "".join(glyphs.levels[min(max(level - row * steps, 0), steps)] for level in filled)
        drawn.append((Piece(fit(text, width), style),))
    return drawn


def bar(part: float, whole: float, width: int, glyphs: Glyphs) -> str:
    """A horizontal bar of at most `width` cells; anything above 0 has one cell."""
    if whole <= 0 or part <= 0 or width <= 0:
        return ""
    return glyphs.bar * max(1, min(width, round(width * part / whole)))
