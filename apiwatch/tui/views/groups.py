"""Lists of view 2 that put clients together by what they share."""

from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
from apiwatch.store.filters.records import group_record
from apiwatch.store.views import Shared
from apiwatch.tui.rows import AgentRow, GroupRow, NetworkRow, Row, Sort, UserRow
from apiwatch.tui.views.base import LIMIT, Found, Panel, Query, by, words

__all__ = ["GROUPS"]

_SORTS = (
    Sort("requests", "requests in the window", None),
    Sort("clients", "clients in the window", by(GroupRow, lambda row: (row.view.clients,))),
    Sort("alerts", "clients with an open alert", by(GroupRow, lambda row: (row.view.alerted,))),
    Sort("fail", "requests that failed", by(GroupRow, lambda row: (row.view.window.failed,))),
    Sort("bytes", "bytes sent", by(GroupRow, lambda row: (row.view.window.bytes,))),
    Sort("last", "last seen", by(GroupRow, lambda row: (row.view.last_seen,))),
)
_NOBODY = "no client sent a request in {window}; W takes a longer window."
_NO_USER = "no user name is behind half of the requests of a client in {window}; W takes a longer window."
_FIELDS: dict[Shared, str] = {"net": "client", "user_agent": "ua", "user": "user"}


def _panel(name: str, title: str, shared: Shared, kind: type[GroupRow], calm: str = _NOBODY) -> Panel:
    def record(row: Row) -> Record:
        return group_record(row.view, _FIELDS[shared]) if isinstance(row, GroupRow) else words(row)

    async def read(query: Query) -> Found:
        found = await query.reader.groups(shared, query.window_minutes, limit=LIMIT, scope=query.scope, at=query.at)
        seconds = query.seconds(60)
        return Found(tuple(kind(view, query.now, seconds) for view in found), 0, found.among)

    return Panel(
        name, title, kind.columns, _SORTS, read, over=List.CLIENTS, record=record,
        calm=calm,
    )  # fmt: skip


GROUPS = {
    "net": _panel("networks", "networks of the busiest clients", "net", NetworkRow),
    "agent": _panel("agents", "user agents of the busiest clients", "user_agent", AgentRow),
    "user": _panel("users", "users of the busiest clients", "user", UserRow, _NO_USER),
}
"""Word of `:group` -> list."""
