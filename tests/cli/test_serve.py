"""The dashboard in a browser: who comes in, what a visitor can do, and that nobody is left behind."""

import asyncio
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pyte
import pytest

from apiwatch.cli.serve import access_token
from apiwatch.serve import Access
from apiwatch.serve.visitor import clamped
from tests.cli.program import command, environment, is_alive, refused, run, wait_for
from tests.store.rows import Collector
from tests.store.test_reading import WALKER, fill

TOKEN = "not-a-secret-of-anybody"  # noqa: S105  test data
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("host", "origin", "site", "comes_in"),
    [
        ("127.0.0.1:8000", None, None, True),
        ("[::1]:8000", "http://[::1]:8000", "same-origin", True),
        ("localhost:8000", "http://localhost:8000", None, True),
        ("ops.example:8000", "https://ops.example:8000", None, True),
        ("OPS.example:8000", None, "none", True),
        ("evil.example:8000", None, None, False),
        ("127.0.0.1.evil.example:8000", None, None, False),
        ("127.0.0.1:8000", "http://evil.example", None, False),
        ("127.0.0.1:8000", "http://127.0.0.1:9000", None, False),
        ("127.0.0.1:8000", "null", None, False),
        ("127.0.0.1:8000", "", None, False),
        ("127.0.0.1:8000", None, "cross-site", False),
        ("127.0.0.1:8000", None, "same-site", False),
        ("", None, None, False),
        ("[::1", None, None, False),
    ],
)
def test_only_our_names_and_pages_come_in(host: str, origin: str | None, site: str | None, comes_in: bool) -> None:
    assert (Access(None, ["ops.example"]).refusal(host, origin, site) == "") is comes_in


def test_token_sessions_and_links() -> None:
    access = Access(TOKEN)
    assert access.admits(None, f"bearer {TOKEN}")
    for authorization in (None, "", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \udc80"):
        assert not access.admits(None, authorization)
    session = access.new_session()
    assert access.admits(session, None)
    assert not access.admits(session + "x", None)
    for _ in range(1000):
        access.new_session()
    assert not access.admits(session, None)
    code = access.new_code()
    assert not access.takes_code(TOKEN)
    assert access.takes_code(code)
    assert not access.takes_code(code)
    assert Access(None).admits(None, None)
    assert clamped(10**9, -1) == (500, 1)


def test_server_is_refused_without_need_of_a_library_or_a_port(home: Path, tmp_path: Path) -> None:
    with Collector(tmp_path / "state.db") as collector:
        collector.commit()
    db = f"--db={tmp_path / 'state.db'}"
    assert "--token-file FILE" in refused(home, 2, "serve", db, "--bind=0.0.0.0")
    assert "not an IP address" in refused(home, 2, "serve", db, "--bind=example.org")
    (tmp_path / "token").write_text("short")
    assert "openssl rand" in refused(home, 2, "serve", db, f"--token-file={tmp_path / 'token'}")
    absent = "import sys; sys.modules['textual_serve'] = None; from apiwatch.cli import main; main(['serve'])"
    done = subprocess.run(
        [sys.executable, "-c", absent], capture_output=True, text=True, check=False, env=environment(home)
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install 'apiwatch[web]'" in done.stderr


@contextmanager
def server(home: Path, db: Path, *arguments: str, **more: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a server, with its link's code if it asks for a token; and its process."""
    with subprocess.Popen(
        command("serve", f"--db={db}", "--port=0", *arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home, **more),
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.search(r"open (http\S+)", said)
            assert found is not None, said
            yield found[1], process
        finally:
            process.kill()


class Browser:
    """A websocket with a terminal behind it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = bytearray()
        self._socket = socket
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)

    async def type(self, keys: str) -> None:
        await self._socket.send_json(["stdin", keys])

    async def wait(self, wanted: str) -> str:
        async with asyncio.timeout(30):
            while wanted not in (text := "\n".join(self._screen.display)):
                message = await self._socket.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, text)
                self.raw += message.data
                self._stream.feed(message.data)
        return text


@asynccontextmanager
async def visiting(session: aiohttp.ClientSession, url: str, **headers: str) -> AsyncIterator[Browser]:
    async with session.ws_connect(f"{url}ws?width=100&height=30", headers=headers) as socket:
        yield Browser(socket)


def dashboards(server_pid: int) -> list[int]:
    """Process ids of a server's visitors."""
    found = subprocess.run(["ps", "--ppid", str(server_pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


async def status(session: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with session.get(url, headers=headers) as response:
        return response.status


async def test_a_server_on_all_addresses_is_opened_by_its_name(home: Path, tmp_path: Path) -> None:
    db, token = tmp_path / "state.db", tmp_path / "token"
    with Collector(db) as collector:
        collector.commit()
    token.touch(0o600)
    token.write_text(TOKEN)
    with server(home, db, "--bind=0.0.0.0", f"--token-file={token}") as (link, _):
        assert link.startswith(f"http://{socket.gethostname()}:")
        port, name = urlsplit(link).port, {"Host": urlsplit(link).netloc}
        async with (
            aiohttp.ClientSession(headers={**BEARER, **name}) as session,
            session.get(f"http://127.0.0.1:{port}/") as response,
        ):
            assert response.status == 200, "and it goes by that name"


def test_a_token_that_others_can_read_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    for mode, warned in ((0o600, False), (0o640, True), (0o604, True)):
        token.chmod(mode)
        assert access_token(str(token)) == TOKEN
        assert ("chmod 600" in capsys.readouterr().err) is warned


async def test_visitor_looks_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    with Collector(db) as collector:
        fill(collector)
        with server(home, db, "--visitors=1", APIWATCH_TOKEN=TOKEN) as (link, process):
            url = link.partition("?")[0]
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                assert await status(session, url) == 401
                assert await status(session, f"{url}ws") == 401
                assert await status(session, f"{url}static/textual/js/textual.js") == 401
                assert await status(session, url, **BEARER) == 200
                assert await status(session, url, **BEARER, Host="evil.example") == 403
                assert await status(session, f"{url}ws", **BEARER, Origin="http://evil.example") == 403
                async with session.get(link) as response:
                    cookie = response.headers["Set-Cookie"]
                    assert "HttpOnly" in cookie
                    assert "SameSite=Strict" in cookie
                    assert TOKEN not in cookie
                async with session.get(url) as response:
                    page = await response.text()
                    assert response.status == 200
                    assert "http" not in page.replace("<!doctype html>", "")
                    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
                async with visiting(session, url, Origin=url.rstrip("/")) as browser:
                    assert "READ-ONLY" in await browser.wait(WALKER)
                    assert await status(session, f"{url}ws") == 503
                    await browser.type("abB")
                    await browser.wait("block queue")
                    await browser.type("o?")
                    assert "write the export" not in await browser.wait("on this screen")
                    (dashboard,) = dashboards(process.pid)
                    assert resource.prlimit(dashboard, resource.RLIMIT_FSIZE) == (0, 0)
                wait_for(lambda: not is_alive(dashboard), "the end of the dashboard whose browser has gone")
                wait_for(lambda: not dashboards(process.pid), "an empty server")
                async with visiting(session, url) as browser:
                    await browser.wait(WALKER)
                    (dashboard,) = dashboards(process.pid)
                    process.send_signal(signal.SIGTERM)
                    wait_for(lambda: not is_alive(dashboard), "the end of the dashboard whose server was stopped")
                    assert await asyncio.to_thread(process.wait, 10) == 0
    assert run(home, "block", "list", "--json", f"--db={db}").stdout == ""


async def test_visitor_may_act_when_told_so_and_dies_with_a_killed_server(home: Path, tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    with Collector(db) as collector:
        fill(collector)
        with server(home, db, "--read-write") as (url, process):
            async with aiohttp.ClientSession() as session, visiting(session, url) as browser:
                assert "READ-ONLY" not in await browser.wait(WALKER)
                await browser.type("a")
                await browser.wait("Acknowledge alert")
                (dashboard,) = dashboards(process.pid)
                os.kill(process.pid, signal.SIGKILL)
                wait_for(lambda: not is_alive(dashboard), "the end of the dashboard whose server was killed")
