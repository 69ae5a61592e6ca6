"""The collector process: reads, detects and commits until it is told to stop or its input ends."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from apiwatch.collector.commits import Commits, owner_name
from apiwatch.collector.crawlers import BELIEVED_S, Crawlers
from apiwatch.collector.health import Rate, health_view, source_views
from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.errors import ApiwatchError, Fenced, StoreBusyError, StoreError, StoreGoneError
from apiwatch.formats import line_times
from apiwatch.model import Delta
from apiwatch.routes.openapi.files import read_specification
from apiwatch.sources import Feed, FeedOptions, SourceStatus
from apiwatch.store.views import INPUT_ENDED

__all__ = ["CollectorOptions", "collect"]

COMMIT_S = 1.0
"""Longest time between two commits, in seconds; a commit is also the heartbeat."""

SHORTEST_COMMIT_S = 0.25
"""Shortest time between two commits: what was read is seen soon."""

COMMIT_SHARE = 25.0
"""Commits may take one part in so many of the time; as they grow they become rarer, down to `COMMIT_S`."""

IDLE_TAKE_S = 10.0
"""Seconds between two full commits while no line arrives: event time may have closed windows and alerts."""

GRACE_S = 120.0
"""Seconds that event time waits for a quiet source before it moves on: servers write their logs late."""

LINES = 250
"""Newest requests that one commit may keep for the live view."""

LINES_S = 1.0
"""Seconds between two commits with lines while the collector is behind: what passes by then is history."""

_SHOWN = 5
"""Sources that are named when a collector starts."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """All that a collector process needs."""

    settings: Settings
    db: Path
    feed: FeedOptions
    salt: bytes
    """Key for hashes of credentials in a new state file; an existing one keeps its own."""
    lifeline_fd: int | None = None
    """Read end of a pipe; the collector stops when the other end is closed."""
    ready_fd: int | None = None
    """Write end of a pipe; gets the line `ready` when the state file is taken and the sources are open."""


async def collect(
    options: CollectorOptions, *, tell: Callable[[str], None], clock: Callable[[], float] = time.time
) -> None:
    """Run until a signal, the end of the input, or the end of the lifeline; then commit, checkpoint and return.

    `tell` gets one-line messages for the operator. Raises what made it fail, after a last heartbeat 'failed'.
    """
    collector = _Collector(options, tell, clock)
    await collector.run()


class _Collector:
    def __init__(self, options: CollectorOptions, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._options = options
        self._tell = tell
        self._clock = clock
        self._owner = owner_name()
        self._started = clock()
        specification = read_specification(options.settings.routes.openapi)
        self._engine = Engine(options.settings, salt=options.salt, specification=specification)
        self._commits = Commits(options.db, options.settings.retention)
        self._crawlers = Crawlers() if options.settings.classes.verify_crawlers else None
        self._feed: Feed | None = None
        self._offsets: dict[str, str] = {}
        """Offsets of batches that were fed since the last take."""
        self._pending: tuple[dict[str, str], Delta] | None = None
        """Taken from the engine, but not stored yet."""
        self._stop = asyncio.Event()
        self._stop_message = ""
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._fed = asyncio.Event()
        """The first lines were fed."""
        self._shows = asyncio.Event()
        """They are stored. Until then no more are read: whoever started the collector waits for a picture."""
        self._rate = Rate()
        self._interval = 0.0
        self._taken = self._committed = self._last_fed = time.monotonic()
        self._shown = 0.0
        """When lines were last taken."""
        self._last_event = 0.0
        """Newest event time when the sources fell quiet; 0 while lines arrive."""

    async def run(self) -> None:
        with self._signals(), self._lifeline():
            try:
                await self._open()
                try:
                    await self._work()
                    await self._finish("stopped", self._stop_message)
                    requests = sum(source.requests for source in self._engine.sources.values())
                    self._tell(f"{self._stop_message}; {requests} requests are on record in {self._options.db}")
                except BaseException as error:
                    await self._say_failed(error)
                    raise
            finally:
                if self._crawlers is not None:
                    await self._crawlers.close()
                if self._feed is not None:
                    await self._feed.aclose()
                await self._commits.close()

    async def _open(self) -> None:
        acquired = await self._commits.open(self._owner)
        try:
            self._engine.restore(acquired.state)
            self._engine.end_learning()
            self._engine.show_lines(LINES)
            await self._listen()
            await self._heartbeat("starting")
            times = line_times(self._options.settings.sources)
            self._feed = Feed(self._options.feed, offsets=acquired.offsets, time_of=times, clock=self._clock)
            await self._feed.open()
            await self._heartbeat("live")
        except BaseException as error:
            await self._say_failed(error)
            raise
        self._tell(f"collecting into {self._options.db}; {_summary(self._feed.statuses())}")
        if self._options.ready_fd is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._options.ready_fd, b"ready\n")
            os.close(self._options.ready_fd)

    async def _work(self) -> None:
        """Read in one task, commit about once a second in this one."""
        reading = asyncio.create_task(self._read())
        stopping = asyncio.create_task(self._stop.wait())
        first = asyncio.create_task(self._fed.wait())
        awaited = {reading, stopping, first}
        try:
            while not (reading.done() or stopping.done()):
                await asyncio.wait(awaited, timeout=SHORTEST_COMMIT_S, return_when=asyncio.FIRST_COMPLETED)
                if first.done():
                    awaited.discard(first)
                await self._tick()
        finally:
            for task in (first, stopping, reading):
                task.cancel()
            await asyncio.wait({first, stopping, reading})
        if not reading.cancelled():
            reading.result()
            self._stop_message = self._stop_message or INPUT_ENDED

    async def _read(self) -> None:
        feed, engine = self._feed, self._engine
        if feed is None:
            return
        async for batch in feed:
            engine.feed(batch)
            self._offsets[batch.source] = batch.next
            self._last_fed = time.monotonic()
            self._last_event = 0.0
            self._fed.set()
            await self._shows.wait()
            await asyncio.sleep(0)
            await self._may_read.wait()

    async def _tick(self) -> None:
        """Commit what was fed, or only the heartbeat; keep what cannot be stored, and stop reading meanwhile."""
        begin = time.monotonic()
        quiet = self._pending is None and not self._offsets
        if begin - self._committed < (COMMIT_S if quiet else self._interval):
            return
        if quiet:
            self._advance()
        heard = self._pending is None and (await self._listen() or self._verify())
        if self._pending is None and (heard or self._offsets or begin - self._taken >= IDLE_TAKE_S):
            self._take()
        try:
            await self._heartbeat("live")
        except (Fenced, StoreBusyError, StoreGoneError):
            raise
        except (StoreError, sqlite3.OperationalError, OSError) as error:
            if self._may_read.is_set():
                self._may_read.clear()
                self._tell(
                    f"the state file {self._options.db} cannot be written ({error}); "
                    "reading has stopped, nothing is lost, and it is tried again every second"
                )
            self._interval = COMMIT_S
            return
        finally:
            self._committed = time.monotonic()
        self._interval = min(COMMIT_S, max(SHORTEST_COMMIT_S, COMMIT_SHARE * (self._committed - begin)))
        if self._fed.is_set():
            self._shows.set()
        if not self._may_read.is_set():
            self._may_read.set()
            self._tell(f"the state file {self._options.db} can be written again; reading goes on")

    def _advance(self) -> None:
        """Move event time on while every source is read to its end: at the pace of the clock, from the last line on.

        The distance between log and clock is kept, so a log that arrives late or has a wrong zone is not cut short.
        """
        if self._feed is None or self._is_behind():
            return
        quiet_s = time.monotonic() - self._last_fed - GRACE_S
        if quiet_s > 0:
            self._last_event = self._last_event or self._engine.health().watermark
            self._engine.advance(self._last_event + quiet_s)

    async def _listen(self) -> bool:
        """Apply what operators said since the last commit, as part of the next one; whether there was anything.

        A file that cannot be read now is read at the next commit.
        """
        try:
            said = await self._commits.said(self._engine.desk.seq)
        except (StoreError, sqlite3.OperationalError, OSError):
            return False
        self._engine.act(said)
        return bool(said)

    def _verify(self) -> bool:
        """Let the engine know of crawlers that were confirmed; whether there were any."""
        found = self._crawlers.confirmed() if self._crawlers is not None else []
        for address, domain in found:
            self._engine.verify(address, domain, BELIEVED_S)
        return bool(found)

    def _is_behind(self) -> bool:
        return self._feed is not None and any(status.backlog_bytes for status in self._feed.statuses())

    def _take(self) -> None:
        now = time.monotonic()
        with_lines = now - self._shown >= LINES_S or not self._is_behind()
        if with_lines:
            self._shown = now
        delta = self._engine.take(with_lines=with_lines)
        self._pending = (self._offsets, delta)
        if self._crawlers is not None:
            for alert in delta.alerts:
                if self._engine.claims_to_crawl(alert):
                    self._crawlers.ask(alert.client)
        self._offsets = {}
        self._taken = time.monotonic()

    async def _heartbeat(self, state: str, message: str = "") -> None:
        """One commit: what is pending, with the collector's health; raises what the store raises."""
        statuses = self._feed.statuses() if self._feed is not None else []
        sources = source_views(self._engine.sources, statuses)
        lines = sum(source.lines for source in sources)
        health = health_view(
            self._engine.health(),
            sources,
            state=state,
            message=message,
            owner=self._owner,
            started=self._started,
            now=self._clock(),
            lines_per_s=self._rate.update(time.monotonic(), lines),
        )
        offsets, delta = self._pending or ({}, None)
        await self._commits.commit(offsets, delta, health, sources)
        self._pending = None

    async def _finish(self, state: str, message: str) -> None:
        if self._pending is not None:
            await self._heartbeat(state, message)
        self._shown = 0.0
        self._take()
        await self._heartbeat(state, message)

    async def _say_failed(self, error: BaseException) -> None:
        """A last heartbeat with the reason, if the store still takes it."""
        if isinstance(error, Fenced | StoreBusyError | StoreGoneError):
            return
        message = str(error) if isinstance(error, ApiwatchError) else f"internal error: {type(error).__name__}: {error}"
        self._pending = None
        with contextlib.suppress(Exception):
            await self._heartbeat("failed", message)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._stop_with, f"stopped by {number.name}")
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def _lifeline(self) -> Iterator[None]:
        descriptor = self._options.lifeline_fd
        if descriptor is None:
            yield
            return
        loop = asyncio.get_running_loop()

        def readable() -> None:
            if not os.read(descriptor, 4096):
                loop.remove_reader(descriptor)
                self._stop_with("the dashboard that started it has ended")

        loop.add_reader(descriptor, readable)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _stop_with(self, message: str) -> None:
        if not self._stop.is_set():
            self._stop_message = message
            self._stop.set()


def _summary(statuses: Sequence[SourceStatus]) -> str:
    """What is read, as a line for the operator: a misspelt path shows here."""
    shown = [f"{one.name} ({one.message or one.state})" for one in statuses[:_SHOWN]]
    more = [f"{len(statuses) - _SHOWN} more"] if len(statuses) > _SHOWN else []
    return f"sources: {', '.join(shown + more) or 'none'}"
