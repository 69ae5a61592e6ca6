"""View 2: who is loudest, who is new, who has a score, and what they share; inside a client: who is near it."""

from apiwatch.store.filters import List
from apiwatch.store.scope import EVERYTHING
from apiwatch.tui.rows import ClientRow, Sort
from apiwatch.tui.views.base import LIMIT, Found, Panel, Query, View
from apiwatch.tui.views.groups import GROUPS

__all__ = ["CLIENTS"]


async def _clients(query: Query) -> Found:
    clients = await query.reader.clients(
        query.window_minutes,
        sort=query.sort or "score",
        limit=LIMIT,
        now=query.now,
        scope=query.scope,
        where=query.where,
        at=query.at,
    )
    total = query.overview.clients_window if query.overview and query.scope == EVERYTHING else 0
    return Found(
        tuple(ClientRow(view, query.now, query.seconds(), query.glyphs) for view in clients),
        total,
        clients.among,
    )


CLIENTS = View(
    2,
    "clients",
    "Clients",
    "Clients",
    (
        Panel(
            "clients",
            "clients",
            ClientRow.columns,
            (
                Sort("score", "score", None, "score"),
                Sort("requests", "requests in the window", None, "requests"),
                Sort("miss", "requests for what does not exist", None, "miss"),
                Sort("deny", "refused requests", None, "deny"),
                Sort("err", "requests that broke", None, "err"),
                Sort("bytes", "bytes sent", None, "bytes"),
                Sort("last", "last seen", None, "last_seen"),
            ),
            _clients,
            over=List.CLIENTS,
            calm="no client sent a request in {window}; W takes a longer window.",
        ),
        *GROUPS.values(),
    ),
)
