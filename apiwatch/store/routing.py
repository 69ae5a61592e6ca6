"""Reading routes: of the whole log, or of some clients."""

from collections.abc import Sequence

from msgspec.structs import replace

from apiwatch.model import SEVERITIES
from apiwatch.store.filters.match import kept
from apiwatch.store.filters.records import route_record
from apiwatch.store.filters.sql import condition
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.findings import open_alerts_on
from apiwatch.store.foremost import busiest_of
from apiwatch.store.members import members
from apiwatch.store.routeminutes import Minutes, RouteMinutes
from apiwatch.store.scope import Scope
from apiwatch.store.searching import ABOUT_ROUTES, ROUTE_COLUMNS, ROUTE_WORDS
from apiwatch.store.snapshot import Rows, Snapshot, marks
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
    about = ABOUT_ROUTES if any(term.field and term.field.name in ("sev", "alerts") for term in where.terms) else ""
    # Few sums decide which routes these are; the rest is read of those only, nearly always one row each.
    found = snapshot.rows(
        "SELECT r.host, r.route, r.roles, r.origin, r.notes, r.first_seen, r.last_seen, r.clients, "  # noqa: S608
        f"{', '.join(f'r.{name}' for name in _OUTCOMES)} FROM (SELECT host, route FROM routes{about} WHERE {of} "
        f"GROUP BY host, route HAVING {asked.sql} ORDER BY SUM(requests) DESC, host, route LIMIT ?) AS busiest "
        "CROSS JOIN routes r WHERE r.host = busiest.host AND r.route = busiest.route",
        (*(value for _, value in wanted), *asked.values, limit),
    )
    shards: dict[tuple[str, str], Rows] = {}
    for host, route, *row in found:
        shards.setdefault((host, route), []).append(tuple(row))
    minutes = Minutes(snapshot, span)
    alerts = open_alerts_on(snapshot)
    views = [
        _view(host, route, rows, minutes.of(host, route), alerts.get((host, route)))
        for (host, route), rows in shards.items()
    ]
    return sorted(views, key=lambda view: (-view.mix.requests, view.host, view.route))


def _view(host: str, route: str, rows: Rows, minutes: RouteMinutes, alerts: tuple[int, int] | None) -> RouteView:
    """One route; `rows`, one of each shard: roles, origin, notes, first seen, last seen, clients, outcomes."""
    roles, origin, notes, first, last, *counts = rows[0]
    if len(rows) > 1:
        columns = list(zip(*rows, strict=True))
        roles, origin, notes, first, last = (*map(max, columns[:3]), min(columns[3]), max(columns[4]))
        counts = [sum(column) for column in columns[5:]]
    return RouteView(
        host=host,
        route=route,
        roles=roles,
        first_seen=float(first),
        last_seen=float(last),
        clients=counts[0],
        objects=0,
        mix=mix_of(counts[1:]),
        origin=origin,
        notes=tuple(notes.split("; ")) if notes else (),
        window=minutes.window,
        spark=minutes.spark,
        usual=minutes.usual,
        p95=minutes.p95,
        severity=SEVERITIES[alerts[1]] if alerts is not None else "",
        alerts=alerts[0] if alerts is not None else 0,
    )


def mix_of(counts: Sequence[int]) -> Mix:
    """Requests and outcomes, in that order, without status classes."""
    requests, ok, miss, deny, limited, err, neutral = counts
    return Mix(requests=requests, ok=ok, miss=miss, deny=deny, limited=limited, err=err, neutral=neutral)
