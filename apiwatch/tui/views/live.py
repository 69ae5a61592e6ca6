"""View 6: what is arriving now."""

from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
from apiwatch.store.filters.records import line_record
from apiwatch.tui.rows import LineRow, Row, Sort
from apiwatch.tui.views.base import NOT_THEN, Found, Panel, Query, View, words

__all__ = ["LIVE"]

_LINES = 1000


def _record(row: Row) -> Record:
    return line_record(row.view) if isinstance(row, LineRow) else words(row)


async def _tail(query: Query) -> Found:
    tail = await query.reader.tail(_LINES, query.scope)
    note = "those that are kept" if tail.seen > len(tail.lines) else ""
    note = NOT_THEN if query.at else note
    return Found(tuple(LineRow(view, query.now) for view in tail.lines), tail.seen, note=note)


LIVE = View(
    6,
    "live",
    "Live",
    "Live",
    (
        Panel(
            "live",
            "requests as they arrive",
            LineRow.columns,
            (Sort("newest", "newest first", None),),
            _tail,
            over=List.LINES,
            record=_record,
            calm="no request has arrived while the collector followed its sources.",
            holds=False,
        ),
    ),
)
