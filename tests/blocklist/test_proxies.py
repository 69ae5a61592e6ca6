"""Networks of CDNs: what is shipped, what replaces it, and what never does; fetched over TLS from a local server."""

import gzip
import json
import os
import ssl
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.blocklist.fetching import SOURCES, TOR, Source, fetch, handed_in, networks_of, pages
from apiwatch.blocklist.logins import login_hosts
from apiwatch.blocklist.networks import parse_network, united, without
from apiwatch.blocklist.proxies import known_providers, parse_providers, render_providers
from apiwatch.blocklist.tor import known_exits, render_exits, usable_exits
from apiwatch.config import data_text
from apiwatch.errors import GuardError, InputError
from tests.blocklist.kit import NOW
from tests.sources.certificates import Authority

AWS = {
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "service": "CLOUDFRONT"},
        {"ip_prefix": "203.0.113.0/24", "service": "EC2"},
        {"ip_prefix": "192.0.2.0/25", "service": "CLOUDFRONT_ORIGIN_FACING"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:9::/48", "service": "CLOUDFRONT"}],
}
GOOGLE = {
    "syncToken": "1790733903731",
    "creationTime": "2026-09-29T19:05:03.731656",
    "prefixes": [{"ipv4Prefix": "198.51.100.0/24"}, {"ipv4Prefix": "203.0.113.0/25"}, {"ipv6Prefix": "2001:db8::/32"}],
}
RENTED = {
    "syncToken": "1790733903731",
    "creationTime": "2026-09-29T19:05:03.731656",
    "prefixes": [
        {"ipv4Prefix": "198.51.100.64/26", "service": "Google Cloud", "scope": "europe-west3"},
        {"ipv4Prefix": "203.0.113.0/24", "service": "Google Cloud", "scope": "us-east1"},
        {"ipv6Prefix": "2001:db8:4000::/36", "service": "Google Cloud", "scope": "us-east1"},
    ],
}
AZURE = {
    "changeNumber": 351,
    "cloud": "Public",
    "values": [
        {
            "name": name,
            "id": name,
            "properties": {
                "changeNumber": 22,
                "region": "",
                "regionId": 0,
                "platform": "Azure",
                "systemService": name.partition(".")[0],
                "addressPrefixes": prefixes,
                "networkFeatures": ["API", "NSG", "UDR", "FW"],
            },
        }
        for name, prefixes in (
            ("AzureFrontDoor.Backend", ["198.51.100.0/24", "2001:db8:7::/48"]),
            ("AzureFrontDoor.Frontend", ["203.0.113.0/24"]),
        )
    ],
}
PAGES: dict[str, tuple[int, bytes]] = {
    "/v4": (200, b"198.51.100.0/25\n198.51.100.128/25\n"),
    "/v6": (200, b"2001:db8::/32\n"),
    "/aws": (200, json.dumps(AWS).encode()),
    "/goog.json": (200, json.dumps(GOOGLE).encode()),
    "/cloud.json": (200, json.dumps(RENTED).encode()),
    "/tor": (200, b"198.51.100.9\n203.0.113.7\n203.0.113.9\n"),
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
    assert [str(net) for net in cloudfront.networks] == ["192.0.2.0/25", "198.51.100.0/24", "2001:db8:9::/48"]
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
    with pytest.raises(GuardError, match="another form"):
        fetch(source("google", f"{base}/goog.json"), None, client)
    with pytest.raises(GuardError, match="is not https"):
        fetch(source("cloudflare", base.replace("https", "http") + "/v4"), None, client)
    with httpx.Client() as stranger, pytest.raises(GuardError, match="cannot be fetched"):
        fetch(source("cloudflare", f"{base}/v4"), None, stranger)
    assert all(url.startswith("https://") for each in SOURCES.values() for url in each.urls)


def test_shipped_networks_are_canonical_dated_and_complete() -> None:
    text = data_text("proxies.txt")
    known = {each.name: each for each in parse_providers(text)}
    assert known.keys() >= SOURCES.keys() - {"google"}, (
        "what anybody can rent there changes daily, so it is only fetched"
    )
    assert sum(len(each.networks) for each in known.values()) == len(
        [row for row in text.splitlines() if row[0] != "#"]
    )
    assert parse_network("104.16.0.0/13") in known["cloudflare"].networks
    assert parse_network("35.191.0.0/16") in known["google-health"].networks
    assert parse_network("2600:1400::/24") in known["akamai"].networks


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


def test_google_is_what_nobody_can_rent_there(served: tuple[str, httpx.Client]) -> None:
    base, client = served
    found = fetch(source("google", f"{base}/goog.json", f"{base}/cloud.json"), None, client)
    left = ["198.51.100.0/26", "198.51.100.128/25", "2001:db8::/34", "2001:db8:5000::/36"]
    assert [str(net) for net in found.networks][:3] == left[:3]
    assert parse_network(left[3]) in found.networks
    assert not any(net.overlaps(parse_network("2001:db8:4000::/36")) for net in found.networks if net.version == 6)


@given(
    wide=st.sampled_from(["198.51.100.0/24", "2001:db8::/120"]),
    holes=st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8)), max_size=6),
)
def test_what_is_left_of_a_network_is_all_but_the_holes(wide: str, holes: list[tuple[int, int]]) -> None:
    network = parse_network(wide)
    first = int(network.network_address)
    some = [
        parse_network(f"{ip_address(first + (at >> bits << bits))}/{network.max_prefixlen - bits}")
        for at, bits in holes
    ]
    expected = {int(address) for address in network} - {int(address) for hole in some for address in hole}
    left = [] if network in some else list(without(network, united(some)))
    assert [int(address) for net in left for address in net] == sorted(expected)


def test_a_list_is_taken_from_files_of_their_own_time(tmp_path: Path) -> None:
    path = tmp_path / "ServiceTags_Public_20261123.json"
    path.write_text(json.dumps(AZURE))
    os.utime(path, (NOW, NOW))
    found = handed_in(SOURCES["azure-front-door"], None, [path])
    assert [str(net) for net in found.networks] == ["198.51.100.0/24", "2001:db8:7::/48"]
    assert (str(found.as_of), found.source) == ("2026-11-24", "ServiceTags_Public_20261123.json, handed in")
    assert parse_providers(render_providers([found])) == (found,)
    with pytest.raises(GuardError, match=r"is of 2026-11-24, and the list that is known of 2026-11-25"):
        handed_in(SOURCES["azure-front-door"], replace(found, as_of=date(2026, 11, 25)), [path])
    with pytest.raises(GuardError, match="another form"):
        handed_in(SOURCES["google"], None, [path])
    path.write_text(json.dumps({"values": []}))
    with pytest.raises(GuardError, match="no network"):
        handed_in(SOURCES["azure-front-door"], None, [path])
    with pytest.raises(InputError, match="cannot be read"):
        handed_in(SOURCES["azure-front-door"], None, [tmp_path])


def test_the_exits_of_tor_are_fetched_kept_and_found(served: tuple[str, httpx.Client], tmp_path: Path) -> None:
    base, client = served
    tor = replace(TOR, urls=(f"{base}/tor",))
    exits = usable_exits(networks_of(tor, pages(tor, client), "there"), NOW, f"{base}/tor", None)
    path = tmp_path / "tor-exits.txt"
    assert known_exits(path) == (None, "")
    path.write_text(render_exits(exits))
    assert known_exits(path) == (exits, "")
    for net, count in (("203.0.113.7", 1), ("203.0.113.8", 0), ("203.0.113.0/24", 2), ("0.0.0.0/0", 3), ("::/0", 0)):
        assert exits.inside(parse_network(net)) == count
    for text in ("", "203.0.113.7\n", "# tor-exits 2026-99-24T01:50:00Z x\n203.0.113.7\n", "\x00", "# tor-exits\n"):
        path.write_text(text)
        none, problem = known_exits(path)
        assert none is None
        assert "fetch it again" in problem
    for nets, why in (([], "0 addresses"), (["203.0.113.7"], "half"), (["203.0.113.0/24"] * 2, "no single")):
        with pytest.raises(GuardError, match=why):
            usable_exits([parse_network(net) for net in nets], NOW, "x", exits)
    with pytest.raises(GuardError, match="private"):
        usable_exits([parse_network("10.0.0.1")], NOW, "x", None)


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
