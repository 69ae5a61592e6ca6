"""Addresses to listen at, and why they cannot be used."""

import os
import socket
from pathlib import Path

import pytest

from apiwatch.errors import InputError, UsageError
from apiwatch.sources import Feed, FeedOptions
from apiwatch.sources.listen import Endpoint, bind, parse_endpoint
from tests.sources.kit import descriptors, free_port, time_of


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("udp://127.0.0.1:5514", "127.0.0.1", 5514),
        ("tcp://[2001:db8::1]:601/", "2001:db8::1", 601),
        ("tcp://log.example.com:1", "log.example.com", 1),
        ("unix:///run/apiwatch.sock", "/run/apiwatch.sock", 0),
    ],
)
def test_addresses_are_read(url: str, host: str, port: int) -> None:
    assert parse_endpoint(url)[1:] == (url.partition(":")[0], host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:5514",
        "udp://127.0.0.1",
        "udp://:5514",
        "udp://127.0.0.1:0",
        "udp://127.0.0.1:65536",
        "udp://127.0.0.1:5514/path",
        "udp://2001:db8::1:5514",
        "http://127.0.0.1:5514",
        "unix://relative",
        "unix:///directory/",
        "unix:///" + "x" * 200,
    ],
)
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match=r"^--syslog .*[.]$") as caught:
        parse_endpoint(url)
    assert caught.value.exit_code == 2


async def refusal(*urls: str) -> str:
    """The text of the error that opening a feed ends with; nothing stays open."""
    before = descriptors()
    feed = Feed(FeedOptions(paths=(), syslog=urls), offsets={}, time_of=time_of)
    with pytest.raises(InputError) as caught:
        await feed.open()
    assert caught.value.exit_code == 3
    assert {one for one in descriptors() - before if "/fd" not in one} == set()
    return str(caught.value)


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
async def test_a_port_in_use_is_named(scheme: str) -> None:
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if scheme == "tcp":
            other.listen()
        port = other.getsockname()[1]
        url = f"{scheme}://127.0.0.1:{port}"
        expected = f"--syslog {url}: port {port} is in use by another program; stop it or use another port."
        assert await refusal(url) == expected
        free = f"tcp://127.0.0.1:{free_port()}"
        assert await refusal(free, url) == expected
        for one in bind(parse_endpoint(free)):
            one.close()


async def test_an_address_of_another_machine_and_an_unknown_host_are_named() -> None:
    assert "192.0.2.1 is not an address of this machine" in await refusal("udp://192.0.2.1:5514")
    assert "the host 'x..y' is unknown" in await refusal("tcp://x..y:5514")


def first_free_port() -> int:
    """The first port that every user may bind."""
    setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return int(setting.read_text()) if setting.exists() else 1024


@pytest.mark.skipif(first_free_port() <= 1, reason="every user may bind every port here")
async def test_a_privileged_port_is_named() -> None:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        text = await refusal("tcp://127.0.0.1:1")
    finally:
        if root:
            os.seteuid(0)
    assert "port 1 is privileged" in text
    assert "use a port above 1023" in text


async def test_the_same_address_twice_is_a_usage_error() -> None:
    url = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    with pytest.raises(UsageError, match="twice"):
        await Feed(FeedOptions(paths=(), syslog=(url, url)), offsets={}, time_of=time_of).open()


async def test_paths_that_cannot_be_a_socket_are_named(tmp_path: Path) -> None:
    plain = tmp_path / "file"
    plain.write_bytes(b"precious")
    assert "exists and is not a socket; remove it" in await refusal(f"unix://{plain}")
    assert plain.read_bytes() == b"precious"
    assert "no such file or directory" in await refusal(f"unix://{tmp_path}/missing/socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(tmp_path / "taken"))
        assert "another program receives at" in await refusal(f"unix://{tmp_path}/taken")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(tmp_path / "stream"))
        other.listen()
        assert "another program receives at" in await refusal(f"unix://{tmp_path}/stream")


def test_every_address_of_a_host_is_bound() -> None:
    sockets = bind(Endpoint("tcp://localhost", "tcp", "localhost", free_port()))
    try:
        hosts = [one.getsockname()[0] for one in sockets]
        assert "127.0.0.1" in hosts
        assert set(hosts) <= {"127.0.0.1", "::1"}
    finally:
        for one in sockets:
            one.close()
