"""View 8: what is read, what became of its lines, and what is wrong."""

from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
from apiwatch.store.filters.records import source_record
from apiwatch.tui.cells import age
from apiwatch.tui.rows import Row, Sort, SourceRow
from apiwatch.tui.views.base import Found, Panel, Query, View, by, words

__all__ = ["SOURCES"]

_SILENT_S = 5.0
"""Without a heartbeat for so long, what is said of a source is not of now."""

_REJECTING, _REJECTED = 20, 2
"""Sources whose first rejected lines are read, and how many of each."""


def _record(row: Row) -> Record:
    return source_record(row.view) if isinstance(row, SourceRow) else words(row)


async def _sources(query: Query) -> Found:
    overview = query.overview
    views = overview.sources if overview else ()
    health = overview.health if overview else None
    some = [view.name for view in views if view.unparsed][:_REJECTING]
    rejected = {name: await query.reader.unparsed(source=name, limit=_REJECTED) for name in some}
    rows = [SourceRow(view, health, query.now, rejected.get(view.name, ())) for view in views]
    silent = query.now - health.heartbeat if health is not None else 0.0
    return Found(tuple(rows), len(views), note=f"as they were {age(silent)} ago" if silent >= _SILENT_S else "")


SOURCES = View(
    8,
    "sources",
    "Sources",
    "Src",
    (
        Panel(
            "sources",
            "sources",
            SourceRow.columns,
            (
                Sort(
                    "trouble",
                    "what is wrong first, then name",
                    by(SourceRow, lambda row: (row.wrong, len(row.troubles))),
                ),
                Sort("name", "name", None),
                Sort("lines", "lines", by(SourceRow, lambda row: (row.view.lines,))),
                Sort(
                    "unparsed", "share of lines that match no format", by(SourceRow, lambda row: (row.unparsed_share,))
                ),
                Sort("lag", "lag", by(SourceRow, lambda row: (row.lag, row.view.backlog_bytes))),
                Sort("last", "newest request first", by(SourceRow, lambda row: (row.view.last_time,))),
            ),
            _sources,
            over=List.SOURCES,
            record=_record,
            calm="no source is watched; start with: apiwatch FILE",
            acts=False,
            detail_least=8,
        ),
    ),
)
