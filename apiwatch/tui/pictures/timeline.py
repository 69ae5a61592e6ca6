"""Requests over time: how many, what became of them, and where alerts opened."""

from collections.abc import Sequence
from functools import lru_cache

from apiwatch.store.views import MinuteView
from apiwatch.tui.cells import count, percent
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit_line, line_text, merged
from apiwatch.tui.pictures.columns import hour, mixes, resample, time_axis
from apiwatch.tui.pictures.marks import Mark, mark_line
from apiwatch.tui.pictures.outcomes import Strip, outcome_strips
from apiwatch.tui.pictures.plot import line_plot
from apiwatch.tui.pictures.spark import block_chart

__all__ = ["timeline", "timeline_title", "window"]

_PLOT_FROM = 100
_WIDE_FROM = 50
_GUTTER, _NARROW_GUTTER = 9, 5
_LEAST_MINUTES, _MOST_MINUTES = 10, 120
_MOST_DOTS = 96
"""Points of a plot: each costs some 30 microseconds, and more of them are no finer line."""
_BLANKS = " \u2800"


def window(minutes: Sequence[MinuteView], last: int = 0, most: int = _MOST_MINUTES) -> tuple[int, int]:
    """First minute and number of minutes of a picture that ends with `last` (0: the newest) and shows all that fits."""
    end = last or (minutes[-1].minute if minutes else 0)
    begin = min(minutes[0].minute if minutes else end, end)
    span = min(most, max(_LEAST_MINUTES, end - begin + 1))
    return end - span + 1, span


def timeline_title(
    minutes: Sequence[MinuteView], *, last: int = 0, most: int = _MOST_MINUTES, usual: float = 0.0
) -> str:
    """What a timeline of the same arguments shows, for the rule above it."""
    first, span = window(minutes, last, most)
    peak = max((mix.requests for mix in mixes(minutes, first, span)), default=0)
    known = f", usual {count(round(usual))}" if usual > 0 else ""
    return f"requests per minute, {span} minutes to {hour(first + span - 1)}Z, peak {count(peak)}{known}"


def timeline(
    minutes: Sequence[MinuteView],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    last: int = 0,
    most: int = _MOST_MINUTES,
    marks: Sequence[Mark] = (),
    usual: float = 0.0,
    end: str = "now",
) -> list[Line]:
    """`height` lines: requests per minute from 0 on, the time, `!` where alerts opened, a strip per outcome.

    `last` is the minute at the right end (0: the newest), where `end` stands for its time; `most` bounds the minutes.
    `usual` requests per minute are a dim line where they are known. Low pictures lose strips, then the time, then the
    marks; from 100 columns on the requests are a line of dots, else and in ASCII blocks.
    """
    first, span = window(minutes, last, most)
    known = mixes(minutes, first, span)
    values = [mix.requests for mix in known]
    if not any(values):
        empty: list[Line] = [fit_line((Piece(" no requests in these minutes", "dim"),), width)]
        return (empty + [()] * height)[:height]
    gutter = _GUTTER if width >= _WIDE_FROM else _NARROW_GUTTER
    room = max(1, width - gutter - 1)
    below: list[Line] = []
    if marks and height >= 3:
        below.append((Piece(f"{'alert':<{gutter}} ", "dim"), *mark_line(marks, first, span, room)))
    if height >= 5:
        strips = outcome_strips(known, room, (height - 2) // 3, glyphs)
        below += [_strip_line(strip, gutter, glyphs) for strip in strips]
    axis = 1 if height >= 4 else 0
    tall = height - len(below) - axis
    if width >= _PLOT_FROM and axis and not glyphs.plain:
        plotted = _plotted(tuple(values), first, width, tall + axis, usual, end)
        if plotted:
            return [*plotted, *below]
    chart = _chart(values, gutter, room, tall, glyphs, usual)
    if axis:
        chart.append((Piece(" " * gutter + glyphs.corner, "dim"), *time_axis(first, span, room, end)))
    return [fit_line(row, width) for row in (*chart, *below)][:height]


def _strip_line(strip: Strip, gutter: int, glyphs: Glyphs) -> Line:
    share = f"{percent(strip.part, strip.whole):>{gutter - 5}}" if gutter == _GUTTER else ""
    return Piece(f"{strip.name:<5}{share}{glyphs.gutter}", "dim"), Piece(strip.cells, strip.style)


def _chart(values: Sequence[int], gutter: int, room: int, tall: int, glyphs: Glyphs, usual: float) -> list[Line]:
    peak = max(*values, usual)
    rows = block_chart(values, room, tall, glyphs, peak=peak)
    labels = {0: count(round(peak))}
    if tall >= 5 and tall % 2 == 1:
        labels[tall // 2] = count(round(peak / 2))
    if tall >= 2:
        labels[tall - 1] = "0"
    at = tall - 1 - min(tall - 1, int(usual * tall / peak))
    if usual > 0 and at < tall - 1:
        labels.setdefault(at, "usual")
        rows[at] = _with_level(line_text(rows[at]), "accent", glyphs.rule)
    return [
        (Piece(f"{labels.get(number, ''):>{gutter}}{glyphs.gutter}", "dim"), *row) for number, row in enumerate(rows)
    ]


@lru_cache(maxsize=8)
def _plotted(known: tuple[int, ...], first: int, width: int, tall: int, usual: float, end: str) -> tuple[Line, ...]:
    minutes = len(known)
    values = resample(known, _MOST_DOTS) if minutes > _MOST_DOTS else known
    peak = max(*values, usual, 1)
    rows = tall - 2
    steps = max(1, min(4, (rows - 1) // 2))
    labels: dict[float, str] = {
        level: f"{count(level):>{_GUTTER}}" for level in (round(peak * step / steps) for step in range(steps + 1))
    }
    marks = [index * (len(values) - 1) // 4 for index in range(5)]
    times = {index: hour(first + index * minutes // len(values)) for index in marks}
    if end:
        times[len(values) - 1] = end
    drawn = line_plot(values, peak, width, tall, labels, times)
    lines: list[Line] = []
    for number, text in enumerate(drawn):
        if number >= len(drawn) - 2:
            lines.append((Piece(text, "dim"),))
            continue
        head, body = text[: _GUTTER + 1], text[_GUTTER + 1 :]
        if usual > 0 and number == rows - 1 - round(usual * (rows - 1) / peak) < rows - 1:
            head = f"{'usual':>{_GUTTER}}{head[-1]}" if not head[:_GUTTER].strip() else head
            lines.append((Piece(head, "dim"), *_with_level(body, "accent", "\u2500")))
        else:
            lines.append((Piece(head, "dim"), Piece(body, "accent")))
    return tuple(lines)


def _with_level(text: str, style: str, rule: str) -> Line:
    """A row of a chart with a dim line wherever nothing is drawn."""
    return merged([Piece(rule, "dim") if char in _BLANKS else Piece(char, style) for char in text])
