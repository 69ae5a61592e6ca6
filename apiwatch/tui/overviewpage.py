"""Key 0 of everything: the hour as a picture, and the top of every list."""

from collections.abc import Sequence

from apiwatch.store.views import Overview
from apiwatch.tui.columns import choose, heads, place
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.pages.parts import section
from apiwatch.tui.pictures import timeline, timeline_title
from apiwatch.tui.rows import Row

__all__ = ["overview_page"]

_ROWS = 5
_CHART_MINUTES, _CHART_ROWS = 60, 8
_WIDE_FROM, _WIDE_ROWS = 100, 11


def overview_page(
    overview: Overview | None, tops: Sequence[tuple[str, Sequence[Row]]], width: int, glyphs: Glyphs
) -> list[Line]:
    """The last hour, then of each list (title, rows) the first rows, for a width."""
    text = width - 1
    minutes = overview.timeline if overview else ()
    drawn = [
        section(timeline_title(minutes, most=_CHART_MINUTES), text, glyphs),
        *timeline(minutes, text, _CHART_ROWS if text < _WIDE_FROM else _WIDE_ROWS, glyphs, most=_CHART_MINUTES),
    ]
    for title, rows in tops:
        drawn.append(section(title, text, glyphs))
        drawn += _top(rows, text)
    return drawn


def _top(rows: Sequence[Row], width: int) -> list[Line]:
    if not rows:
        return [line(Piece(" nothing", "dim"))]
    columns = rows[0].columns
    chosen = choose(columns, width)
    return [heads(columns, chosen), *((Piece("  "), *place(columns, chosen, row.cells())) for row in rows[:_ROWS])]
