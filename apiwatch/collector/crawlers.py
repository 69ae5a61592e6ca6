"""Whether an address that calls itself a crawler is one: forward-confirmed reverse DNS, off the way of the lines.

An address belongs to a search engine when its name (PTR) ends with a domain of the engine, and that name leads back to
the address: so the documentation of Google, Bing, Apple and Yandex tells to verify their crawlers.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address

__all__ = ["BELIEVED_S", "DOMAINS", "Crawlers", "crawler_domain"]

BELIEVED_S = 86_400.0
"""Seconds of event time for which an answer is believed."""

DOMAINS = (
    "googlebot.com", "google.com", "search.msn.com", "applebot.apple.com", "yandex.ru", "yandex.net", "yandex.com",
    "crawl.baidu.com", "crawl.baidu.jp", "crawl.yahoo.net", "qwant.com", "babbar.eu", "babbar.tech",
    "crawl.amazonbot.amazon", "crawl.sogou.com",
)  # fmt: skip
"""Domains from which search engines crawl."""

_ASKED_KEPT = 10_000
_WAITING = 50
_PATIENCE_S = 5.0


def crawler_domain(address: str, domains: Iterable[str] = DOMAINS) -> str:
    """The domain that an address crawls for, as the system's resolver knows; '' when it is not confirmed. Blocks."""
    try:
        ip_address(address)
        name = socket.gethostbyaddr(address)[0].rstrip(".").lower()
        domain = next((one for one in domains if name == one or name.endswith(f".{one}")), "")
        if domain and address in {info[4][0] for info in socket.getaddrinfo(name, None)}:
            return domain
    except (OSError, ValueError):
        pass
    return ""


class Crawlers:
    """Looks addresses up, each once, one after the other, in a thread."""

    def __init__(self, domains: Iterable[str] = DOMAINS) -> None:
        self._domains = tuple(domains)
        self._asked: dict[str, None] = {}
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING)
        self._found: list[tuple[str, str]] = []
        self._task: asyncio.Task[None] | None = None

    def ask(self, address: str) -> None:
        """Look an address up soon; nothing happens when it was asked before, or when too many wait."""
        if address in self._asked or self._waiting.full():
            return
        if len(self._asked) >= _ASKED_KEPT:
            del self._asked[next(iter(self._asked))]
        self._asked[address] = None
        self._waiting.put_nowait(address)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    def confirmed(self) -> list[tuple[str, str]]:
        """Addresses and domains that were confirmed since the last call."""
        found, self._found = self._found, []
        return found

    async def close(self) -> None:
        """Stop asking; a look-up under way is left to end by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _work(self) -> None:
        while True:
            address = await self._waiting.get()
            try:
                domain = await asyncio.wait_for(
                    asyncio.to_thread(crawler_domain, address, self._domains), timeout=_PATIENCE_S
                )
            except TimeoutError:
                continue
            if domain:
                self._found.append((address, domain))
