"""The learned routes: (host, method, typed path) -> Route, grown by answers and never by misses.

Rules T3, T4 and T6 of the template design: many untyped children of one path collapse to `{slug}`; a route is learned
at its second answered request; the table is bounded, and the route that was used longest ago goes first. What OpenAPI
files or the settings say about a path wins over all of that.
"""

from collections.abc import Iterable

from apiwatch.routes.known import Forbidden, Known, KnownRoutes
from apiwatch.routes.openapi import Specification
from apiwatch.routes.patterns import segments_of
from apiwatch.routes.queries import query_params
from apiwatch.routes.roles import LOGIN, is_blind, lets_nobody_in, roles_of
from apiwatch.routes.route import OTHER_HOSTS, UNMATCHED, Route, TreeState, classify
from apiwatch.routes.segments import Param, param, typed_path, unused_name
from apiwatch.routes.slugs import CHECKED_AT, kept_literals

__all__ = ["Routes"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MATCHES_KEPT = 20_000
_LONGEST_MATCH = 512
"""Characters of a path that is remembered."""
_PENDING_KEPT = 5_000
_HOSTS_KEPT = 64
"""Hosts without a learned route that have a pseudo-route of their own."""

_OPERATION = "operationName="


class Routes:
    """All routes of one shard; deterministic in the order of requests."""

    def __init__(self, limit: int, pinned: Iterable[str] = (), forbidden: Iterable[str] = ()) -> None:
        """At most `limit` routes; `pinned` templates are never learned but known, `forbidden` ones never learned."""
        self._limit = limit
        self._pinned = tuple(pinned)
        self._known = KnownRoutes(pinned=self._pinned)
        self._forbidden = Forbidden(forbidden)
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

    def specify(self, specification: Specification) -> None:
        """Believe OpenAPI files; to be called before the first request."""
        self._known = KnownRoutes(specification, self._pinned)

    @property
    def specification(self) -> Specification:
        """What the OpenAPI files say."""
        return self._known.specification

    def __len__(self) -> int:
        return len(self._by_id)

    def all(self) -> Iterable[Route]:
        """Every route, pseudo-routes included."""
        return self._by_id.values()

    def restore(self, state: TreeState, routes: Iterable[Route]) -> None:
        """Continue from earlier state, on a new table."""
        self.state = state
        for route in routes:
            if route.matched:
                classify(route, self._known.find(route.host, route.method, route.template) if self._known else None)
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

    def objects(self, host: str, method: str, path: str) -> tuple[Param, ...]:
        """The objects in a path."""
        found = self._matches.get((host, method, path))
        return self._template(host, method, path)[1] if found is None else found[1]

    def template(self, host: str, method: str, path: str) -> str:
        """The template that a path has, or would have once it is learned."""
        return self._template(host, method, path)[0]

    def find(self, host: str, method: str, template: str) -> Route | None:
        """The route of a template."""
        return self._by_key.get(_key(host, method, template))

    def answers_otherwise(self, host: str, method: str, path: str) -> bool:
        """Whether a learned route of the same path has another method."""
        return self.has_other_method(host, method, self._template(host, method, path)[0])

    def has_other_method(self, host: str, method: str, template: str) -> bool:
        """Whether a template is that of a learned route with another method."""
        others = _METHODS - {method, "OPTIONS"}
        return any(_key(host, other, template) in self._by_key for other in others)

    def _find(self, host: str, method: str, path: str, time: float, answered: bool) -> tuple[Route, tuple[Param, ...]]:
        template, params, known = self._template(host, method, path)
        method_known = method if method in _METHODS else "OTHER"
        key = _key(host, method_known, template)
        route = self._by_key.get(key)
        if route is None:
            if known is not None and known.origin != "learned":
                if not answered and host not in self._hosts and not self.specification.names(host):
                    return self.unmatched(host, time), ()
            elif not answered or not self._second(key):
                return self.unmatched(host, time), ()
            route = self._add(host, method_known, template, time, matched=True)
            classify(route, known)
            if known is None and self._collapses(route):
                template, params, _ = self._template(host, method, path)
                route = self._by_key.get(_key(host, method_known, template))
                if route is None:
                    route = self._add(host, method_known, template, time, matched=True)
                    route.collapsed = True
        found = route, params
        if len(path) <= _LONGEST_MATCH:
            if len(self._matches) >= _MATCHES_KEPT:
                self._matches.clear()
            self._matches[host, method, path] = found
        return found

    def _template(self, host: str, method: str, path: str) -> tuple[str, tuple[Param, ...], Known | None]:
        """The template of a path, its objects, and what is known about it without learning."""
        known = self._known.find(host, method, path) if self._known else None
        if known is not None:
            return known.template, known.params, known
        kept = self._forbidden.covers(segments_of(path)) if self._forbidden else 0
        template, params = typed_path(path, kept)
        template, slugs = self._with_slugs(host, template)
        return template, params + slugs, None

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
            if kept is not None and self._forbidden and self._forbidden.keeps(segments_of(prefix.partition("\n")[2])):
                kept = None
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
            if (
                len(siblings) in CHECKED_AT
                and segment in siblings
                and prefix not in self.state.slugs
                and not (self._forbidden and self._forbidden.keeps(segments_of(path)))
            ):
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
            if route.origin == "learned" and self._with_slugs(route.host, route.template)[0] != route.template:
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
