"""Whom a block would cut off, by what the state file knows."""

import ipaddress
from pathlib import Path

import pytest

from apiwatch.model import ClientFacetRow, ClientRouteRow, RouteRow
from apiwatch.store import Cut, ImpactView
from tests.store.looking import reading
from tests.store.rows import MINUTE, NOW, Collector, alert, client_minute, client_row, minute_row

LAST = int(NOW)
LONG_AGO = LAST - 30 * 3600
EVIL, SHARED, OLD, GONE, FORWARDED = "203.0.113.7", "203.0.113.9", "203.0.113.70", "203.0.113.80", "203.0.112.5"
SIX, SIXTH, SEVENTH = "2001:db8:0:1::2", "2001:db8:0:1:ffff::3", "2001:db8:0:2::4"


def client_route(client: str, route: str, ok: int, miss: int = 0, last: int = LAST) -> ClientRouteRow:
    return ClientRouteRow(client, 0, route, last, ok + miss, 1, ok, miss, 0, 0, 0, 0)


def fill(collector: Collector) -> None:
    """An attacker with an alert, its neighbours, one of them since long ago, and one that came through a proxy."""
    young = [EVIL, SHARED, FORWARDED, SIX, SIXTH, SEVENTH]
    collector.commit(
        clients=[client_row(name, requests=10, ok=10, peer=name) for name in young if name != FORWARDED]
        + [
            client_row(FORWARDED, requests=10, ok=10, peer="192.0.2.80", principal="token:abc"),
            client_row(OLD, requests=5000, ok=4000, peer=OLD)._replace(first_seen=LONG_AGO),
            client_row(GONE, last=LONG_AGO, requests=77, ok=77),
        ],
        client_minutes=[client_minute(MINUTE, name, ok=10) for name in young]
        + [
            client_minute(MINUTE - 70, OLD, ok=900),
            client_minute(MINUTE - 3, OLD, ok=7, deny=2),
            client_minute(MINUTE, OLD, ok=1),
        ],
        client_facets=[
            ClientFacetRow(EVIL, 0, "user_agent", "curl/8", 10, LAST),
            ClientFacetRow(SHARED, 0, "user_agent", "browser", 10, LAST),
            ClientFacetRow(SHARED, 0, "user", "alice", 5, LAST),
            ClientFacetRow(SHARED, 0, "user", "bob", 5, LAST - 60),
            ClientFacetRow(OLD, 0, "user", "carol", 5, LONG_AGO),
            ClientFacetRow(OLD, 0, "host", "api.example.com", 5, LAST),
            ClientFacetRow(EVIL, 0, "host", "shop.example.com", 4, LAST),
            ClientFacetRow(SIX, 0, "user_agent", "curl/8.5", 3, LAST),
            ClientFacetRow(SIX, 0, "user_agent", "browser", 7, LAST),
            ClientFacetRow(SIXTH, 0, "user_agent", "(other)", 10, LAST),
            ClientFacetRow(GONE, 0, "user_agent", "curl/8", 77, LONG_AGO),
        ],
        client_routes=[
            client_route(EVIL, "GET /users/{id}", 6, 2),
            client_route(EVIL, "POST /login", 2),
            client_route(SHARED, "GET /users2", 10),
            client_route(OLD, "GET /users/{id}/posts", 3000, 900),
            client_route(SIX, "(other)", 4),
            client_route(SEVENTH, "GET /users", 9, last=LONG_AGO),
        ],
        routes=[
            RouteRow("api.example.com", route, "", LONG_AGO, LAST, 9, 1, 9, 0, 0, 0, 0, 0)
            for route in ("GET /users/{id}", "POST /login", "GET /users2", "GET /users/{id}/posts", "GET /users")
        ],
        minutes=[minute_row(MINUTE - 70, 900), minute_row(MINUTE - 3, 9), minute_row(MINUTE, 91)],
        alerts=[
            alert("a1", EVIL),
            alert("a2", SHARED, first_seen=NOW - 90_000, last_seen=NOW - 80_000, closed=True),
        ],
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("state") / "apiwatch.db"
    with Collector(db) as collector:
        fill(collector)
    return db


async def asked(db: Path, *nets: str | Cut, window: int = 60) -> ImpactView:
    async with reading(db) as reader:
        cuts = [net if isinstance(net, Cut) else Cut(net) for net in nets]
        return await reader.impact(cuts, window_minutes=window)


async def test_a_network_is_its_clients_and_what_they_did_in_the_window(filled: Path) -> None:
    found = await asked(filled, "203.0.113.0/24")
    assert (found.clients, found.requests, found.ok) == (3, 10 + 10 + 10, 10 + 10 + 8)
    assert (found.all_requests, found.window_minutes, found.held_minutes) == (100, 60, 60)
    assert (found.users, found.agents) == (2, 2), "whom carol was, was long ago"
    assert (found.without_alert, found.without_alert_requests) == (2, 20)
    assert set(found.examples) == {SHARED, OLD}
    assert (found.recent, found.forwarded, found.at_least) == (3, 0, False)


@pytest.mark.parametrize(
    ("net", "clients"),
    [
        ("203.0.113.7/32", 1),
        ("203.0.113.0/29", 1),
        ("203.0.113.64/26", 1),
        ("203.0.112.0/23", 4),
        ("203.0.0.0/16", 4),
        ("203.0.96.0/19", 4),
        ("203.0.0.0/14", 4),
        ("200.0.0.0/6", 4),
        ("203.0.114.0/23", 0),
        ("2001:db8:0:1::/64", 2),
        ("2001:db8:0:1::/65", 1),
        ("2001:db8::/62", 3),
        ("2001:db8::/48", 3),
        ("2001:db8::/46", 3),
        ("2001:db8:1::/48", 0),
    ],
)
async def test_every_prefix_length_finds_exactly_its_clients(filled: Path, net: str, clients: int) -> None:
    found = await asked(filled, net)
    network = ipaddress.ip_network(net)
    names = [EVIL, SHARED, OLD, FORWARDED, SIX, SIXTH, SEVENTH]
    assert clients == sum(ipaddress.ip_address(name) in network for name in names)
    assert found.clients == clients
    assert (found.requests > 0) is (clients > 0)


async def test_clients_of_several_networks_count_once(filled: Path) -> None:
    found = await asked(filled, "203.0.113.7/32", "203.0.113.0/24", "203.0.112.5/32", "2001:db8:0:2::/64")
    assert found.clients == 5
    assert (found.forwarded, found.tokens) == (1, 1)


async def test_a_long_window_that_the_file_does_not_hold_says_how_far_it_reaches(filled: Path) -> None:
    found = await asked(filled, "203.0.113.70/32", window=1440)
    assert (found.requests, found.held_minutes) == (900 + 9 + 1, 71)
    assert found.all_requests == 1000


async def test_an_empty_file_knows_nothing(db: Path) -> None:
    with Collector(db):
        pass
    found = await asked(db, "203.0.113.0/24")
    assert (found.held_minutes, found.clients, found.all_requests) == (0, 0, 0)


async def test_what_is_too_much_to_look_up_is_a_lower_bound(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwatch.store.impact._LOOKUPS", 0)
    found = await asked(filled, "203.0.113.0/24")
    assert (found.requests, found.at_least) == (20, True)
    monkeypatch.setattr("apiwatch.store.impact.MOST", 1)
    found = await asked(filled, "203.0.113.0/24")
    assert (found.clients, found.at_least) == (1, True)


@pytest.mark.parametrize("everybody", [False, True])
async def test_of_a_user_agent_those_who_sent_it_are_cut(filled: Path, everybody: bool) -> None:
    nets = ("0.0.0.0/0", "::/0") if everybody else ("203.0.113.0/24", "2001:db8::/48")
    found = await asked(filled, *(Cut(net, agent="curl") for net in nets))
    assert found.clients == 3, "of whom user agents are no longer known, any may be it"
    assert (found.requests, found.at_most) == (10 + 3 + 10, True)
    assert found.more_facets
    alone = await asked(filled, *(Cut(net, agent="curl/8") for net in nets if "." in net))
    assert (alone.clients, alone.requests, alone.at_most, alone.without_alert) == (1, 10, False, 0)
    assert (await asked(filled, *(Cut(net, agent="Curl") for net in nets))).clients == 1, "letter by letter"


@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize(
    ("path", "clients", "requests"),
    [
        ("/users", {EVIL: 8, OLD: 10, SIX: 4}, 22),
        ("/users/7", {EVIL: 8, OLD: 10, SIX: 4}, 22),
        ("/users/7/posts", {OLD: 10, SIX: 4}, 14),
        ("/users/7/likes", {SIX: 4}, 4),
        ("/login", {EVIL: 2, SIX: 4}, 6),
    ],
)
async def test_of_a_path_those_who_may_have_asked_it_are_cut(
    filled: Path, path: str, clients: dict[str, int], requests: int, everybody: bool
) -> None:
    nets = ("0.0.0.0/0", "::/0") if everybody else ("203.0.113.0/24", "2001:db8::/48")
    found = await asked(filled, *(Cut(net, path=path) for net in nets))
    assert (found.clients, found.requests, found.at_most) == (len(clients), requests, True)


async def test_parts_of_a_condition_are_all_wanted_and_conditions_add_up(filled: Path) -> None:
    both = await asked(filled, Cut("203.0.113.0/24", host="shop.example.com", path="/users"))
    assert (both.clients, both.requests, both.ok) == (1, 4, 4)
    assert (await asked(filled, Cut("203.0.113.0/24", host="shop.example.com", agent="browser"))).clients == 0
    two = await asked(filled, Cut(f"{EVIL}/32", path="/users"), Cut(f"{EVIL}/32", path="/login"))
    assert (two.requests, two.ok) == (10, 8)
    whole = await asked(filled, Cut(f"{EVIL}/32", path="/login"), Cut(f"{EVIL}/32"))
    assert (whole.requests, whole.at_most) == (10, False)
