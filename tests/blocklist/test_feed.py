"""The feed: what curl and rude clients get, and what happens to the list when something fails."""

import asyncio
import json
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import Guard, Protected
from apiwatch.blocklist.feed import Contents, Listening, serve
from apiwatch.blocklist.feed import server as serving
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.protected import Rule
from apiwatch.errors import StoreError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, guard_of, need
from tests.sources.certificates import Authority

TOKEN = "0123456789abcdef-long"  # noqa: S105  of this test only
PEER = guard_of(protected=Protected((Rule(parse_network("203.0.113.200/32"), "H1", "an SSH peer"),)))


@dataclass
class Site:
    """A queue that can fail, and a clock."""

    directory: Path
    entries: list[BlockEntry] = field(default_factory=list)
    guard: Guard = field(default_factory=guard_of)
    failure: Exception | None = None
    now: float = NOW
    said: list[str] = field(default_factory=list)

    async def read(self) -> list[BlockEntry]:
        if self.failure is not None:
            raise self.failure
        return [
            replace(each, state="expired") if (each.expires or 1e12) <= self.now and each.state == "queued" else each
            for each in self.entries
        ]

    def contents(self) -> Contents:
        kept = self.directory / "feed.json"
        return Contents(self.read, lambda: self.guard, kept, lambda: self.now, self.said.append)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(
        tmp_path, [entry("203.0.113.7", name="a"), entry("2001:db8::/64", name="b"), entry("203.0.113.64/26", name="c")]
    )


async def lines(contents: Contents, site: Site, later: float = 10.0) -> list[str] | None:
    """The list some seconds later; None: there is none."""
    site.now += later
    served = await contents.current()
    return None if served is None else served.bodies["/plain"].decode().split()


FULL = ["203.0.113.7", "203.0.113.64/26", "2001:db8::/64"]


async def test_after_a_failure_the_last_good_list_goes_on_and_lets_expire(site: Site) -> None:
    contents = site.contents()
    assert await lines(contents, site) == FULL
    site.failure = StoreError("the state file is locked")
    assert await lines(contents, site) == FULL
    assert "locked" in contents.problem
    again = site.contents()
    assert await lines(again, site) == FULL, "a restart does not forget"
    site.failure = None
    site.entries = []
    assert await lines(again, site) == FULL, "a new state file is no withdrawal"
    site.entries = [entry("203.0.113.99", name="z")]
    assert await lines(again, site) == FULL, "and neither is another one"
    assert "does not know 3 entries" in again.problem
    assert await lines(again, site, 3600) == [], "but their time is over"
    assert [text.partition(":")[0] for text in site.said].count("the last good list is served") == 4


async def test_a_block_of_some_requests_is_in_the_records_only(site: Site) -> None:
    site.entries.append(replace(entry("203.0.113.99", name="d"), condition="path=/users"))
    contents = site.contents()
    assert await lines(contents, site) == FULL
    served = await contents.current()
    assert served is not None
    assert b'"condition": {"path": "/users"}' in served.bodies["/json"]
    assert b"203.0.113.99" not in served.bodies["/v4"]


async def test_withdrawal_and_expiry_empty_the_list(site: Site) -> None:
    contents = site.contents()
    assert await lines(contents, site) == FULL
    site.entries[0] = replace(site.entries[0], state="withdrawn")
    assert await lines(contents, site) == FULL[1:]
    first = await contents.current()
    site.entries = [replace(each, state="withdrawn") for each in site.entries]
    assert await lines(contents, site) == []
    served = await contents.current()
    assert first is not None
    assert served is not None
    assert (served.problem, served.entries) == ("", 0)
    assert served.modified > first.modified
    assert served.etag("/plain") != first.etag("/plain")


async def test_what_was_never_good_is_not_served_and_never_empty(site: Site) -> None:
    entries, site.entries = site.entries, []
    contents = site.contents()
    assert await lines(contents, site) is None
    site.failure = StoreError("gone")
    assert await lines(contents, site) is None
    site.failure, site.entries = None, entries
    assert await lines(contents, site) == FULL
    (site.directory / "feed.json").write_text("{broken")
    site.failure = StoreError("gone")
    assert await lines(site.contents(), site) is None
    assert any("cannot be read" in text for text in site.said)


async def test_a_protected_address_leaves_the_list_and_the_rest_stays(site: Site) -> None:
    site.entries.append(entry("203.0.113.200", name="d"))
    contents = site.contents()
    assert await lines(contents, site) == ["203.0.113.7", "203.0.113.64/26", "203.0.113.200", "2001:db8::/64"]
    site.guard = PEER
    site.entries.append(entry("192.0.2.1", name="later"))
    assert await lines(contents, site) == FULL
    assert "rail H1" in contents.problem
    site.entries[0] = replace(site.entries[0], state="withdrawn")
    assert await lines(contents, site) == FULL[1:], "a withdrawal counts all the same"
    site.entries[3] = replace(site.entries[3], state="withdrawn")
    assert await lines(contents, site) == ["192.0.2.1", *FULL[1:]]
    assert contents.problem == ""


async def test_a_disk_that_is_full_costs_a_restart_and_not_the_feed(site: Site, tmp_path: Path) -> None:
    contents = Contents(
        site.read, lambda: site.guard, tmp_path / "no" / "feed.json", lambda: site.now, site.said.append
    )
    assert await lines(contents, site) == FULL
    assert any("a restart forgets" in text for text in site.said)


@asynccontextmanager
async def running(site: Site, token: str | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    listening = Listening("127.0.0.1", 0, token, tls)
    task = asyncio.create_task(serve(site.contents(), listening, ready.set_result))
    try:
        yield await ready
    finally:
        task.cancel()
        await asyncio.wait({task})


async def curl(*arguments: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-q", "-sS", "-i", "-m", "10", "--noproxy", "*", *arguments, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    head, _, body = out.decode().partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    return (
        int(first.split()[1]),
        {name.lower(): value for name, _, value in (row.partition(": ") for row in rest)},
        body,
    )


async def test_curl_fetches_lists_and_only_what_has_changed(site: Site) -> None:
    need("curl")
    site.entries.append(entry("192.0.2.1", name="e", reason=HOSTILE[0]))
    async with running(site) as port:
        base = f"http://127.0.0.1:{port}"
        status, headers, body = await curl(f"{base}/plain")
        assert (status, body.split()) == (200, ["192.0.2.1", *FULL])
        assert (headers["x-apiwatch-state"], headers["x-apiwatch-entries"]) == ("current", "4")
        assert "content-encoding" not in headers
        tag, since = headers["etag"], headers["last-modified"]
        for known in (f"If-None-Match: {tag}", f'If-None-Match: "x", W/{tag}', f"If-Modified-Since: {since}"):
            status, headers, body = await curl("-H", known, f"{base}/plain")
            assert (status, headers["etag"], body) == (304, tag, "")
        site.now += 60
        assert (await curl("-H", f"If-None-Match: {tag}", f"{base}/plain"))[0] == 304, "time alone changes nothing"
        assert (await curl(f"{base}/v4"))[2].split() == ["192.0.2.1", *FULL[:2]]
        assert (await curl(f"{base}/v6"))[2].split() == FULL[2:]
        records = [json.loads(line) for line in (await curl(f"{base}/json"))[2].splitlines()]
        assert {row.get("net") for row in records} == {None, "192.0.2.1/32", "203.0.113.7/32", *FULL[1:]}
        status, headers, body = await curl("-I", f"{base}/edl")
        assert (status, headers["etag"], int(headers["content-length"]) > 40) == (200, tag, True)
        site.entries[0], site.now = replace(site.entries[0], state="withdrawn"), site.now + 60
        assert (await curl("-H", f"If-None-Match: {tag}", f"{base}/plain"))[0] == 200
        site.failure, site.now = StoreError("the state file\r\nX-Evil: 1 is locked"), site.now + 60
        status, headers, body = await curl(f"{base}/plain")
        assert (status, headers["x-apiwatch-state"], len(body.split())) == (200, "stale", 3)
        assert "x-evil" not in headers
        assert (await curl(f"{base}/nothing"))[0] == 404
        assert (await curl("-X", "DELETE", f"{base}/plain"))[0] == 405


async def test_tls_and_the_token_in_both_places(site: Site, tmp_path: Path) -> None:
    need("curl", "openssl")
    authority = Authority(tmp_path)
    issued = authority.issue("feed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    async with running(site, TOKEN, context) as port:
        base, trust = f"https://127.0.0.1:{port}/plain", ("--cacert", str(authority.certificate))
        assert (await curl(*trust, "-H", f"Authorization: Bearer {TOKEN}", base))[2].split() == FULL
        assert (await curl(*trust, f"{base}?token={TOKEN}"))[0] == 200
        for wrong in (base, f"{base}?token=x", f"{base}?token={TOKEN}x", f"{base}?TOKEN={TOKEN}"):
            status, headers, body = await curl(*trust, wrong)
            assert (status, "www-authenticate" in headers) == (401, True)
            assert "203.0.113" not in body
        assert (await curl(*trust, "-H", "Authorization: Bearer no", f"{base}?token={TOKEN}"))[0] == 401


RUDE = [
    (b"\r\n\r\n", b"400"),
    (b"GET /plain\r\n\r\n", b"400"),
    (b"GET /plain HTTP/1.1\r\nX: " + b"y" * 9000, b"431"),
    (b"GET http://[::1/plain HTTP/1.1\r\n\r\n", b"400"),
    (b"GET /plain HTTP/2.0\r\n\r\n", b"400"),
    (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
    (b"GET /../plain HTTP/1.1\r\n\r\n", b"404"),
    (b"GET /plain?" + b"a=1&" * 40 + b" HTTP/1.0\r\n\r\n", b"400"),
    (b"POST /plain HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd", b"405"),
    (b"GET /plain HTTP/1.1\r\nIf-Modified-Since: \xff\r\n\r\n", b"200"),
]


def asked(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as one:
        one.sendall(request)
        found = b""
        try:
            while piece := one.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
        return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_HEAD_S", 0.3)
    monkeypatch.setattr(serving, "_MOST_EACH", 8)


async def test_rude_slow_and_many_clients_do_not_stop_the_others(site: Site, impatient: None) -> None:
    async with running(site) as port:
        for request, status in RUDE:
            answer = await asyncio.to_thread(asked, port, request)
            assert answer.startswith(b"HTTP/1.1 " + status), (request[:40], answer[:60])
        assert (await asyncio.to_thread(asked, port, b"GET /pl")).startswith(b"HTTP/1.1 408")
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        assert b"too many connections" in await asyncio.to_thread(asked, port, b"GET /plain HTTP/1.1\r\n\r\n")
        for reader, writer in idle:
            assert (await reader.read()).startswith(b"HTTP/1.1 408")
            writer.close()
            await writer.wait_closed()
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.transport.abort()
        assert (await asyncio.to_thread(asked, port, b"GET /plain HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200")
