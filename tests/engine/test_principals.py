"""Whom the tests are kept for."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import Sources
from apiwatch.engine.clients import Client
from apiwatch.engine.principals import ADMITTED, agent_family, mark_mixed, network_key, network_principal
from tests.engine.lines import BROWSER, batch, engine_of, line, replayed


def test_ipv6_is_kept_by_its_network_and_names_by_themselves() -> None:
    assert network_key("2001:db8:1:2:3:4:5:6") == ("2001:db8:1:2::/64", "ipv6-64")
    assert network_key("192.0.2.7") == ("192.0.2.7", "ipv4")
    assert network_key("proxy.example.com") == ("proxy.example.com", "host")


def test_user_is_a_principal_after_the_first_answer() -> None:
    engine, _ = replayed([line(step, "192.0.2.1", "/a", user="alice") for step in range(3)])
    assert set(engine.principals) == {"192.0.2.1", "user:alice"}
    assert engine.clients["192.0.2.1"].principal == "user:alice"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_user_who_was_never_answered_is_none(status: int) -> None:
    engine, _ = replayed([line(step, "192.0.2.1", "/a", status, user="alice") for step in range(9)])
    assert set(engine.principals) == {"192.0.2.1"}


def test_refused_password_of_a_known_user_counts_for_the_network() -> None:
    lines = [line(0, "192.0.2.1", "/a", user="alice")] * 2 + [line(5, "192.0.2.9", "/a", 401, user="alice")]
    engine, _ = replayed(lines)
    assert engine.clients["192.0.2.9"].principal == "192.0.2.9"


def test_one_client_admits_at_most_twenty_names_in_ten_minutes() -> None:
    engine = engine_of()
    engine.feed(batch([line(step / 10, "192.0.2.1", "/a", user=f"u{step}") for step in range(200)]))
    assert sum(key.startswith("user:") for key in engine.principals) == ADMITTED
    engine.feed(batch([line(700 + step / 10, "192.0.2.1", "/a", user=f"v{step}") for step in range(200)]))
    assert sum(key.startswith("user:") for key in engine.principals) == 2 * ADMITTED


def test_user_on_two_addresses_is_one_principal() -> None:
    lines = [line(step, f"192.0.2.{step % 2 + 1}", "/a", user="alice") for step in range(8)]
    engine, _ = replayed(lines)
    assert engine.clients["192.0.2.1"].principal == engine.clients["192.0.2.2"].principal == "user:alice"


def client() -> Client:
    return Client("192.0.2.1", 0, "192.0.2.1", "ipv4", 0.0, 0.0, "192.0.2.1")


def mark(found: Client, time: float, agent: str, name: str | None = None) -> bool:
    found.agent, found.family = agent, agent_family(agent)
    mark_mixed(found, time, name)
    return time < found.nat_until


def test_three_users_with_three_agents_share_an_address() -> None:
    office = client()
    assert not mark(office, 1.0, BROWSER, "a")
    assert not mark(office, 2.0, BROWSER.replace("128", "129"), "b")
    assert mark(office, 3.0, BROWSER.replace("128", "127"), "c")
    assert network_principal(office, 4.0) == ("192.0.2.1 chrome", "nat")
    assert network_principal(office, 3.0 + 86_400.0) == ("192.0.2.1", "ipv4")


def test_three_users_of_one_agent_share_no_address() -> None:
    kiosk = client()
    assert not any(mark(kiosk, time, BROWSER, f"u{time}") for time in range(8))


def test_five_families_share_an_address_and_rotating_versions_do_not() -> None:
    agents = (BROWSER, "curl/8", "Wget/1", "okhttp/4", "python-requests/2")
    mixed, rotating = client(), client()
    assert [mark(mixed, 1.0, agent) for agent in agents] == [False, False, False, False, True]
    assert not any(mark(rotating, 1.0, BROWSER.replace("128", str(version))) for version in range(100, 140))


def test_families_an_hour_apart_do_not_add_up() -> None:
    moving = client()
    agents = (BROWSER, "curl/8", "Wget/1", "okhttp/4", "python-requests/2")
    assert not any(mark(moving, 3_600.0 * at, agent) for at, agent in enumerate(agents))


def test_client_is_the_hop_in_front_of_a_trusted_proxy() -> None:
    log = '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "$http_x_forwarded_for"'
    raw = b'192.0.2.200 - - [01/Jan/2026:00:00:01 +0000] "GET /a HTTP/1.1" 200 5 "203.0.113.5, 198.51.100.7"'
    for proxies, expected in ((("192.0.2.200/32",), "198.51.100.7"), ((), "192.0.2.200")):
        engine = engine_of(Settings(sources=Sources(log_format=log, trusted_proxy=proxies)))
        engine.feed(batch([raw] * 3))
        assert set(engine.clients) == {expected}
