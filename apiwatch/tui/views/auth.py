"""View 4: failed log-ins, and the routes on which people log in, recover accounts and look others up."""

from apiwatch.store.filters import List
from apiwatch.tui.rows import AuthRow, RouteRow, Sort
from apiwatch.tui.views.base import LIMIT, NOT_THEN, TOTALS_NOW, Found, Panel, Query, View, by
from apiwatch.tui.views.routes import ROUTE_SORTS

__all__ = ["AUTH"]


async def _leaning(query: Query) -> Found:
    suspects = await query.reader.suspects("auth", limit=LIMIT, scope=query.scope, where=query.where)
    rows = tuple(AuthRow(view, query.now) for view in suspects)
    return Found(rows, 0, suspects.among, note=NOT_THEN if query.at else "")


async def _routes(query: Query) -> Found:
    routes = await query.reader.routes(
        limit=10 * LIMIT, scope=query.scope, where=query.where, window_minutes=query.window_minutes, at=query.at
    )
    hosts = len({view.host for view in routes})
    rows = tuple(RouteRow(view, query.now, query.seconds(), query.glyphs, hosts=hosts) for view in routes if view.roles)
    return Found(rows[:LIMIT], len(rows), routes.among, note=TOTALS_NOW if query.at else "")


AUTH = View(
    4,
    "auth",
    "Auth",
    "Auth",
    (
        Panel(
            "auth",
            "failed log-ins, alert or not yet",
            AuthRow.columns,
            (
                Sort("evidence", "evidence", None),
                Sort("failures", "failures", by(AuthRow, lambda row: (row.view.failures,))),
                Sort("users", "users tried", by(AuthRow, lambda row: (row.view.objects,))),
                Sort("last", "last seen", by(AuthRow, lambda row: (row.view.last_seen,))),
            ),
            _leaning,
            over=List.SUSPECTS,
            calm="no client stands out by failed log-ins.",
        ),
        Panel(
            "auth-routes",
            "log-in, recovery and look-up routes",
            RouteRow.columns,
            ROUTE_SORTS,
            _routes,
            over=List.ROUTES,
            calm="no route looks like a log-in, a recovery or a look-up.",
        ),
    ),
)
