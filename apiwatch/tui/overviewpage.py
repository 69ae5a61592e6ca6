"""Key 0 of everything: the hour as a picture, and the top of every list."""

from collections.abc import Sequence

from apiwatch.store.views import Overview
from apiwatch.tui.columns import choose, heads, place
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.pages.parts import section
from apiwatch.tui.pictures import block_chart, per_minute
from apiwatch.tui.rows import Row

__all__ = ["overview_page"]

_ROWS = 5
_CHART_MINUTES, _CHART_ROWS = 60, 5


def overview_page(
    overview: Overview | None, tops: Sequence[tuple[str, Sequence[Row]]], width: int, glyphs: Glyphs
) -> list[Line]:
    """The last hour, then of each list (title, rows) the first rows, for a width."""
    text = width - 1
    values = per_minute(overview.timeline, _CHART_MINUTES) if overview else []
    title = f"requests per minute, last {_CHART_MINUTES} minutes, peak {max(values, default=0)}"
    drawn = [section(title, text, glyphs), *block_chart(values, text, _CHART_ROWS, glyphs)]
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
