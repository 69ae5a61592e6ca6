"""Where the tables have the fields of filters."""

from typing import NamedTuple

from apiwatch.store.filters.sql import Address, Among, Columns, Counted, Text

__all__ = [
    "ALERT_COLUMNS",
    "CLIENT_COLUMNS",
    "CLIENT_WORDS",
    "FEW_AGENTS",
    "ROUTE_COLUMNS",
    "ROUTE_WORDS",
    "SUSPECT_COLUMNS",
    "SUSPECT_WORDS",
]

_USERS = "f.kind = 'user' AND "
_AGENTS = "f.kind = 'user_agent' AND "

# The comparison of the partial index lets all clients of a value be found by it. Where the client is known it must be
# left out: SQLite would walk through that index for each client.
_INDEXED = "f.kind <> 'host' AND "


class FewValues(NamedTuple):
    """A way to search a column of few different values: by walking from one to the next in its index."""

    most: int
    """Different values up to which it is worth it."""
    counting: str
    """Counts them, but not beyond `most` + 1."""
    column: Among


def _few_agents(most: int) -> FewValues:
    of = "FROM client_facets f WHERE f.kind = 'user_agent' AND f.kind <> 'host'"
    walk = (
        f"WITH RECURSIVE walk(x) AS (SELECT MIN(f.value) {of} UNION ALL "  # noqa: S608  own words
        f"SELECT (SELECT MIN(f.value) {of} AND f.value > walk.x) FROM walk WHERE walk.x IS NOT NULL) "
    )
    clients = f"c.client IN (SELECT f.client FROM client_facets f WHERE {_INDEXED}{_AGENTS}f.value IN "  # noqa: S608  own words
    counting = f"SELECT COUNT(*) FROM ({walk}SELECT x FROM walk LIMIT {most + 1}) AS some"  # noqa: S608  own words
    values = f"({walk}SELECT x FROM walk WHERE "  # noqa: S608  own words
    return FewValues(most, counting, Among(clients + values, "x", "))"))


FEW_AGENTS = _few_agents(3_000)
"""User agents of `clients c`."""

_OF_MEMBERS = (
    "EXISTS (SELECT 1 FROM alert_clients m JOIN client_facets f ON f.client = m.client "
    "WHERE m.alert_id = alerts.id AND "
)
_OF_CLIENTS = "c.client IN (SELECT f.client FROM client_facets f WHERE "
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

CLIENT_COLUMNS: Columns = {
    "client": Address("c.client", "c.net"),
    "principal": Text("c.principal"),
    "ua": Among(f"{_OF_CLIENTS}{_INDEXED}{_AGENTS}", "f.value"),
    "user": Among(f"{_OF_CLIENTS}{_INDEXED}{_USERS}", "f.value"),
    "host": Among(f"{_OF_CLIENTS}f.kind = 'host' AND ", "f.value"),
    "route": Among(
        "c.client IN (SELECT r.client FROM client_routes r WHERE r.route IN (SELECT k.route FROM routes k WHERE ",
        "k.route",
        "))",
    ),
    "detector": Among(
        "c.client IN (SELECT x.client FROM (SELECT s.client, s.detector FROM suspects s WHERE s.evidence > 0 UNION ALL "
        "SELECT m.client, a.family FROM alert_clients m JOIN alerts a ON a.id = m.alert_id WHERE a.closed = 0"
        ") AS x WHERE ",
        "x.detector",
    ),
    "last": Counted("c.last_seen"),
    "first": Counted("c.first_seen"),
}
"""Of `clients c`; counts in a window and what fades are not there."""

CLIENT_WORDS = ("client", "principal", "ua", "user")
"""Where free words are looked for."""


def _summed(sql: str) -> Counted:
    return Counted(f"SUM({sql})", "SUM(requests)")


ROUTE_COLUMNS: Columns = {
    "route": Text("route"),
    "host": Text("host"),
    "role": Text("MAX(roles)"),
    "origin": Text("MAX(origin)"),
    "why": Text("MAX(notes)"),
    "clients": _summed("clients"),
    "last": Counted("MAX(last_seen)"),
    "first": Counted("MIN(first_seen)"),
    "reqs": _summed("requests"),
    "ok": _summed("ok"),
    "miss": _summed("miss"),
    "deny": _summed("deny"),
    "limit": _summed("limited"),
    "err": _summed("err"),
    "fail": _summed("miss + deny + limited + err"),
    "4xx": _summed("miss + deny + limited"),
    "5xx": _summed("err"),
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
