"""Only hosts on the allow list may send syslog."""

import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.sources import FeedOptions
from apiwatch.sources.peers import Peers
from tests.sources.kit import Tap, eventually, free_port, tapped


@pytest.mark.parametrize(
    ("networks", "host", "admitted"),
    [
        ([], "203.0.113.7", True),
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", True),
        (["192.0.2.0/24"], "::ffff:198.51.100.7", False),
        (["192.0.2.0/24"], "2001:db8::7", False),
        (["::/0"], "::ffff:192.0.2.7", False),
        (["0.0.0.0/0"], "2001:db8::7", False),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["192.0.2.1/32", "2001:db8::/32"], "2001:db8:1::7", True),
        (["192.0.2.0/24"], "", False),
    ],
)
def test_who_is_admitted(networks: Sequence[str], host: str, admitted: bool) -> None:
    peers = Peers(networks)
    assert [peers.admits(host), peers.admits(host)] == [admitted, admitted]
    refusals = [] if admitted else [f"2 datagrams refused: {host.removeprefix('::ffff:')} is not in --syslog-allow"]
    assert peers.told("datagrams") == refusals


@given(st.lists(st.ip_addresses(v=4), max_size=5), st.ip_addresses(v=4), st.integers(8, 32))
def test_an_address_and_its_ipv6_clothes_are_judged_alike(others: list[object], address: object, prefix: int) -> None:
    peers = Peers([f"{other}/32" for other in others])
    assert peers.admits(str(address)) == peers.admits(f"::ffff:{address}")
    assert Peers([f"{address}/32"]).admits(f"::ffff:{address}")


def options(url: str, *allow: str) -> FeedOptions:
    return FeedOptions(paths=(), syslog=(url,), syslog_allow=allow)


def message(tap: Tap) -> str:
    return tap.feed.statuses()[0].message


def sender(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, kind)
    one.bind((host, 0))
    one.connect(("127.0.0.1", port))
    return one


@pytest.mark.parametrize("host", ["127.0.0.1", "[::]"])
async def test_datagrams_of_others_are_refused_counted_and_told(host: str) -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with tapped(options=options(f"udp://{host}:{port}", "127.0.0.2/32")) as tap:
        with (
            sender(socket.SOCK_DGRAM, "127.0.0.2", port) as ours,
            sender(socket.SOCK_DGRAM, "127.0.0.3", port) as other,
        ):
            for number in range(300):
                other.send(b"<13>forged")
                ours.send(b"<13>%d" % number)
            assert await tap.count(300) == [b"%d" % number for number in range(300)]
            await eventually(lambda: message(tap).startswith("300 datagrams refused: "))
        assert message(tap).endswith(" refused: 127.0.0.3 is not in --syslog-allow")
        assert tap.feed.statuses()[0].dropped == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::]"])
async def test_connections_of_others_are_refused_counted_and_told(host: str) -> None:
    port = free_port()
    async with tapped(options=options(f"tcp://{host}:{port}", "127.0.0.2/32", "2001:db8::/32")) as tap:
        with (
            sender(socket.SOCK_STREAM, "127.0.0.2", port) as ours,
            sender(socket.SOCK_STREAM, "127.0.0.3", port) as other,
        ):
            other.send(b"<13>forged\n")
            ours.send(b"<13>genuine\n")
            assert await tap.count(1) == [b"genuine"]
            await eventually(lambda: "refused" in message(tap))
        assert message(tap).startswith("1 connected, 1 connections refused: ")
        assert message(tap).endswith(" refused: 127.0.0.3 is not in --syslog-allow")
