"""What has to do with one client, network, user, user agent, alert or route."""

from pathlib import Path

import pytest

from apiwatch.model import ClientFacetRow, ClientRouteRow, EvidenceRow, RouteRow
from apiwatch.store import EVERYTHING, Scope
from apiwatch.store.views import Shared
from tests.store.looking import controlling, reading
from tests.store.rows import MINUTE, NOW, Collector, alert, client_minute, client_row, minute_row, suspect

LOGIN, ORDERS = "POST /login", "GET /api/orders/{id}"
ONE, NEXT, FAR, SIX, SIXTH = "192.0.2.7", "192.0.2.8", "198.51.100.9", "2001:db8::1", "2001:db8:0:1::2"
LAST = int(NOW)
USED = {
    ONE: ("curl/8", "mallory", LOGIN),
    NEXT: ("browser", "alice", ORDERS),
    FAR: ("curl/8", "mallory", LOGIN),
    SIX: ("browser", "bob", ORDERS),
    SIXTH: ("browser", "bob", LOGIN),
}


def fill(collector: Collector, crowd: int = 0) -> None:
    """Five clients, and a crowd of quiet browsers on the orders."""
    used = {**USED, **{f"10.1.{n // 250}.{n % 250}": ("browser", "", ORDERS) for n in range(crowd)}}
    collector.commit(
        clients=[client_row(name, requests=5, score=9 if name == ONE else 0, scored_at=LAST) for name in used],
        client_minutes=[client_minute(MINUTE, name, ok=50 if name in USED else 1) for name in used],
        client_facets=[ClientFacetRow(name, 0, "user_agent", agent, 5, LAST) for name, (agent, _, _) in used.items()]
        + [ClientFacetRow(name, 0, "user", user, 4, LAST - 1) for name, (_, user, _) in used.items() if user]
        + [ClientFacetRow(name, 0, "host", "api.example.com", 5, LAST) for name in used],
        client_routes=[
            ClientRouteRow(name, 0, route, LAST, 5, 1, 5, 0, 0, 0, 0, 0) for name, (*_, route) in used.items()
        ],
        minutes=[minute_row(MINUTE, 5)],
        routes=[
            RouteRow("api.example.com", route, "", LAST - 9, LAST, 25, 5, 25, 0, 0, 0, 0, 0)
            for route in (LOGIN, ORDERS)
        ],
        suspects=[
            suspect(ONE, 1.4),
            suspect(FAR, 0.9, detector="auth.log-in", family="auth", route=LOGIN),
            suspect("user:mallory", 0.8, client=NEXT),
        ],
        alerts=[
            alert("a1", ONE, clients=(ONE, FAR), route=LOGIN),
            alert("a2", FAR, route=LOGIN, first_seen=NOW - 900, last_seen=NOW - 600, closed=True),
            alert("a3", NEXT),
            alert("a4", SIX, principal="user:mallory"),
        ],
    )


@pytest.mark.parametrize(
    ("scope", "clients", "alerts"),
    [
        (Scope(net="192.0.2.0/24"), {ONE, NEXT}, {"a1", "a3"}),
        (Scope(net="192.0.2.8/31"), {NEXT}, {"a3"}),
        (Scope(net="192.0.0.0/16"), {ONE, NEXT}, {"a1", "a3"}),
        (Scope(net="2001:db8::/64"), {SIX}, {"a4"}),
        (Scope(net="2001:db8::/48"), {SIX, SIXTH}, {"a4"}),
        (Scope(net="[x] or 1=1"), set(), set()),
        (Scope(user="mallory"), {ONE, FAR}, {"a1", "a2", "a4"}),
        (Scope(agent="curl/8"), {ONE, FAR}, {"a1", "a2"}),
        (Scope(alert="a1"), {ONE, FAR}, {"a1", "a2"}),
        (Scope(route=LOGIN), {ONE, FAR, SIXTH}, {"a1", "a2"}),
        (Scope(route=LOGIN, host="api.example.com"), {ONE, FAR, SIXTH}, {"a1", "a2"}),
        (Scope(route=LOGIN, host="other"), set(), set()),
        (Scope(route=LOGIN, net="198.51.100.0/24"), {FAR}, {"a1", "a2"}),
        (Scope(client=FAR), {ONE}, {"a1", "a2"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Scope) else "",
)
async def test_scope_holds_what_has_to_do_with_it(db: Path, scope: Scope, clients: set[str], alerts: set[str]) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            found = await reader.clients(5, now=NOW, scope=scope)
            said = await reader.alerts(include_closed=True, scope=scope)
            assert await reader.alerts(scope=scope) == [view for view in said if not view.alert.closed]
    assert {view.client for view in found} == clients
    assert {view.alert.id for view in said} == alerts
    assert found.among == said.among == 0


async def test_near_clients_say_what_they_share(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            near = {view.client: view.near for view in await reader.clients(5, now=NOW, scope=Scope(client=ONE))}
            (walks,) = await reader.suspects("enumeration", scope=Scope(client=ONE))
            (login,) = await reader.suspects("auth", scope=Scope(route=LOGIN))
            named = await reader.suspects("enumeration", scope=Scope(user="mallory"))
            (route,) = await reader.routes(scope=Scope(user="mallory"))
            mallory = await reader.user("mallory", NOW)
            assert await reader.user("nobody", NOW) is None
    assert near == {NEXT: ("net",), FAR: ("agent", "user")}
    assert (walks.principal, login.client) == (ONE, FAR)
    assert [view.principal for view in named] == [ONE, "user:mallory"]
    assert (route.route, route.clients, route.mix.requests) == (LOGIN, 2, 10)
    assert mallory is not None
    assert [(view.value, view.requests) for view in mallory.visits] == [(ONE, 4), (FAR, 4)]
    assert [view.alert.id for view in mallory.alerts] == ["a1", "a4", "a2"]
    assert [view.principal for view in mallory.suspects] == [FAR, ONE, "user:mallory"]


async def test_a_user_who_was_let_in_by_guessing_is_told_from_those_who_were_not(db: Path) -> None:
    guessed = alert("t1", FAR, family="auth", detector="auth.account-takeover", route=LOGIN)
    said = {
        -1: f'{FAR} - bob [x] "POST /login HTTP/1.1" 200 9',
        1: f'{FAR} - carol [x] "POST /login HTTP/1.1" 401 9',
        -2: '{"user":"dave","status":"200"}',
        -3: f'{FAR} - bob@example.com [x] "POST /login HTTP/1.1" 200 9',
        -4: f'{FAR} - x mallory [x] "POST /admin/login HTTP/1.1" 200 9 "-" "carol [x] {{\\"user\\":\\"carol\\"}}"',
    }
    lines = [EvidenceRow("t1", slot, int(NOW) - 9, "a.log", 10 - slot, text) for slot, text in said.items()]
    names = ("bob", "carol", "dave", "example.com", "b_b", "mallory", "admin", "x")
    with Collector(db) as collector:
        facets = [ClientFacetRow(FAR, 0, "user", name, 9, int(NOW)) for name in names[1:]]
        collector.commit(clients=[client_row(FAR)], client_facets=facets, alerts=[guessed], evidence=lines)
        async with reading(db) as reader:
            found = [await reader.user(name, NOW) for name in names]
            kept = await reader.evidence("t1")
    let_in = {user.user: [line.line for line in user.let_in] for user in found if user is not None}
    assert {name: lines for name, lines in let_in.items() if lines} == {"bob": [11], "dave": [12]}
    assert [(line.line, line.success) for line in kept] == [(9, False), *((line, True) for line in range(11, 15))]


async def test_who_got_in_after_an_acknowledgement_is_counted(db: Path) -> None:
    lines = [EvidenceRow("a1", -1 - n, int(NOW) + n, "a.log", n, "x") for n in (0, 5, 9)]
    with Collector(db) as collector:
        collector.commit(alerts=[alert("a1", ONE), alert("a2", FAR)], evidence=lines)
        async with reading(db) as reader, controlling(db) as control:
            before = [view.got_in_since for view in await reader.alerts()]
            await control.acknowledge("a1", "bob@gw1", "", NOW + 3)
            after = {view.alert.id: view.got_in_since for view in await reader.alerts()}
            await control.say("unacknowledge", "a1", "bob@gw1", "", NOW + 4)
            again = {view.alert.id: (view.state, view.got_in_since) for view in await reader.alerts()}
    assert (before, after) == ([0, 0], {"a1": 2, "a2": 0})
    assert again == {"a1": ("open", 0), "a2": ("open", 0)}


async def test_what_a_crowd_shares_is_looked_for_among_the_busiest(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector, crowd=2000)
        async with reading(db) as reader:
            found = await reader.clients(5, sort="requests", limit=200, now=NOW, scope=Scope(agent="browser"))
            alerts = await reader.alerts(scope=Scope(agent="browser"))
            routes = await reader.routes(scope=Scope(agent="browser"))
            near = await reader.clients(5, now=NOW, scope=Scope(client=NEXT))
    assert {view.client for view in found[:3]} == {NEXT, SIX, SIXTH}
    assert 250 <= found.among < 2000
    assert {view.alert.id for view in alerts} == {"a3", "a4"}
    assert [view.route for view in routes] == [ORDERS, LOGIN]
    assert {view.client for view in near} == {ONE}


async def test_all_that_was_said_about_an_alert_is_there_with_who_and_when(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with controlling(db) as control, reading(db) as reader:
            await control.say("note", "a1", "ann@gw1", "seen before", NOW)
            await control.acknowledge("a1", "bob@gw1", "mine", NOW + 1)
            await control.say("note", "a3", "ann@gw1", "another", NOW + 2)
            notes = await reader.notes("a1")
            view = await reader.alert("a1")
    assert [(note.kind, note.actor, note.note, note.time) for note in notes] == [
        ("note", "ann@gw1", "seen before", NOW),
        ("acknowledge", "bob@gw1", "mine", NOW + 1),
    ]
    assert view is not None
    assert (view.acknowledged_by, view.acknowledged_at) == ("bob@gw1", NOW + 1)
    assert (view.note, view.noted_by, view.noted_at) == ("mine", "bob@gw1", NOW + 1)


async def test_the_clients_of_an_alert_are_summed_minute_by_minute_with_their_agents(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        collector.commit(
            client_minutes=[client_minute(MINUTE - 1, ONE, ok=2, miss=1), client_minute(MINUTE - 90, ONE, ok=7)],
            minutes=[minute_row(MINUTE - 1, 3), minute_row(MINUTE - 90, 7)],
        )
        async with reading(db) as reader:
            found = await reader.together(Scope(alert="a1"))
            earlier = await reader.together(Scope(alert="a1"), MINUTE * 60.0)
            network = await reader.together(Scope(net="192.0.2.0/24"))
            unknown = await reader.together(Scope(alert="nobody"))
    assert [(view.minute, view.mix.ok, view.mix.miss) for view in found.timeline] == [
        (MINUTE - 1, 2, 1),
        (MINUTE, 100, 0),
    ]
    assert [(facet.value, facet.requests) for facet in found.agents] == [("curl/8", 2)]
    assert [view.minute for view in earlier.timeline] == [MINUTE - 1]
    assert [(view.minute, view.mix.ok) for view in network.timeline] == [(MINUTE - 1, 2), (MINUTE, 100)]
    assert [(facet.value, facet.requests) for facet in network.agents] == [("browser", 1), ("curl/8", 1)]
    assert unknown.timeline == ()
    assert unknown.agents == ()


@pytest.mark.parametrize(
    ("shared", "scope", "expected"),
    [
        ("net", EVERYTHING, {"192.0.2.0/24": (2, 100, 2), "198.51.100.0/24": (1, 50, 1), "2001:db8::/64": (1, 50, 1)}),
        ("user_agent", EVERYTHING, {"curl/8": (2, 100, 2), "browser": (3, 150, 2)}),
        ("user", EVERYTHING, {"mallory": (2, 100, 2), "bob": (2, 100, 1)}),
        ("net", Scope(route=LOGIN), {"192.0.2.0/24": (1, 50, 1), "198.51.100.0/24": (1, 50, 1)}),
        ("net", Scope(route="nothing"), {}),
    ],
)
async def test_clients_are_put_together_by_what_they_share(
    db: Path, shared: Shared, scope: Scope, expected: dict[str, tuple[int, int, int]]
) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            found = await reader.groups(shared, 5, scope=scope)
            nothing = await reader.groups(shared, 5, scope=scope, at=NOW - 3600)
    counted = {view.value: (view.clients, view.window.ok, view.alerted) for view in found}
    assert {value: counted.get(value) for value in expected} == expected
    assert bool(counted) is bool(expected)
    assert all(bool(view.severity) is bool(view.alerted) for view in found)
    assert [view.window.requests for view in found] == sorted((v.window.requests for v in found), reverse=True)
    assert found.among == 0
    assert nothing == []


async def test_of_a_crowd_the_busiest_and_the_alerted_are_put_together(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector, crowd=3_000)
        async with reading(db) as reader:
            found = await reader.groups("net", 5)
    assert 0 < found.among < 3_000
    assert {"192.0.2.0/24", "198.51.100.0/24"} <= {view.value for view in found}
