"""Whom a block would cut off, by what the state file knows."""

import ipaddress
from pathlib import Path

import pytest

from apiwatch.model import ClientFacetRow
from apiwatch.store import ImpactView
from tests.store.looking import reading
from tests.store.rows import MINUTE, NOW, Collector, alert, client_minute, client_row, minute_row

LAST = int(NOW)
LONG_AGO = LAST - 30 * 3600
EVIL, SHARED, OLD, GONE, FORWARDED = "203.0.113.7", "203.0.113.9", "203.0.113.70", "203.0.113.80", "203.0.112.5"
SIX, SIXTH, SEVENTH = "2001:db8:0:1::2", "2001:db8:0:1:ffff::3", "2001:db8:0:2::4"


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


async def asked(db: Path, *nets: str, window: int = 60) -> ImpactView:
    async with reading(db) as reader:
        return await reader.impact(nets, window_minutes=window)


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
