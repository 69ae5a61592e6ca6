"""Networks of CDNs: what is shipped, what replaces it, and what never does; fetched over TLS from a local server."""

import gzip
import json
import ssl
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from apiwatch.blocklist.fetching import SOURCES, Source, fetch
from apiwatch.blocklist.logins import login_hosts
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.proxies import known_providers, parse_providers, render_providers
from apiwatch.config import data_text
from apiwatch.errors import GuardError
from tests.sources.certificates import Authority

AWS = {
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "service": "CLOUDFRONT"},
        {"ip_prefix": "203.0.113.0/24", "service": "EC2"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:9::/48", "service": "CLOUDFRONT"}],
}
PAGES: dict[str, tuple[int, bytes]] = {
    "/v4": (200, b"198.51.100.0/25\n198.51.100.128/25\n"),
    "/v6": (200, b"2001:db8::/32\n"),
    "/aws": (200, json.dumps(AWS).encode()),
    "/empty": (200, b"\n"),
    "/html": (200, b"<html>maintenance</html>"),
    "/host-bits": (200, b"198.51.100.7/24\n"),
    "/private": (200, b"198.51.100.0/24\n10.0.0.0/8\n"),
    "/everything": (200, b"0.0.0.0/0\n"),
    "/few": (200, b"198.51.100.0/27\n"),
    "/json": (200, b'{"addresses": 7}'),
    "/moved": (302, b""),
    "/broken": (503, b"198.51.100.0/24\n"),
    "/long": (200, b"198.51.100.0/24\n" * 1_100_000),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = PAGES[self.path]
        self.send_response(status)
        self.send_header("Location", "/v4")
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(gzip.compress(body, 1))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the base class
        """Say nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, httpx.Client]]:
    """A server of lists, and a client that trusts it."""
    authority = Authority(tmp_path_factory.mktemp("ca"))
    issued = authority.issue("lists")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with httpx.Client(verify=ssl.create_default_context(cafile=str(authority.certificate))) as client:
        yield f"https://127.0.0.1:{server.server_port}", client
    server.shutdown()
    thread.join()
    server.server_close()


def source(name: str, *urls: str) -> Source:
    return Source(name, urls, SOURCES[name].read)


def test_published_lists_are_read_and_merged(served: tuple[str, httpx.Client]) -> None:
    base, client = served
    found = fetch(source("cloudflare", f"{base}/v4", f"{base}/v6"), None, client)
    assert [str(net) for net in found.networks] == ["198.51.100.0/24", "2001:db8::/32"]
    cloudfront = fetch(source("cloudfront", f"{base}/aws"), None, client)
    assert [str(net) for net in cloudfront.networks] == ["198.51.100.0/24", "2001:db8:9::/48"]
    assert parse_providers(render_providers([found, cloudfront])) == (found, cloudfront)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/empty", "no network"),
        ("/html", "not an IP address"),
        ("/host-bits", "bits set"),
        ("/private", "a private network"),
        ("/everything", "owns that much"),
        ("/few", "less than half"),
        ("/moved", "answers 302"),
        ("/broken", "answers 503"),
        ("/long", "too long"),
    ],
)
def test_what_cannot_be_right_replaces_nothing(served: tuple[str, httpx.Client], path: str, why: str) -> None:
    base, client = served
    before = fetch(source("cloudflare", f"{base}/v4"), None, client)
    with pytest.raises(GuardError, match=why) as caught:
        fetch(source("cloudflare", f"{base}{path}"), before, client)
    assert str(caught.value).isprintable()


def test_other_shapes_strangers_and_plain_http_are_refused(served: tuple[str, httpx.Client]) -> None:
    base, client = served
    with pytest.raises(GuardError, match="another form"):
        fetch(source("fastly", f"{base}/json"), None, client)
    with pytest.raises(GuardError, match="is not https"):
        fetch(source("cloudflare", base.replace("https", "http") + "/v4"), None, client)
    with httpx.Client() as stranger, pytest.raises(GuardError, match="cannot be fetched"):
        fetch(source("cloudflare", f"{base}/v4"), None, stranger)
    assert all(url.startswith("https://") for each in SOURCES.values() for url in each.urls)


def test_shipped_networks_are_canonical_dated_and_complete() -> None:
    text = data_text("proxies.txt")
    known = {each.name: each for each in parse_providers(text)}
    assert known.keys() >= SOURCES.keys()
    assert sum(len(each.networks) for each in known.values()) == len(
        [row for row in text.splitlines() if row[0] != "#"]
    )
    assert parse_network("104.16.0.0/13") in known["cloudflare"].networks
    assert parse_network("35.191.0.0/16") in known["google-health"].networks


@pytest.mark.parametrize("text", ["cloudflare 198.51.100.0/24\n", "# a 2026-99-01 x\na 198.51.100.0/24\n", "a b c\n"])
def test_a_broken_newer_list_leaves_the_shipped_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text(text)
    shipped, _ = known_providers(None)
    found, problem = known_providers(path)
    assert found == shipped
    assert "shipped one holds" in problem


def test_an_older_list_replaces_no_newer_one(tmp_path: Path) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text("# cloudflare 2020-01-01 x\ncloudflare 198.51.100.0/24\n")
    assert known_providers(path) == known_providers(None)


def record(kind: int, host: bytes, raw: bytes) -> bytes:
    return struct.pack(
        "<hxxi32s4s32s256shhiii16s20s", kind, 42, b"pts/0", b"p0", b"oncall", host, 0, 0, 0, 0, 0, raw, b""
    )


def test_sessions_of_utmp_are_where_people_are_logged_in_from() -> None:
    content = (
        record(7, b"203.0.113.200", bytes([203, 0, 113, 200]))
        + record(7, b"vpn.example.com", bytes([203, 0, 113, 201]))
        + record(7, b":0", b"")
        + record(8, b"203.0.113.202", b"")
        + record(7, b"2001:db8::7", bytes.fromhex("20010db8000000000000000000000007"))
    )
    assert [str(address) for address in login_hosts(content)] == ["203.0.113.200", "203.0.113.201", "2001:db8::7"]
    with pytest.raises(ValueError, match="utmp"):
        login_hosts(content[:-1])
