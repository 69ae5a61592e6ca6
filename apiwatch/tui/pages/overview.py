"""Key 0 of everything: the last hours as pictures, and the top of every list."""

from collections.abc import Sequence

from apiwatch.store.views import AlertView, MinuteView, Overview
from apiwatch.tui.columns import choose, heads, place
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.pages.parts import section, timeline_section
from apiwatch.tui.pictures import heat, heat_title
from apiwatch.tui.rows import Row

__all__ = ["overview_page"]

_ROWS = 5
_HEAT_LINES = 4


def overview_page(
    overview: Overview | None,
    tops: Sequence[tuple[str, Sequence[Row]]],
    width: int,
    now: float,
    glyphs: Glyphs,
    *,
    alerts: Sequence[AlertView] = (),
    day: Sequence[MinuteView] = (),
    timeline: Sequence[MinuteView] = (),
    among: int = 0,
) -> list[Line]:
    """The last hour, the last day, then of each list (title, rows) the first rows, for a width.

    `day` are the minutes of 24 hours, each with its worst alert; `timeline` is the last hour of a part of everything,
    looked for `among` so many of the busiest clients (0: among all).
    """
    text = width - 1
    usual = overview.usual / overview.window_minutes if overview else 0.0
    shown = overview.timeline if overview else timeline
    drawn = timeline_section(shown, text, glyphs, now=now, alerts=alerts, usual=usual)
    if among and shown:
        drawn.append(line(Piece(f" of those among the {among} busiest clients", "dim")))
    if day:
        drawn.append(section(heat_title(day), text, glyphs))
        drawn += heat(day, text, _HEAT_LINES, glyphs)
    for title, rows in tops:
        drawn += [section(title, text, glyphs), *_top(rows, text)]
    return drawn


def _top(rows: Sequence[Row], width: int) -> list[Line]:
    if not rows:
        return [line(Piece(" none", "dim"))]
    columns = rows[0].columns
    chosen = choose(columns, width)
    return [heads(columns, chosen), *((Piece("  "), *place(columns, chosen, row.cells())) for row in rows[:_ROWS])]
