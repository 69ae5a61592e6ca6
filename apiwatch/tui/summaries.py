"""What key 0 shows: the page about a scope, read from the store."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from apiwatch.errors import GuardError
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import (
    AlertView,
    BlockEntry,
    ClientDetail,
    ClientView,
    GroupView,
    Mix,
    PointView,
    RouteView,
    TogetherView,
    UserDetail,
)
from apiwatch.text import plain
from apiwatch.tui.cells import clock
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pages import campaign_page, client_page, overview_page, route_page, user_page, why_page
from apiwatch.tui.rows import AlertRow, ClientRow, RouteRow, Row
from apiwatch.tui.rows.groups import UserRow
from apiwatch.tui.rows.named import NamedRow, SenderRow
from apiwatch.tui.views import LIMIT, VIEWS, Found, Panel, Query
from apiwatch.tui.views.alerts import ALERTS
from apiwatch.tui.views.auth import AUTH
from apiwatch.tui.views.clients import CLIENTS

__all__ = ["Summary", "summarise"]

_TOPS = (*ALERTS.panels[:2], CLIENTS.panels[0], AUTH.panels[0])
"""Lists whose first rows the overview shows."""

_ROUTES, _TAIL = 5000, 200
_BLOCKED = 20
"""Latest clients of a user that are blocked at once."""


class Summary(Struct, frozen=True):
    """A page with its heading, and what keys on it act on."""

    heading: str
    page: Callable[[int], list[Line]]
    """Its lines for a width."""
    row: Row | None = None
    alerts: tuple[AlertView, ...] = ()


async def summarise(query: Query, blocks: Sequence[BlockEntry]) -> Summary:
    """The page about the scope of a query."""
    scope = query.scope
    if scope.client:
        return await _client(query, blocks)
    if scope.alert:
        return await _alert(query)
    if scope.route:
        return await _route(query)
    if scope.user:
        return await _user(query)
    return await _tops(query)


def _gone(heading: str, *said: str) -> Summary:
    return Summary(heading, lambda width: [row for text in said for row in wrap(text, width - 1)])


async def _tops(query: Query) -> Summary:
    """Everything, a network or a user agent: the first rows of the lists."""
    panels = [(view.key, panel) for view in VIEWS for panel in view.panels if panel in _TOPS]
    found = [(key, panel, await panel.read(query)) for key, panel in panels]
    tops = [(f"{panel.title}{_noted(answer)}{_step(panel)} (key {key})", answer.rows) for key, panel, answer in found]
    alerts = tuple(alert for _key, _panel, answer in found for alert in answer.alerts)
    whole = query.scope == EVERYTHING
    overview = query.overview if whole else None
    together = TogetherView() if whole else await query.reader.together(query.scope, query.at)
    heading = "overview" if whole else plain(query.scope.net or query.scope.agent)
    cut = await _cut(query)

    def page(width: int) -> list[Line]:
        rest = overview_page(
            overview,
            tops,
            width,
            query.now,
            query.glyphs,
            alerts=alerts,
            day=query.day,
            timeline=together.timeline,
            among=together.among,
        )
        return [*cut(width), *rest]

    named = SenderRow(query.scope.agent, query.now) if query.scope.agent else None
    return Summary(heading, page, NamedRow(query.scope.net, query.now) if query.scope.net else named, alerts)


async def _cut(query: Query) -> Callable[[int], list[Line]]:
    """What blocking the network of the scope would cut off; nothing for another scope."""
    from apiwatch.blocklist.impact import impact_lines, impact_of

    try:
        net = str(ipaddress.ip_network(query.scope.net.strip(), strict=False))
        impact = await impact_of(query.reader, [net])
    except (ValueError, GuardError):
        return lambda width: []

    def lines(width: int) -> list[Line]:
        texts = impact_lines(impact, width - 1, now=query.now)
        return [line(Piece("a block would cut off", "strong")), *(line(Piece(text)) for text in texts), line("")]

    return lines


def _noted(found: Found) -> str:
    return f", {found.note}" if found.note else ""


def _step(panel: Panel) -> str:
    return ", v" if panel is ALERTS.panels[1] else ""


async def _client(query: Query, blocks: Sequence[BlockEntry]) -> Summary:
    client, now = query.scope.client, query.now
    detail = await query.reader.client(client, now)
    if detail is None:
        why = "it may be older than the retention of clients, or an alert's address that sent nothing since"
        return _gone(client, f"the state file knows nothing about {client}", why)
    blocked, points = _blocked(client, blocks), await _points(query, client)
    tail = await query.reader.tail(_TAIL, query.scope)
    times = [view.time for view in tail.lines] if tail.kept == tail.seen else []
    return Summary(
        client,
        lambda width: client_page(detail, width, now, query.glyphs, blocked, points=points, times=times),
        _row_of(detail, query),
        detail.alerts,
    )


async def _points(query: Query, client: str) -> list[PointView]:
    """Ids that a client tried, and for comparison those of others on the same route."""
    own = await query.reader.points(Scope(client=client))
    if not own:
        return []
    busiest, _number = Counter((view.host, view.route) for view in own).most_common(1)[0]
    beside = await query.reader.points(Scope(host=busiest[0], route=busiest[1]))
    asked = {view.principal for view in own}
    return [*own, *(view for view in beside if view.principal not in asked)]


def _row_of(detail: ClientDetail, query: Query) -> Row:
    if detail.alerts:
        return _AlertOfClient(detail.alerts[0], query.now, detail.row.client)
    return ClientRow(detail.row, query.now, query.seconds())


def _blocked(client: str, entries: Sequence[BlockEntry]) -> str:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    for entry in entries:
        if entry.state == "queued" and address in ipaddress.ip_network(entry.net):
            until = "for good" if entry.expires is None else f"until {clock(entry.expires)}"
            return f"queued for blocking as {entry.key} {until} by {entry.actor}"
    return ""


async def _alert(query: Query) -> Summary:
    view = await query.reader.alert(query.scope.alert)
    if view is None:
        return _gone("alert", "the state file no longer holds this alert")
    evidence = await query.reader.evidence(view.alert.id)
    now, glyphs = query.now, query.glyphs
    members: Sequence[ClientView] = ()
    together = TogetherView()
    if view.alert.clients_total > 1:
        members = await query.reader.clients(query.window_minutes, limit=LIMIT, now=now, scope=query.scope)
        together = await query.reader.together(query.scope, query.at)

    def page(width: int) -> list[Line]:
        if view.alert.clients_total > 1:
            return campaign_page(
                view, members, evidence, width, now, glyphs, timeline=together.timeline, agents=together.agents
            )
        return why_page(view, evidence, width, now, glyphs)

    return Summary(f"why: {view.alert.id}", page, AlertRow(view, now), (view,))


async def _route(query: Query) -> Summary:
    reader, scope = query.reader, query.scope
    routes = await reader.routes(limit=_ROUTES, window_minutes=query.window_minutes, at=query.at)
    route = next((view for view in routes if (view.host, view.route) == (scope.host, scope.route)), None)
    if route is None:
        found = [view for view in routes if view.route == scope.route]
        route = found[0] if found and not scope.host else None
    if route is None:
        path = scope.route.partition(" ")[2] or scope.route
        alike = [view.route for view in routes if view.route.partition(" ")[2] == path]
        known = f"; it holds {', '.join(dict.fromkeys(alike))}" if alike else ""
        return _gone("route", f"the state file holds no route {scope.route}{known}")
    return await _known_route(query, route)


async def _known_route(query: Query, route: RouteView) -> Summary:
    reader, now = query.reader, query.now
    inside = replace(query, scope=Scope(host=route.host, route=route.route))
    clients = await reader.clients(query.window_minutes, limit=LIMIT, now=now, scope=inside.scope)
    alerts = tuple(await reader.alerts(limit=LIMIT, scope=inside.scope))
    suspects = [
        view for family in ("enumeration", "auth") for view in await reader.suspects(family, scope=inside.scope)
    ]
    points = await reader.points(inside.scope)

    def page(width: int) -> list[Line]:
        return route_page(
            route,
            width,
            now,
            query.glyphs,
            end=query.end,
            usual=route.usual / query.window_minutes,
            clients=clients,
            suspects=suspects,
            alerts=alerts,
            points=points,
        )

    return Summary(
        route.route,
        page,
        RouteRow(route, now, query.seconds(), query.glyphs),
        alerts,
    )


async def _user(query: Query) -> Summary:
    user, now = query.scope.user, query.now
    found = await query.reader.user(user, now)
    if found is None:
        return _gone(user, f"the state file knows nothing about the user {user}")
    return Summary(
        f"user {user}",
        lambda width: user_page(
            user,
            found.clients,
            found.visits,
            width,
            now,
            query.glyphs,
            clients_total=found.clients_total,
            first_seen=found.first_seen,
            last_seen=found.last_seen,
            routes=found.routes,
            alerts=found.alerts,
            suspects=found.suspects,
            let_in=found.let_in,
        ),
        _UserHere(found, query),
        alerts=found.alerts,
    )


class _UserHere(UserRow):
    """A user name with the clients that it came from."""

    __slots__ = ("_clients",)

    def __init__(self, found: UserDetail, query: Query) -> None:
        view = GroupView(
            value=found.user,
            clients=found.clients_total,
            window=Mix(),
            last_seen=found.last_seen,
            alerted=sum(bool(client.alerts) for client in found.clients),
            severity="",
        )
        super().__init__(view, query.now, query.seconds())
        self._clients = tuple(client.client for client in found.clients[:_BLOCKED])

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its latest clients, for a block."""
        return self._clients

    @property
    def reason(self) -> str:
        """Why one would block them."""
        return f"manual: came as user {self.view.value}"


class _AlertOfClient(AlertRow):
    """An alert, where a block is about one client only."""

    __slots__ = ("_client",)

    def __init__(self, view: AlertView, now: float, client: str) -> None:
        super().__init__(view, now)
        self._client = client

    @property
    def client(self) -> str:
        """The client."""
        return self._client

    @property
    def addresses(self) -> tuple[str, ...]:
        """The client."""
        return (self._client,)
