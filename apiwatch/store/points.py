"""Reading the objects of an enumeration over time."""

import msgspec

from apiwatch.store.scope import Scope
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.views import PointView

__all__ = ["points"]

SERIES = 20
"""Latest principals and parameters whose points are read."""


def points(snapshot: Snapshot, scope: Scope) -> tuple[PointView, ...]:
    """See `Reader.points`."""
    where: list[str] = []
    values: list[object] = []
    for column, wanted in (("route", scope.route), ("host", scope.host)):
        if wanted:
            where.append(f"{column} = ?")
            values.append(wanted)
    if scope.client:
        where.append("(client = ? OR principal = ?)")
        values += [scope.client, scope.client]
    if scope.user:
        where.append("principal = ?")
        values.append(f"user:{scope.user}")
    if scope.alert:
        where.append("client IN (SELECT client FROM alert_clients WHERE alert_id = ?)")
        values.append(scope.alert)
    rows = snapshot.rows(
        "SELECT principal, client, host, route, parameter, ordered, stride, body FROM points "  # noqa: S608  own words
        f"WHERE {' AND '.join(where) or '1 = 1'} ORDER BY last_seen DESC, principal, parameter LIMIT ?",
        (*values, SERIES),
    )
    found: list[PointView] = []
    for principal, client, host, route, parameter, ordered, stride, body in rows:
        flat = msgspec.msgpack.decode(body, type=list[int])
        found += [
            PointView(flat[at], flat[at + 1], bool(flat[at + 2]), principal, client, host, route, parameter,
                      bool(ordered), stride)
            for at in range(0, len(flat), 3)
        ]  # fmt: skip
    return tuple(sorted(found))
