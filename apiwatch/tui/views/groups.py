"""Lists of view 2 that put clients together by what they share."""

from apiwatch.model import SEVERITIES
from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
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
_FIELDS: dict[Shared, str] = {"net": "client", "user_agent": "ua", "user": "user"}


def _panel(name: str, title: str, shared: Shared, kind: type[GroupRow]) -> Panel:
    def record(row: Row) -> Record:
        if not isinstance(row, GroupRow):
            return words(row)
        view, mix = row.view, row.view.window
        return {
            _FIELDS[shared]: view.value,
            "sev": float(SEVERITIES.index(view.severity)) if view.severity else (),
            "alerts": float(view.alerted),
            "last": view.last_seen,
            "reqs": float(mix.requests),
            "ok": float(mix.ok),
            "miss": float(mix.miss),
            "deny": float(mix.deny),
            "limit": float(mix.limited),
            "err": float(mix.err),
            "5xx": float(mix.err),
            "4xx": float(mix.miss + mix.deny + mix.limited),
            "fail": float(mix.failed),
            "bytes": float(mix.bytes),
            "*": (view.value,),
        }

    async def read(query: Query) -> Found:
        found = await query.reader.groups(shared, query.window_minutes, limit=LIMIT, scope=query.scope, at=query.at)
        seconds = 60.0 * min(query.window_minutes, 60)
        return Found(tuple(kind(view, query.now, seconds) for view in found), 0, found.among)

    return Panel(
        name, title, kind.columns, _SORTS, read, over=List.CLIENTS, record=record,
        calm="no client sent a request in the last {window}; W takes a longer window.",
    )  # fmt: skip


GROUPS = {
    "net": _panel("networks", "networks of the busiest clients", "net", NetworkRow),
    "agent": _panel("agents", "user agents of the busiest clients", "user_agent", AgentRow),
    "user": _panel("users", "users of the busiest clients", "user", UserRow),
}
"""Word of `:group` -> list."""
