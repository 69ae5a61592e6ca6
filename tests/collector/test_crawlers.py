"""Crawlers are confirmed by the system's own resolver: /etc/hosts knows this machine."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from apiwatch.collector import CollectorOptions, collect
from apiwatch.collector.crawlers import Crawlers, crawler_domain
from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.errors import StoreError
from apiwatch.sources import FeedOptions
from apiwatch.store import open_reader
from tests.cli.logs import START, line, text_of


def resolves() -> bool:
    try:
        return socket.gethostbyaddr("127.0.0.1")[0] == "localhost"
    except OSError:
        return False


needs_localhost = pytest.mark.skipif(not resolves(), reason="127.0.0.1 is not called localhost here")


@needs_localhost
def test_name_must_belong_to_a_crawler_and_lead_back() -> None:
    assert crawler_domain("127.0.0.1", ("localhost",)) == "localhost"
    assert crawler_domain("127.0.0.1", ("host",)) == "", "only whole labels count"
    assert crawler_domain("127.0.0.1") == ""


@pytest.mark.parametrize("address", ["no address", "", "a" * 300, "x\x00y"])
def test_what_cannot_be_looked_up_is_no_crawler(address: str) -> None:
    assert crawler_domain(address, ("localhost",)) == ""


@needs_localhost
async def test_each_address_is_looked_up_once_and_told_once() -> None:
    crawlers = Crawlers(("localhost",))
    crawlers.ask("127.0.0.1")
    crawlers.ask("127.0.0.1")
    found: list[tuple[str, str]] = []
    for _ in range(500):
        found += crawlers.confirmed()
        if found:
            break
        await asyncio.sleep(0.01)
    crawlers.ask("127.0.0.1")
    await asyncio.sleep(0.05)
    assert found + crawlers.confirmed() == [("127.0.0.1", "localhost")]
    await crawlers.close()


@needs_localhost
async def test_collector_asks_about_alerted_crawlers_and_believes_what_is_confirmed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real collector in this process, on a search engine that crawls from localhost."""
    monkeypatch.setattr("apiwatch.collector.live.Crawlers", lambda: Crawlers(("localhost",)))
    log, db = home / "access.log", home / "one.db"
    walk = [line(START + step, "127.0.0.1", f"/api/users/{500 + step}", agent="SearchBot/1.0") for step in range(40)]
    log.write_text(text_of([*walk[:1], *walk]))
    settings = Settings(classes=Classes(verify_crawlers=True))
    feed = FeedOptions(paths=(str(log),), since="start")
    read_end, write_end = os.pipe()
    options = CollectorOptions(settings, db, feed, b"x", lifeline_fd=read_end)
    running = asyncio.create_task(collect(options, tell=lambda _text: None))

    async def seen() -> list[tuple[str, str]]:
        if not db.exists():
            return []
        reader = await open_reader(db)
        try:
            return [
                (view.alert.explanation.severity, view.alert.explanation.subject.client_class)
                for view in await reader.alerts()
            ]
        except StoreError:
            return []
        finally:
            await reader.close()

    for _ in range(300):
        if await seen() == [("info", "crawler")]:
            break
        await asyncio.sleep(0.1)
    assert await seen() == [("info", "crawler")]
    os.close(write_end)
    await running
