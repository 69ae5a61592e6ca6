"""The dashboard in a real browser: Chromium, driven by its DevTools protocol."""

import asyncio
import base64
import os
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte
import pytest

from tests.cli.program import wait_for
from tests.cli.test_serve import TOKEN, server
from tests.store.rows import Collector
from tests.store.test_reading import WALKER, fill

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EXPRESSION = "[document.body.className, location.href, document.cookie].join('|')"


class Tab:
    """One tab; a terminal reads along what its websocket brings."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.screen = pyte.Screen(200, 80)
        self._stream = pyte.ByteStream(self.screen)
        self._socket = socket
        self._number = 0

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and take what happens until it is answered."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == self._number:
                return dict(message.get("result", {}))
            self._take(message["method"], message["params"])

    def _take(self, event: str, said: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif event == "Network.webSocketFrameReceived" and said["response"]["opcode"] == 2:
            self._stream.feed(base64.b64decode(said["response"]["payloadData"]))
        elif event == "Runtime.exceptionThrown" or (event == "Log.entryAdded" and said["entry"]["level"] == "error"):
            self.complaints.append(str(said))

    async def shows(self, wanted: str) -> None:
        async with asyncio.timeout(30):
            while wanted not in "\n".join(self.screen.display):
                await self.ask("Runtime.evaluate", expression="1")
                await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.ask("Input.dispatchKeyEvent", type=kind, key=key, **({"text": key} if kind == "keyDown" else {}))


@asynccontextmanager
async def browsing(profile: Path) -> AsyncIterator[Tab]:
    """An empty tab of a fresh Chromium."""
    assert CHROMIUM is not None
    options = [
        "--headless=new",
        "--disable-gpu",
        "--disable-3d-apis",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
    ]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *options, f"--user-data-dir={profile}", "about:blank", stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        found = profile / "DevToolsActivePort"
        wait_for(lambda: found.exists() and found.read_text().count("\n") > 0, "the port of Chromium")
        base = f"http://127.0.0.1:{found.read_text().split()[0]}"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/json") as response:
                tabs = await response.json(content_type=None)
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
async def test_chromium_shows_the_dashboard_and_types_into_it(home: Path, tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    with Collector(db) as collector:
        fill(collector)
        with server(home, db, APIWATCH_TOKEN=TOKEN) as (link, _process):
            url = link.partition("?")[0]
            async with browsing(tmp_path / "profile") as tab:
                for domain in ("Network", "Runtime", "Log", "Page"):
                    await tab.ask(f"{domain}.enable")
                await tab.ask("Page.navigate", url=link)
                await tab.shows(WALKER)
                await tab.shows("READ-ONLY")
                await tab.press("B")
                await tab.shows("block queue")
                state = (await tab.ask("Runtime.evaluate", expression=EXPRESSION))["result"]["value"]
                assert state == f"-loaded -first-byte|{url}|"
                assert tab.complaints == []
                assert [one for one in tab.requests if not one.startswith((url, "data:"))] == []
