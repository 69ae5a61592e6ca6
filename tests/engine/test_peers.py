"""A log that shows the proxy instead of the clients is said to, for as long as it does."""

from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.config.settings import Sources
from apiwatch.engine import Engine
from apiwatch.engine.cdn import CDNS, PRIVATE
from apiwatch.engine.peers import BLOCK
from apiwatch.model import PROXY_SHOWN
from tests.engine.lines import batch, engine_of, line
from tests.engine.traffic import SOURCES

LOG = SOURCES[0]
PROXY, OTHER, THIRD, CLIENT = "10.0.0.5", "192.168.7.1", "172.16.0.9", "203.0.113.7"


def fed(engine: Engine, *clients: str, forwarded: str = "") -> str:
    """Feed one request per client; gives what is said about the log afterwards."""
    tail = f' "{forwarded}"'.encode() if forwarded else b""
    engine.feed(batch([line(0, client, "/about") + tail for client in clients], LOG))
    return hint_of(engine)


def hint_of(engine: Engine) -> str:
    return engine.sources[LOG].peers.hint


def many(*clients: str, count: int = BLOCK) -> list[str]:
    return list(islice(cycle(clients), count))


def trusting(*networks: str) -> Settings:
    return Settings(sources=Sources(trusted_proxy=networks))


@pytest.mark.parametrize(
    "proxy", [PROXY, "172.31.255.1", "192.168.1.1", "127.0.0.1", "100.64.3.2", "100.127.0.1", "::1", "fd12::5"]
)
def test_one_private_address_for_200_requests_is_a_proxy(proxy: str) -> None:
    engine = engine_of()
    assert fed(engine, *many(proxy, count=BLOCK - 1)) == ""
    hint = fed(engine, proxy)
    assert hint.startswith(f"every request comes from {proxy}: {PROXY_SHOWN};")
    assert f"--trusted-proxy {proxy} (sources.trusted_proxy)" in hint
    assert "X-Forwarded-For" in hint


@pytest.mark.parametrize(
    "client", [CLIENT, "172.32.0.1", "100.128.0.1", "11.0.0.1", "2001:db8::1", "localhost", "unix:", "-"]
)
def test_anybody_else_is_a_client(client: str) -> None:
    assert fed(engine_of(), *many(client, count=3 * BLOCK)) == ""


def test_two_addresses_are_named_and_three_are_clients() -> None:
    hint = fed(engine_of(), *many(OTHER, PROXY))
    assert f"{PROXY} and {OTHER}: " in hint
    assert f"--trusted-proxy {PROXY} --trusted-proxy {OTHER} (" in hint
    assert fed(engine_of(), *many(OTHER, PROXY, THIRD)) == ""


def test_any_number_of_addresses_of_a_cdn_is_one_proxy() -> None:
    edges = [f"172.68.{number}.7" for number in range(40)] + ["162.158.1.1", "2606:4700::17"]
    hint = fed(engine_of(), *many(*edges))
    assert hint.startswith("every request comes from Cloudflare: ")
    for network in ("172.64.0.0/13", "162.158.0.0/15", "2606:4700::/32"):
        assert f"--trusted-proxy {network} " in hint
    assert "from Fastly and Cloudflare: " in fed(engine_of(), *many("172.68.0.1", "151.101.2.2"))
    assert fed(engine_of(), *many("172.68.0.1", "151.101.2.2", PROXY)) == ""


def test_networks_of_the_list_do_not_overlap() -> None:
    networks = [*PRIVATE, *(network for found in CDNS.values() for network in found)]
    for index, one in enumerate(networks):
        assert not any(one.version == two.version and one.overlaps(two) for two in networks[index + 1 :])


def test_one_request_of_a_client_ends_it_at_once_and_doubles_the_doubt() -> None:
    engine = engine_of()
    assert fed(engine, *many(PROXY))
    assert fed(engine, CLIENT) == ""
    assert fed(engine, *many(PROXY, count=BLOCK - 1)) == ""
    assert fed(engine, *many(PROXY)) == ""
    assert fed(engine, *many(PROXY))
    assert fed(engine, CLIENT) == ""


def test_a_log_with_a_client_in_a_thousand_is_soon_left_alone() -> None:
    engine = engine_of()
    said = []
    for _ in range(8):
        said.append(bool(fed(engine, *many(PROXY, count=999))))
        fed(engine, CLIENT)
    assert said == [True, True, True, False, False, False, False, False]


def test_a_proxy_that_moves_is_followed() -> None:
    engine = engine_of()
    assert PROXY in fed(engine, *many(PROXY))
    assert fed(engine, *many(OTHER)).startswith(f"every request comes from {OTHER}:")


def test_naming_the_proxy_ends_it_whether_or_not_it_tells_the_client() -> None:
    assert fed(engine_of(trusting("10.0.0.0/8")), *many(PROXY)) == ""
    assert fed(engine_of(trusting("10.0.0.0/8")), *many(PROXY), forwarded=CLIENT) == ""
    assert PROXY in fed(engine_of(trusting("10.9.0.0/16")), *many(PROXY))
    assert PROXY in fed(engine_of(), *many(PROXY), forwarded=CLIENT)


def test_two_private_clients_behind_a_trusted_proxy_are_clients() -> None:
    engine = engine_of(trusting(PROXY))
    assert fed(engine, *many(PROXY), forwarded=OTHER) == ""
    assert OTHER in engine.clients


def test_naming_the_proxy_and_starting_again_ends_it() -> None:
    engine = engine_of()
    assert fed(engine, *many(PROXY))
    restarted, trusted = engine_of(), engine_of(trusting(PROXY))
    restarted.restore(engine.snapshot())
    trusted.restore(engine.snapshot())
    assert hint_of(restarted) == hint_of(engine)
    assert hint_of(trusted) == ""


CLIENTS = st.sampled_from((PROXY, PROXY, PROXY, OTHER, THIRD, "172.68.0.1", CLIENT))
RUNS = st.lists(st.tuples(CLIENTS, st.integers(1, 2 * BLOCK)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(runs=RUNS, cuts=st.lists(st.integers(0, 16 * BLOCK), max_size=6))
def test_it_is_what_whole_blocks_say_wherever_batches_are_cut_and_engines_replaced(
    runs: list[tuple[str, int]], cuts: list[int]
) -> None:
    clients = [client for client, count in runs for _ in range(count)]
    engine = engine_of()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(clients)], strict=True):
        fed(engine, *clients[begin:end])
        replaced = engine_of()
        replaced.restore(engine.snapshot())
        engine = replaced
    assert set(engine.sources[LOG].peers.shown) == expected(clients)


def expected(clients: list[str]) -> set[str]:
    """The same, told request by request and with no thought of speed."""
    shown: set[str] = set()
    agreed, doubt = 0, 1
    networks = {PROXY: PROXY, OTHER: OTHER, THIRD: THIRD, "172.68.0.1": "172.64.0.0/13"}
    for begin in range(0, len(clients), BLOCK):
        block = clients[begin : begin + BLOCK]
        if CLIENT in block or len(set(block)) > 2:
            agreed = 0
            if shown:
                shown, doubt = set(), 2 * doubt
        elif len(block) == BLOCK:
            agreed += 1
            if agreed >= doubt:
                shown = {networks[client] for client in block}
    return shown
