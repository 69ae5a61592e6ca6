"""The learned routes: (host, method, typed path) -> Route, grown by answers and never by misses.

Rules T3, T4 and T6 of the template design: many untyped children of one path collapse to `{slug}`; a route is learned
at its second answered request; the table is bounded, and the route that was used longest ago goes first.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from apiwatch.routes.queries import QueryKey, query_params
from apiwatch.routes.roles import LOGIN, is_blind, lets_nobody_in, roles_of
from apiwatch.routes.segments import Param, param, typed_path, unused_name
from apiwatch.routes.slugs import CHECKED_AT, kept_literals

__all__ = ["OTHER_HOSTS", "UNMATCHED", "Route", "Routes", "TreeState"]

UNMATCHED: Final = "(unmatched)"
OTHER_HOSTS: Final = "(other)"
"""Host of the pseudo-route of hosts that are unknown and too many to have one each."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MATCHES_KEPT = 20_000
_PENDING_KEPT = 5_000
_HOSTS_KEPT = 64
"""Hosts without a learned route that have a pseudo-route of their own."""

_OPERATION = "operationName="


class Route(msgspec.Struct, gc=False):
    """One learned route, or the pseudo-route of everything in a host that matched none."""

    id: int
    host: str
    method: str
    template: str
    label: str
    """`METHOD /template`."""
    prefix: str
    """Template up to its first parameter: `/v1/users` of `/v1/users/{int}`."""
    roles: tuple[str, ...]
    is_login: bool
    first_seen: float
    last_seen: float
    matched: bool = True
    """False for the pseudo-route."""
    is_blind: bool = False
    """Whether it looks up or changes accounts that the log does not name."""
    lets_nobody_in: bool = False
    """Whether it answers people who did not log in: a form or a file of a page."""
    requests: int = 0
    queries: dict[str, QueryKey] = msgspec.field(default_factory=dict)
    """Query keys whose behaviour is watched."""


class TreeState(msgspec.Struct, gc=False):
    """What the tree knows beside its routes: kept as one piece of state."""

    next_id: int = 1
    pending: dict[str, int] = msgspec.field(default_factory=dict)
    """Key of a route that was answered once."""
    slugs: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Prefix whose untyped children are one route -> the literal children that stay beside it."""


class Routes:
    """All routes of one shard; deterministic in the order of requests."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_key: dict[str, Route] = {}
        self._by_id: dict[int, Route] = {}
        self._children: dict[str, dict[str, int]] = {}
        """Prefix -> literal child -> number of routes below it; follows from the routes."""
        self._hosts: dict[str, int] = {}
        """Host -> number of its learned routes; follows from the routes."""
        self._pseudo = 0
        """Number of pseudo-routes."""
        self._matches: dict[tuple[str, str, str], tuple[Route, tuple[Param, ...]]] = {}
        """(host, method, path) -> learned route and objects: a cache, emptied when a route is forgotten."""
        self.state = TreeState()
        self.changed = False
        """Whether `state` differs from what was last taken."""
        self.refused = 0
        """Routes that were forgotten because the table was full."""
        self.forgotten: list[int] = []
        """Ids of forgotten routes since the list was last emptied by its reader."""

    def __len__(self) -> int:
        return len(self._by_id)

    def all(self) -> Iterable[Route]:
        """Every route, pseudo-routes included."""
        return self._by_id.values()

    def restore(self, state: TreeState, routes: Iterable[Route]) -> None:
        """Continue from earlier state, on a new table."""
        self.state = state
        for route in routes:
            self._enter(route)

    def match(
        self, host: str, method: str, path: str, query: str, time: float, answered: bool
    ) -> tuple[Route, tuple[Param, ...]]:
        """The route of a request and its object parameters; an answered request may teach the route.

        `answered` means outcome ok, deny or err. What no learned route matches belongs to the pseudo-route of its host.
        """
        if query and path.endswith("/graphql"):
            path = _with_operation(path, query)
        try:
            found = self._matches[host, method, path]
        except KeyError:
            found = self._find(host, method, path, time, answered)
        route, params = found
        route.requests += 1
        if time > route.last_seen:
            route.last_seen = time
        if query and route.matched:
            objects = query_params(query, route.queries)
            if objects:
                return route, params + objects
        return found

    def unmatched(self, host: str, time: float) -> Route:
        """The pseudo-route of a host; unknown hosts above a limit share one."""
        key = _key(host, "", UNMATCHED)
        route = self._by_key.get(key)
        if route is None:
            if host not in self._hosts and self._pseudo >= _HOSTS_KEPT and host != OTHER_HOSTS:
                return self.unmatched(OTHER_HOSTS, time)
            route = self._add(host, "", UNMATCHED, time, matched=False)
        return route

    def answers_otherwise(self, host: str, method: str, path: str) -> bool:
        """Whether a learned route of the same path has another method."""
        template, _ = self._with_slugs(host, typed_path(path)[0])
        others = _METHODS - {method, "OPTIONS"}
        return any(_key(host, other, template) in self._by_key for other in others)

    def _find(self, host: str, method: str, path: str, time: float, answered: bool) -> tuple[Route, tuple[Param, ...]]:
        template, params = typed_path(path)
        known = method if method in _METHODS else "OTHER"
        template, slugs = self._with_slugs(host, template)
        key = _key(host, known, template)
        route = self._by_key.get(key)
        if route is None:
            if not answered or not self._second(key):
                return self.unmatched(host, time), ()
            route = self._add(host, known, template, time, matched=True)
            if self._collapses(route):
                template, slugs = self._with_slugs(host, template)
                route = self._by_key.get(_key(host, known, template)) or self._add(
                    host, known, template, time, matched=True
                )
        found = route, params + slugs
        if len(self._matches) >= _MATCHES_KEPT:
            self._matches.clear()
        self._matches[host, method, path] = found
        return found

    def _second(self, key: str) -> bool:
        """Whether this key was answered before; remembers it if not."""
        pending = self.state.pending
        self.changed = True
        if key in pending:
            del pending[key]
            return True
        if len(pending) >= _PENDING_KEPT:
            for old in list(pending)[: _PENDING_KEPT // 10]:
                del pending[old]
        pending[key] = 1
        return False

    def _with_slugs(self, host: str, template: str) -> tuple[str, tuple[Param, ...]]:
        """The template with `{slug}` for children of collapsed prefixes, and the objects that stood there."""
        slugs = self.state.slugs
        if not slugs:
            return template, ()
        pieces: list[str] = []
        params: list[Param] = []
        previous = ""
        prefix = _root(host)
        for segment in template.split("/")[1:]:
            kept = slugs.get(prefix)
            if kept is None or not segment or segment in kept or _is_typed(segment):
                piece = segment
            else:
                piece = "{slug}"
                params.append(param(unused_name(f"{previous}.slug", params), "slug", segment))
            pieces.append(piece)
            previous = piece
            prefix += piece + "/"
        return "/" + "/".join(pieces), tuple(params)

    def _collapses(self, route: Route) -> bool:
        """Whether the new route made the untyped children of a path so many and so alike that they became `{slug}`."""
        prefix, path = _root(route.host), "/"
        for segment in route.template.split("/")[1:]:
            siblings = self._children.get(prefix, {})
            if len(siblings) in CHECKED_AT and segment in siblings and prefix not in self.state.slugs:
                below = [r for r in self._by_id.values() if r.matched and r.host == route.host]
                kept = kept_literals(
                    siblings, [(r.template, r.method, r.requests) for r in below if r.template.startswith(path)], path
                )
                if kept is not None:
                    self._collapse(prefix, kept, below)
                    return True
            prefix += segment + "/"
            path += segment + "/"
        return False

    def _collapse(self, prefix: str, kept: list[str], below: list[Route]) -> None:
        """Untyped children of `prefix` become one route per method and rest; the old ones are forgotten."""
        self.state.slugs[prefix] = kept
        self.changed = True
        for route in below:
            if self._with_slugs(route.host, route.template)[0] != route.template:
                self._forget(route)

    def _add(self, host: str, method: str, template: str, time: float, *, matched: bool) -> Route:
        if len(self._by_id) >= self._limit:
            oldest = sorted(self._by_id.values(), key=lambda route: (route.last_seen, route.id))
            for route in oldest[: max(1, self._limit // 20)]:
                self._forget(route)
                self.refused += 1
        roles = roles_of(method, template) if matched else ()
        prefix = template.partition("{")[0].rstrip("/") or "/"
        route = Route(
            id=self.state.next_id,
            host=host,
            method=method,
            template=template,
            label=f"{method} {template}".strip(),
            prefix=prefix if matched else "",
            roles=roles,
            is_login=LOGIN in roles,
            first_seen=time,
            last_seen=time,
            matched=matched,
            is_blind=matched and is_blind(method, template, roles),
            lets_nobody_in=matched and lets_nobody_in(template),
        )
        self.state.next_id += 1
        self.changed = True
        self._enter(route)
        return route

    def _enter(self, route: Route) -> None:
        self._by_id[route.id] = route
        self._by_key[_key(route.host, route.method, route.template)] = route
        if not route.matched:
            self._pseudo += 1
            return
        self._hosts[route.host] = self._hosts.get(route.host, 0) + 1
        for prefix, segment in _literal_children(route):
            siblings = self._children.setdefault(prefix, {})
            siblings[segment] = siblings.get(segment, 0) + 1

    def _forget(self, route: Route) -> None:
        del self._by_id[route.id]
        del self._by_key[_key(route.host, route.method, route.template)]
        self._matches.clear()
        self.forgotten.append(route.id)
        if not route.matched:
            self._pseudo -= 1
            return
        _less(self._hosts, route.host)
        for prefix, segment in _literal_children(route):
            siblings = self._children[prefix]
            _less(siblings, segment)
            if not siblings:
                del self._children[prefix]


def _key(host: str, method: str, template: str) -> str:
    """No clean text holds a line end, so that no host can pose as another host with a path."""
    return f"{host}\n{method}\n{template}"


def _root(host: str) -> str:
    return f"{host}\n/"


def _less(counts: dict[str, int], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _is_typed(segment: str) -> bool:
    return "{" in segment


def _literal_children(route: Route) -> Iterable[tuple[str, str]]:
    """(prefix, segment) of each literal segment of a route."""
    prefix = _root(route.host)
    for segment in route.template.split("/")[1:]:
        if segment and not _is_typed(segment):
            yield prefix, segment
        prefix += segment + "/"


def _with_operation(path: str, query: str) -> str:
    """The path of a GraphQL request, with the name of its operation as last segment if the query holds it."""
    for pair in query.split("&"):
        if pair.startswith(_OPERATION):
            name = pair[len(_OPERATION) :]
            if name.isascii() and name.isidentifier() and len(name) <= 64:
                return f"{path}/{name}"
    return path
