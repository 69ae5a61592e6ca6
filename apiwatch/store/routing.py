"""Reading routes: of the whole log, or of some clients."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apiwatch.store.filters.match import kept
from apiwatch.store.filters.records import route_record
from apiwatch.store.filters.sql import condition
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.foremost import busiest_of
from apiwatch.store.members import members
from apiwatch.store.routeminutes import Minutes, RouteMinutes
from apiwatch.store.scope import Scope
from apiwatch.store.searching import ROUTE_COLUMNS, ROUTE_WORDS
from apiwatch.store.snapshot import Snapshot, marks
from apiwatch.store.span import Span
from apiwatch.store.views import Listing, Mix, RouteView

__all__ = ["mix_of", "routes", "routes_of"]

_OUTCOMES = ("requests", "ok", "miss", "deny", "limited", "err", "neutral")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _OUTCOMES)

_CLIENTS = 400
"""Clients whose routes are added up."""


def routes(snapshot: Snapshot, limit: int, scope: Scope, span: Span, asked: Filter = ANY) -> Listing[RouteView]:
    """See `Reader.routes`."""
    who = replace(scope, host="", route="")
    if who == Scope():
        return Listing(_of_all(snapshot, limit, scope, span, asked))
    found = members(snapshot, who, lambda: busiest_of(snapshot, span))
    clients = list(found.clients)
    views = routes_of(snapshot, clients[:_CLIENTS])
    among = found.among or (_CLIENTS if len(clients) > _CLIENTS else 0)
    views = [view for view in views if scope.route in ("", view.route)]
    return Listing(kept(asked, views, route_record, span.at)[:limit], among)


def routes_of(snapshot: Snapshot, clients: Sequence[str]) -> list[RouteView]:
    """What clients asked for, busiest first. The rows do not tell the host, nor when a client came first: '' and 0."""
    rows = snapshot.rows(
        "SELECT route, COALESCE((SELECT MAX(r.roles) FROM routes r WHERE r.route = c.route), ''),"  # noqa: S608
        f"  MAX(last_seen), COUNT(DISTINCT client), CAST(SUM(objects) AS BIGINT), {_SUMS} "
        f"FROM client_routes c WHERE client IN ({marks(clients)}) GROUP BY route ORDER BY 6 DESC, route",
        clients,
    )
    return [
        RouteView("", route, roles, 0.0, float(last), number, objects, mix_of(counts))
        for route, roles, last, number, objects, *counts in rows
    ]


def _of_all(snapshot: Snapshot, limit: int, scope: Scope, span: Span, where: Filter) -> list[RouteView]:
    """Busiest first. Nobody counts their distinct objects over all clients: that is 0."""
    asked = condition(where, ROUTE_COLUMNS, span.at, words=ROUTE_WORDS)
    wanted = [(column, value) for column, value in (("host", scope.host), ("route", scope.route)) if value]
    of = " AND ".join(f"{column} = ?" for column, _ in wanted) or "1 = 1"
    found = snapshot.rows(
        "SELECT host, route, MAX(roles), MIN(first_seen), MAX(last_seen), CAST(SUM(clients) AS BIGINT),"  # noqa: S608
        f"  {_SUMS}, MAX(origin), MAX(notes) "
        f"FROM routes WHERE {of} GROUP BY host, route HAVING {asked.sql} ORDER BY 7 DESC, host, route LIMIT ?",
        (*(value for _, value in wanted), *asked.values, limit),
    )
    minutes = Minutes(snapshot, span)
    return [_view(row, minutes.of(row[0], row[1])) for row in found]


def _view(row: tuple[Any, ...], minutes: RouteMinutes) -> RouteView:
    host, route, roles, first, last, clients, *counts, origin, notes = row
    return RouteView(
        host=host,
        route=route,
        roles=roles,
        first_seen=float(first),
        last_seen=float(last),
        clients=clients,
        objects=0,
        mix=mix_of(counts),
        origin=origin,
        notes=tuple(notes.split("; ")) if notes else (),
        window=minutes.window,
        spark=minutes.spark,
        usual=minutes.usual,
        p95=minutes.p95,
    )


def mix_of(counts: Sequence[int]) -> Mix:
    """Requests and outcomes, in that order, without status classes."""
    requests, ok, miss, deny, limited, err, neutral = counts
    return Mix(requests=requests, ok=ok, miss=miss, deny=deny, limited=limited, err=err, neutral=neutral)
