"""The last day on a strip: how much, how much of it failed, and which alerts were open."""

from collections.abc import Mapping, Sequence
from math import ceil

from apiwatch.store.views import MinuteView
from apiwatch.tui.cells import count, rank
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit_line, merged
from apiwatch.tui.pictures.columns import mixes, slices
from apiwatch.tui.pictures.marks import letter
from apiwatch.tui.pictures.outcomes import shade
from apiwatch.tui.pictures.spark import spark

__all__ = ["DAY_MINUTES", "heat", "heat_title"]

DAY_MINUTES = 1440
_GUTTER = 6
_STEPS = (1, 2, 3, 4, 6, 12)
_LABEL_CELLS = 6


def heat(
    minutes: Sequence[MinuteView],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    last: int = 0,
    span: int = DAY_MINUTES,
) -> list[Line]:
    """`height` lines about the `span` minutes up to `last` (0: the newest), folded into the width.

    One line: shades of the number of requests (the highest of a column, from 0 to the peak), with the letter C H M L I
    of the worst alert where there was one. Two: the hours below. Three: alerts apart from requests, which are steps
    then, `.` where there was traffic and no alert. Four: the share that failed between them.
    """
    severities = {view.minute: view.severity for view in minutes if view.severity}
    end = last or (minutes[-1].minute if minutes else 0)
    first = end - span + 1
    room = max(1, width - _GUTTER)
    known = mixes(minutes, first, span)
    columns = slices(span, room)
    highest = [max(mix.requests for mix in known[start:stop]) for start, stop in columns]
    worst = [_worst(severities, first + start, first + stop) for start, stop in columns]
    alerts = [
        Piece(letter(word), word) if word else Piece("." if seen else " ", "dim")
        for word, seen in zip(worst, highest, strict=True)
    ]
    if height < 3:
        shades = _requests(highest, glyphs)
        both = [mark if word else Piece(cell, "accent") for mark, word, cell in zip(alerts, worst, shades, strict=True)]
        rows = [_row(f"{span // 60} h" if span >= 120 else f"{span} m", both)]
    else:
        rows = [_row("reqs", [Piece(spark(highest, room, glyphs), "accent")])]
        if height > 3:
            rows.append(_row("fail", [Piece(_failures(minutes, first, columns, glyphs), "warn")]))
        rows.append(_row("alert", alerts))
    rows.append(_row("UTC", [Piece(_hours(first, columns), "dim")]))
    rows += [()] * (height - len(rows))
    return [fit_line(row, width) for row in rows[:height]]


def heat_title(minutes: Sequence[MinuteView], *, last: int = 0, span: int = DAY_MINUTES) -> str:
    """What a strip of the same arguments shows, for the rule above it."""
    end = last or (minutes[-1].minute if minutes else 0)
    peak = max((mix.requests for mix in mixes(minutes, end - span + 1, span)), default=0)
    length = f"{span // 60} hours" if span >= 120 else f"{span} minutes"
    return f"last {length}, peak {count(peak)} requests per minute"


def _row(label: str, cells: Sequence[Piece]) -> Line:
    return (Piece(f"{label:<{_GUTTER}}", "dim"), *merged(cells))


def _worst(severities: Mapping[int, str], start: int, stop: int) -> str:
    if not severities:
        return ""
    found = [word for minute in range(start, stop) if rank(word := severities.get(minute, "")) >= 0]
    return max(found, key=rank, default="")


def _requests(highest: Sequence[int], glyphs: Glyphs) -> str:
    top, peak = len(glyphs.shades) - 1, max(highest, default=0)
    return "".join([glyphs.shades[ceil(top * value / peak) if peak else 0] for value in highest])


def _failures(minutes: Sequence[MinuteView], first: int, columns: Sequence[tuple[int, int]], glyphs: Glyphs) -> str:
    known = mixes(minutes, first, columns[-1][1])
    cells: list[str] = []
    for start, stop in columns:
        part = known[start:stop]
        whole = sum(mix.requests for mix in part)
        failed = sum(mix.miss + mix.deny + mix.limited + mix.err for mix in part)
        cells.append(shade(failed / whole, glyphs) if whole else " ")
    return "".join(cells)


def _hours(first: int, columns: Sequence[tuple[int, int]]) -> str:
    """Hours of the day below the columns in which they begin, as many as there is room for."""
    end = "now"
    room, span = len(columns), columns[-1][1]
    step = next((hours for hours in _STEPS if hours * 60 * room / span >= _LABEL_CELLS), 24)
    text = ""
    for column, (start, stop) in enumerate(columns):
        begin = -(-(first + start) // 60) * 60
        if begin >= first + stop or (begin // 60) % 24 % step:
            continue
        label = f"{begin // 60 % 24:02d}h"
        if (len(text) < column or not text) and column + len(label) < room - len(end):
            text = text.ljust(column) + label
    return text.ljust(room - len(end)) + end
