"""View 3: what is asked for, by how many, and what became of it."""

from apiwatch.store.filters import List
from apiwatch.tui.cells import rank
from apiwatch.tui.rows import RouteRow, Sort
from apiwatch.tui.rows.base import failed
from apiwatch.tui.views.base import LIMIT, TOTALS_NOW, Found, Panel, Query, View, by

__all__ = ["ROUTES", "ROUTE_SORTS"]

ROUTE_SORTS = (
    Sort("requests", "requests in all", None),
    Sort(
        "severity",
        "worst open alert",
        by(RouteRow, lambda row: (rank(row.view.severity), row.view.alerts, row.view.window.requests)),
    ),
    Sort("window", "requests in the window", by(RouteRow, lambda row: (row.view.window.requests,))),
    Sort("unusual", "most above its usual rate", by(RouteRow, lambda row: (row.unusual,))),
    Sort("failures", "requests that failed in the window", by(RouteRow, lambda row: (failed(row.view.window),))),
    Sort("clients", "clients", by(RouteRow, lambda row: (row.view.clients,))),
    Sort("newest", "first seen, newest first", by(RouteRow, lambda row: (row.view.first_seen,))),
)


async def _routes(query: Query) -> Found:
    routes = await query.reader.routes(
        limit=LIMIT, scope=query.scope, where=query.where, window_minutes=query.window_minutes, at=query.at
    )
    hosts = len({view.host for view in routes})
    rows = tuple(RouteRow(view, query.now, query.seconds(), query.glyphs, hosts=hosts) for view in routes)
    return Found(rows, 0, routes.among, note=TOTALS_NOW if query.at else "")


ROUTES = View(
    3,
    "routes",
    "Routes",
    "Routes",
    (
        Panel(
            "routes", "routes", RouteRow.columns, ROUTE_SORTS, _routes, over=List.ROUTES, calm="no route was asked for."
        ),
    ),
)
