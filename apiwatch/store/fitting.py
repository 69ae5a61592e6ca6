"""Clients that sent requests of a certain host, path or user agent, and at most how many.

What a client asked of a route and by a user agent is counted for as long as it is known and not minute by minute, and
which user agent asked which route is not counted at all. So the counts are upper bounds, and the clients are those of
which some requests may fit.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from apiwatch.store.members import OTHER
from apiwatch.store.snapshot import Snapshot, marks, pieces

__all__ = ["Fit", "Most", "fitting"]


class Fit(NamedTuple):
    """What a request must be; '' stands for anything."""

    host: str = ""
    """In lower case, without a port."""
    path: str = ""
    """What its path is, or begins with up to a `/`."""
    agent: str = ""
    """What its user agent contains, letter by letter."""


class Most(NamedTuple):
    """How many requests of a client fit at most, and how many of these were answered."""

    requests: int
    ok: int
    is_exact: bool
    """Every request of the client fits."""


def fitting(snapshot: Snapshot, fit: Fit, since: int, among: Sequence[str] | None = None) -> dict[str, Most]:
    """Clients, of those `among` which or of all, that sent what may fit since a time (seconds), by name."""
    found: dict[str, Most] | None = None
    for ask in _parts(snapshot, fit, since):
        counts = ask(among)
        found = counts if found is None else {name: _least(found[name], counts[name]) for name in found.keys() & counts}
        among = None if among is None else list(found)
    return found or {}


def _least(one: Most, other: Most) -> Most:
    return Most(min(one.requests, other.requests), min(one.ok, other.ok), one.is_exact and other.is_exact)


def _parts(snapshot: Snapshot, fit: Fit, since: int) -> Iterator[Callable[[Sequence[str] | None], dict[str, Most]]]:
    if fit.agent:
        agents = "kind <> 'host' AND kind = 'user_agent'"
        yield partial(_by_facet, snapshot, agents, "instr(value, ?) > 0", fit.agent, since)
    if fit.host:
        yield partial(_by_facet, snapshot, "kind = 'host'", "value = ?", fit.host, since)
    if fit.path:
        yield partial(_by_route, snapshot, fit.path, since)


def _by_facet(
    snapshot: Snapshot, kind: str, fits: str, wanted: str, since: int, among: Sequence[str] | None
) -> dict[str, Most]:
    """By values of one kind; the value that stands for those above the limit may be any."""
    found: dict[str, Most] = {}
    for inside, names in _insides(among):
        rows = snapshot.rows(
            "SELECT client, CAST(SUM(fits * requests) AS BIGINT), MIN(fits * known) FROM (SELECT client, requests, "  # noqa: S608
            f"value <> ? AS known, {fits} OR value = ? AS fits FROM client_facets WHERE {kind} AND last_seen >= ?"
            f"{inside}) AS facets GROUP BY client HAVING MAX(fits) > 0",
            (OTHER, wanted, OTHER, since, *names),
        )
        found.update((name, Most(requests, requests, bool(only))) for name, requests, only in rows)
    return found


def _by_route(snapshot: Snapshot, path: str, since: int, among: Sequence[str] | None) -> dict[str, Most]:
    known = [route for (route,) in snapshot.rows("SELECT DISTINCT route FROM routes")]
    routes = [route for route in dict.fromkeys((*known, OTHER)) if _may_begin(route, path)]
    found: dict[str, Most] = {}
    for piece in pieces(routes):
        for inside, names in _insides(among):
            rows = snapshot.rows(
                "SELECT client, CAST(SUM(requests) AS BIGINT), CAST(SUM(ok) AS BIGINT) FROM client_routes "  # noqa: S608
                f"WHERE route IN ({marks(piece)}) AND last_seen >= ?{inside} GROUP BY client",
                (*piece, since, *names),
            )
            for name, requests, ok in rows:
                before = found.get(name, Most(0, 0, is_exact=False))
                found[name] = Most(before.requests + requests, before.ok + ok, is_exact=False)
    return found


def _insides(among: Sequence[str] | None) -> Iterator[tuple[str, Sequence[str]]]:
    """Conditions that together let the clients pass, with their values."""
    if among is None:
        yield "", ()
    else:
        yield from ((f" AND client IN ({marks(piece)})", piece) for piece in pieces(among))


def _may_begin(route: str, path: str) -> bool:
    """Whether paths of a route (`METHOD /template`) may begin with a path; of `(other)` and its like all may.

    >>> _may_begin("GET /users/{id}/posts", "/users/7"), _may_begin("GET /users/{id}", "/orders")
    (True, False)
    """
    if "(" in route:
        return True
    own, wanted = route.partition(" ")[2].split("/"), path.split("/")
    alike = (mine == theirs or "{" in mine for mine, theirs in zip(own, wanted, strict=False))
    return len(own) >= len(wanted) and all(alike)
