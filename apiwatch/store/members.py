"""Which clients have to do with a scope.

Up to `MOST` of them are found by indexes. What more clients share (a common user agent, a busy route, a wide network)
is looked for among the busiest clients of the window only, and the answer says among how many.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from apiwatch.store.activity import network_of
from apiwatch.store.scope import Scope
from apiwatch.store.snapshot import Rows, Snapshot, marks, pieces

__all__ = ["MOST", "OTHER", "Members", "fits_network", "members", "near"]

MOST = 1_100
"""Clients of one scope that are all looked at: more than an alert names."""

_NEAR = 500
"""Clients up to which a shared user agent or name makes them near each other; what more share says nothing."""
_VALUES = 5
"""User agents and users of a client whose other clients are looked for: those that it used most."""

OTHER = "(other)"
"""Stands for all values above the limit of one client."""


class Members(NamedTuple):
    """The clients of a scope."""

    clients: dict[str, tuple[str, ...]]
    """Client -> what makes it near, where that is asked."""
    among: int = 0
    """Number of clients among which they were looked for; 0 when all are known."""


class _Condition(NamedTuple):
    """Rows of a table with a column `client`."""

    rows: str
    values: tuple[str, ...]
    fits: Callable[[str], bool] | None = None
    """What the rows do not say."""
    listed: bool = True
    """Whether an index finds them."""


Busiest = Callable[[], Sequence[str]]


def members(snapshot: Snapshot, scope: Scope, busiest: Busiest) -> Members:
    """Clients that fit every part of a scope; `busiest` gives those to choose from when a part fits too many."""
    found: Iterable[str] | None = [scope.client] if scope.client else None
    wide: list[_Condition] = []
    for condition in _conditions(scope):
        names = _listed(snapshot, condition, MOST) if found is None and condition.listed else None
        if names is None:
            wide.append(condition)
        else:
            found = names
    among = 0
    if found is None:
        found = busiest()
        among = len(list(found))
    for condition in wide:
        found = _kept(snapshot, condition, list(found))
    return Members(dict.fromkeys(found, ()), among)


def near(snapshot: Snapshot, client: str) -> Members:
    """Other clients of the same /24 or /64, with the same user agent, or with the same user."""
    reasons: dict[str, list[str]] = {}
    for (net,) in snapshot.rows("SELECT DISTINCT net FROM clients WHERE client = ? AND net <> ''", (client,)):
        for name in _listed(snapshot, _Condition("clients WHERE net = ? AND net <> ''", (net,)), MOST) or ():
            reasons.setdefault(name, []).append("net")
    facets: Rows = snapshot.rows(
        "SELECT kind, value FROM client_facets WHERE client = ? AND kind <> 'host' AND value <> ? "
        "GROUP BY kind, value ORDER BY SUM(requests) DESC",
        (client, OTHER),
    )
    for kind, word in (("user_agent", "agent"), ("user", "user")):
        for value in [value for known, value in facets if known == kind][:_VALUES]:
            for name in _listed(snapshot, _facet(kind, value), _NEAR) or ():
                known = reasons.setdefault(name, [])
                if word not in known:
                    known.append(word)
    reasons.pop(client, None)
    return Members({name: tuple(words) for name, words in reasons.items()})


def _conditions(scope: Scope) -> Iterable[_Condition]:
    """Those that fit few clients first."""
    if scope.alert:
        yield _Condition("alert_clients WHERE alert_id = ?", (scope.alert,))
    if scope.user:
        yield _facet("user", scope.user)
    if scope.net:
        yield _network(scope.net)
    if scope.agent:
        yield _facet("user_agent", scope.agent)
    if scope.route:
        yield _Condition("client_routes WHERE route = ?", (scope.route,))
    if scope.host:
        # Hosts have no index: nearly all clients would stand below each of them.
        yield _Condition("client_facets WHERE kind = 'host' AND value = ?", (scope.host,), listed=False)


def fits_network(client: str, text: str) -> bool:
    """Whether a client is an address of a network; False for what is no address or no network."""
    network = _parsed(text)
    try:
        return network is not None and ip_address(client) in network
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _parsed(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _facet(kind: str, value: str) -> _Condition:
    # The second comparison is that of the partial index.
    return _Condition("client_facets WHERE kind = ? AND value = ? AND kind <> 'host'", (kind, value))


def _network(text: str) -> _Condition:
    """Clients of any network; `clients.net` holds the first three numbers, or the first four groups of an address."""
    network = _parsed(text)
    if network is None:
        return _Condition("clients WHERE net = ? AND net <> ''", (text,), lambda _: False)

    def fits(client: str) -> bool:
        return fits_network(client, text)

    key = network_of(str(network.network_address))
    size, mark, whole = (8, ".", 24) if network.version == 4 else (16, ":", 64)
    if network.prefixlen >= whole:
        return _Condition("clients WHERE net = ? AND net <> ''", (key,), fits)
    parts = key.split(mark)[: network.prefixlen // size]
    if not parts:
        return _Condition("clients WHERE net <> ''", (), fits)
    first = mark.join(parts) + mark
    return _Condition(
        "clients WHERE net >= ? AND net < ? AND net <> ''", (first, first[:-1] + chr(ord(mark) + 1)), fits
    )


def _listed(snapshot: Snapshot, condition: _Condition, most: int) -> list[str] | None:
    """All clients of a condition; None when they are more than `most`."""
    found = snapshot.rows(
        f"SELECT DISTINCT client FROM {condition.rows} LIMIT ?",  # noqa: S608  own words
        (*condition.values, most + 1),
    )
    names = [name for (name,) in found]
    return None if len(names) > most else [name for name in names if condition.fits is None or condition.fits(name)]


def _kept(snapshot: Snapshot, condition: _Condition, clients: Sequence[str]) -> list[str]:
    """Those of the clients that fit a condition."""
    fitting: set[str] = set()
    for piece in pieces(clients):
        found = snapshot.rows(
            f"SELECT DISTINCT client FROM {condition.rows} AND client IN ({marks(piece)})",  # noqa: S608  own words
            (*condition.values, *piece),
        )
        fitting.update(name for (name,) in found)
    return [name for name in clients if name in fitting and (condition.fits is None or condition.fits(name))]
