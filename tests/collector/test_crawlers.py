"""Crawlers are confirmed by the system's own resolver: /etc/hosts knows this machine."""

import asyncio
import socket

import pytest

from apiwatch.collector.crawlers import Crawlers, crawler_domain


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
