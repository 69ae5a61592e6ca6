"""Where the tables have the fields of filters."""

from collections.abc import Mapping
from typing import NamedTuple

from apiwatch.store.filters.sql import Address, Among, Columns, Counted, Text

__all__ = [
    "ABOUT_ROUTES",
    "ALERT_COLUMNS",
    "CLIENTS_BY",
    "CLIENT_COLUMNS",
    "CLIENT_ROW",
    "CLIENT_ROW_WORDS",
    "CLIENT_WORDS",
    "COUNT_COLUMNS",
    "ROUTE_COLUMNS",
    "ROUTE_WORDS",
    "SUSPECT_COLUMNS",
    "SUSPECT_WORDS",
    "By",
    "every_agent",
]

_USERS = "f.kind = 'user' AND "
_AGENTS = "f.kind = 'user_agent' AND "

# The comparison of the partial index lets all clients of a value be found by it. Where the client is known it must be
# left out: SQLite would walk through that index for each client.
_INDEXED = "f.kind <> 'host' AND "

_SUSPECTED = (
    "(SELECT s.client, s.detector AS value FROM suspects s WHERE s.evidence > 0 UNION ALL "
    "SELECT m.client, a.family FROM alert_clients m JOIN alerts a ON a.id = m.alert_id WHERE a.closed = 0) AS f"
)

_OF_CLIENT = "EXISTS (SELECT 1 FROM client_facets f WHERE f.client = c.client AND "
_OF_MEMBERS = (
    "EXISTS (SELECT 1 FROM alert_clients m JOIN client_facets f ON f.client = m.client "
    "WHERE m.alert_id = alerts.id AND "
)
_OF_SUSPECT = "EXISTS (SELECT 1 FROM client_facets f WHERE f.client = s.client AND "

ALERT_COLUMNS: Columns = {
    "sev": Counted("severity"),
    "score": Counted("score"),
    "host": Text("host"),
    "route": Text("route"),
    "last": Counted("last_seen"),
    "first": Counted("first_seen"),
    "ua": Among(f"{_OF_MEMBERS}{_AGENTS}", "f.value"),
    "user": Among(f"{_OF_MEMBERS}{_USERS}", "f.value"),
}
"""Of `alerts`; what else they say is in their bodies."""

CLIENT_ROW: Columns = {
    "client": Address("c.client", "c.net", "c.net <> '' AND "),
    "principal": Among("(c.principal <> c.client AND ", "c.principal"),
    "last": Counted("c.last_seen"),
    "first": Counted("c.first_seen"),
}
"""What a row of `clients c` says by itself; counts in a window and what fades are not there."""

CLIENT_ROW_WORDS = ("client", "principal")
"""Where free words are looked for in it."""

CLIENT_COLUMNS: Columns = {
    **CLIENT_ROW,
    "ua": Among(f"{_OF_CLIENT}{_AGENTS}", "f.value"),
    "user": Among(f"{_OF_CLIENT}{_USERS}", "f.value"),
    "ua or user": Among(f"{_OF_CLIENT}f.kind IN ('user_agent', 'user') AND ", "f.value"),
    "host": Among(f"{_OF_CLIENT}f.kind = 'host' AND ", "f.value"),
    "route": Among("EXISTS (SELECT 1 FROM client_routes r WHERE r.client = c.client AND ", "r.route"),
    "detector": Among(f"EXISTS (SELECT 1 FROM {_SUSPECTED} WHERE f.client = c.client AND ", "f.value"),  # noqa: S608
}
"""Of `clients c`, each of which is known: what stands beside it is looked up."""

CLIENT_WORDS = ("client", "principal", "ua or user")
"""Where free words are looked for."""


class By(NamedTuple):
    """Rows of clients `f` with a value by which they are found."""

    rows: str
    """Goes behind FROM, and an AND behind it."""
    value: Text


CLIENTS_BY: Mapping[str, By] = {
    "ua": By(f"client_facets f WHERE {_INDEXED}f.kind = 'user_agent'", Text("f.value")),
    "user": By(f"client_facets f WHERE {_INDEXED}f.kind = 'user'", Text("f.value")),
    "host": By("client_facets f WHERE f.kind = 'host'", Text("f.value")),
    "route": By(
        "(SELECT DISTINCT route FROM routes) AS k CROSS JOIN client_routes f WHERE f.route = k.route", Text("k.route")
    ),
    "detector": By(f"{_SUSPECTED} WHERE 1 = 1", Text("f.value")),
}
"""Field -> the clients that have any value of it."""

_OF_AGENTS = "FROM client_facets f WHERE f.kind = 'user_agent' AND f.kind <> 'host'"


def every_agent(condition: str) -> str:
    """The query of all different user agents, each with whether a condition on `x` holds; its last value is a limit.

    It steps from one to the next in their index.
    """
    return (
        f"WITH RECURSIVE walk(x) AS (SELECT MIN(f.value) {_OF_AGENTS} UNION ALL "  # noqa: S608  own words
        f"SELECT (SELECT MIN(f.value) {_OF_AGENTS} AND f.value > walk.x) FROM walk WHERE walk.x IS NOT NULL) "
        f"SELECT x, {condition} FROM walk WHERE x IS NOT NULL LIMIT ?"
    )


def _summed(sql: str) -> Counted:
    return Counted(f"SUM({sql})", "SUM(requests)")


COUNT_COLUMNS: Columns = {
    "reqs": _summed("requests"),
    "ok": _summed("ok"),
    "miss": _summed("miss"),
    "deny": _summed("deny"),
    "limit": _summed("limited"),
    "err": _summed("err"),
    "fail": _summed("miss + deny + limited + err"),
    "4xx": _summed("miss + deny + limited"),
    "5xx": _summed("err"),
    "bytes": _summed("bytes"),
}
"""Counts of requests, summed."""

ABOUT_ROUTES = (
    " LEFT JOIN (SELECT host AS about_host, route AS about_route, COUNT(DISTINCT id) AS about_number, "
    "MAX(severity) AS about_worst FROM alerts WHERE closed = 0 AND route <> '' GROUP BY host, route) AS about "
    "ON about_host = host AND about_route = route"
)
"""Joins the open alerts about them to `routes`, for the fields `sev` and `alerts`."""

ROUTE_COLUMNS: Columns = {
    "sev": Counted("MAX(about_worst)"),
    "alerts": Counted("COALESCE(MAX(about_number), 0)"),
    **{name: column for name, column in COUNT_COLUMNS.items() if name != "bytes"},
    "route": Text("route"),
    "host": Text("host"),
    "role": Text("MAX(roles)"),
    "origin": Text("MAX(origin)"),
    "why": Text("MAX(notes)"),
    "clients": _summed("clients"),
    "last": Counted("MAX(last_seen)"),
    "first": Counted("MIN(first_seen)"),
}
"""Of `routes`, summed over all shards: goes behind HAVING."""

ROUTE_WORDS = ("route", "host", "role", "origin", "why")


def _tested(sql: str) -> Counted:
    return Counted(sql, "s.observations")


SUSPECT_COLUMNS: Columns = {
    "client": Address("s.client", "(SELECT MAX(n.net) FROM clients n WHERE n.client = s.client)"),
    "principal": Text("s.principal"),
    "host": Text("s.host"),
    "route": Text("s.route"),
    "detector": Text("s.detector"),
    "why": Text("s.note"),
    "ua": Among(f"{_OF_SUSPECT}{_AGENTS}", "f.value"),
    "user": Among(f"{_OF_SUSPECT}{_USERS}", "f.value"),
    "last": Counted("s.last_seen"),
    "first": Counted("s.first_seen"),
    "reqs": _tested("s.observations"),
    "ok": _tested("s.successes"),
    "fail": _tested("s.failures"),
    "ids": _tested("s.objects"),
    "evidence": _tested("s.evidence"),
    "alerts": _tested(
        "(SELECT COUNT(*) FROM alerts a WHERE a.closed = 0 AND a.family = s.family AND a.principal = s.principal)"
    ),
}
"""Of `suspects s`."""

SUSPECT_WORDS = ("client", "principal", "host", "route", "detector", "why")
