"""Reading the inventory: which routes there are, declared or seen or both."""

from collections.abc import Iterable

from apiwatch.model import Alert
from apiwatch.store.clean import unpack
from apiwatch.store.routing import mix_of, routes
from apiwatch.store.scope import Scope
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import span_of
from apiwatch.store.views import InventoryView, Listing, Mix

__all__ = ["inventory"]

_OUTCOMES = ("requests", "ok", "miss", "deny", "limited", "err", "neutral")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _OUTCOMES)
_CLASSES = ("requests", "s1xx", "s2xx", "s3xx", "s4xx", "s5xx", "other")
_CLASS_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _CLASSES)

_ALERTS = 500
"""Latest alerts of the family that are looked at."""
_ROUTES = 6_000
"""More than the engine knows; of a client's routes all are asked for."""
_HOURS = 1

_Key = tuple[str, str]


def inventory(snapshot: Snapshot, limit: int, scope: Scope) -> Listing[InventoryView]:
    """See `Reader.inventory`."""
    views = [*_seen(snapshot), *_declared(snapshot)]
    among = 0
    if (scope.client, scope.net, scope.user, scope.agent, scope.alert) != ("",) * 5:
        asked = routes(snapshot, _ROUTES, scope, span_of(snapshot, _HOURS * 60))
        labels, among = {view.route for view in asked}, asked.among
        views = [view for view in views if view.requests and view.route in labels]
    views = [view for view in views if scope.host in ("", view.host) and scope.route in ("", view.route)]
    return Listing(sorted(views, key=_order)[:limit], among)


def _order(view: InventoryView) -> tuple[int, float, str, str]:
    """Findings, what no file declares, what is deprecated and used, what nobody asks for, and the rest by age."""
    if view.finding:
        rank = 0
    elif view.declared is False:
        rank = 1
    elif view.deprecated and view.requests:
        rank = 2
    else:
        rank = 3 if view.requests else 4
    return rank, -view.first_seen, view.host, view.route


def _seen(snapshot: Snapshot) -> Iterable[InventoryView]:
    findings = _findings(snapshot)
    rows = snapshot.rows(
        "SELECT host, route, MAX(origin), MAX(declared), MAX(deprecated), MIN(first_seen), MAX(last_seen),"  # noqa: S608
        f"  CAST(SUM(clients) AS BIGINT), MAX(first_client), MAX(roles), {_SUMS} FROM routes GROUP BY host, route"
    )
    windows = _windows(snapshot)
    return [
        InventoryView(
            host=host,
            route=route,
            origin=origin,
            declared=None if declared < 0 else bool(declared),
            deprecated=bool(deprecated),
            first_seen=float(first),
            last_seen=float(last),
            requests=counts[0],
            clients=clients,
            mix=mix_of(counts),
            window=windows.get((host, route), Mix()),
            first_client=client,
            roles=roles,
            finding=findings.get((host, route), ("", ""))[0],
            alert_id=findings.get((host, route), ("", ""))[1],
        )
        for host, route, origin, declared, deprecated, first, last, clients, client, roles, *counts in rows
    ]


def _declared(snapshot: Snapshot) -> Iterable[InventoryView]:
    """What nobody asked for. A declaration for any host, and a log without hosts, fit each other's routes."""
    rows = snapshot.rows(
        "SELECT host, route, MAX(deprecated) FROM declared d WHERE NOT EXISTS ("
        "  SELECT 1 FROM routes r WHERE r.route = d.route AND (r.host = d.host OR r.host = '' OR d.host = '')"
        ") GROUP BY host, route"
    )
    return [
        InventoryView(host, route, "openapi", True, bool(deprecated), 0.0, 0.0, 0, 0, Mix(), Mix(), "")
        for host, route, deprecated in rows
    ]


def _windows(snapshot: Snapshot) -> dict[_Key, Mix]:
    span = span_of(snapshot, _HOURS * 60)
    rows = snapshot.rows(
        f"SELECT host, route, {_CLASS_SUMS} FROM route_minutes WHERE minute > ? GROUP BY host, route",  # noqa: S608
        (span.start,),
    )
    return {(host, route): Mix(**dict(zip(_CLASSES, counts, strict=True))) for host, route, *counts in rows}


def _findings(snapshot: Snapshot) -> dict[_Key, tuple[str, str]]:
    """Title and id of the worst alert of each route."""
    rows = snapshot.rows(
        "SELECT body FROM (SELECT body, severity, last_seen FROM alerts WHERE family = 'inventory' "
        "ORDER BY last_seen DESC LIMIT ?) AS latest ORDER BY severity, last_seen",
        (_ALERTS,),
    )
    found = [unpack(body, Alert) for (body,) in rows]
    return {(alert.host, alert.route): (alert.title, alert.id) for alert in found}
