"""What the tests of sources share: feeds that are read until a condition holds, and lines with times."""

import asyncio
import gzip
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from apiwatch.model import Batch
from apiwatch.sources import Feed, FeedOptions, SourceStatus

DEADLINE_SECONDS = 10.0
_EPOCH = re.compile(rb"t=(\d+(?:\.\d+)?)")


def time_of(line: bytes) -> float | None:
    """Event time of a test line: `... t=SECONDS ...`."""
    found = _EPOCH.search(line)
    return float(found[1]) if found else None


def timed(start: int, count: int, *, step: int = 1, text: str = "line") -> list[bytes]:
    """Lines with times `start`, `start + step`, ..."""
    return [f"{text} t={start + step * index} #{index}".encode() for index in range(count)]


def joined(lines: Iterable[bytes]) -> bytes:
    """Lines with LF ends."""
    return b"".join(line + b"\n" for line in lines)


def append(path: Path, data: bytes) -> None:
    """Append as a log writer does."""
    with path.open("ab") as file:
        file.write(data)


def pack(path: Path, data: bytes) -> None:
    """Write a gzip file."""
    path.write_bytes(gzip.compress(data))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def eventually(condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Let other tasks run until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition does not come true"
        await asyncio.sleep(0.002)


def descriptors() -> set[str]:
    """Open descriptors of this process and what they are."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(f"{entry.name} {entry.readlink()}")
    return found


class Clock:
    """Stands in for the module `time`: a clock that moves on only when it is told to, or by a step with each look."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.step = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        self.now += self.step
        return self.now


class Tap:
    """A feed with all that has come out of it."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.batches: list[Batch] = []
        self.offsets: dict[str, str] = {}
        self.number = 0
        """Lines that came."""

    @property
    def lines(self) -> list[bytes]:
        """All lines in the order of their delivery."""
        return [line for batch in self.batches for line in batch.lines]

    def of(self, source: str | Path) -> list[bytes]:
        """Lines of one source."""
        return [line for batch in self.batches if batch.source == str(source) for line in batch.lines]

    def status(self, name: str | Path) -> SourceStatus:
        """Status of one source."""
        return next(status for status in self.feed.statuses() if status.name == str(name))

    def took(self, batch: Batch) -> None:
        """Remember a batch."""
        self.batches.append(batch)
        self.number += len(batch.lines)
        self.offsets[batch.source] = batch.next

    async def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
        """Read on until the condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{len(self.lines)} lines, {self.feed.statuses()}"
            try:
                self.took(await asyncio.wait_for(anext(self.feed), 0.05))
            except TimeoutError:
                continue
            except StopAsyncIteration:
                assert condition(), f"ended: {len(self.lines)} lines, {self.feed.statuses()}"

    async def count(self, number: int) -> list[bytes]:
        """Read on until that many lines came, and return all."""
        await self.until(lambda: self.number >= number)
        return self.lines

    async def rest(self) -> list[bytes]:
        """Read to the end of a feed that ends."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for batch in self.feed:
                self.took(batch)
        return self.lines


@asynccontextmanager
async def tapped(
    *paths: str | Path,
    offsets: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
    options: FeedOptions | None = None,
    since: str = "start",
    follow: bool = True,
) -> AsyncIterator[Tap]:
    """An open feed, closed at the end."""
    base = options or FeedOptions(paths=(), poll_interval=0.01)
    wanted = replace(base, paths=tuple(map(str, paths)), since=since, follow=follow)
    feed = Feed(wanted, offsets=offsets or {}, time_of=time_of, clock=clock)
    await feed.open()
    try:
        yield Tap(feed)
    finally:
        await feed.aclose()
