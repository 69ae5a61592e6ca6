"""Reading a whole log once at full speed: no clock, no waiting, few commits."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from apiwatch.collector.commits import Commits, owner_name
from apiwatch.collector.health import health_view, source_views
from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.engine.fields import missing_fields
from apiwatch.engine.peers import first_hint
from apiwatch.formats import line_times
from apiwatch.model import Delta
from apiwatch.routes.openapi.files import read_specification
from apiwatch.sources import Feed, FeedOptions
from apiwatch.store import HealthView, SourceView
from apiwatch.store.views import INPUT_ENDED

__all__ = ["Progress", "read_history"]

COMMIT_S = 2.0
"""Seconds between two commits while there are alerts to tell."""

QUIET_S = 10.0
"""Seconds between two commits while there are none: each of them stores all clients that were seen since the last."""

COMMIT_SHARE = 20.0
"""Taking and storing may need one part in so many of the time: as they grow they become rarer."""

PENDING = 10_000
"""Clients and principals with rows to store at which reading waits for a commit."""

PROGRESS_S = 1.0
"""Seconds between two reports of progress."""


class Progress(NamedTuple):
    """What was read by this run (earlier content of the state file not counted), and what the engine knows by now."""

    lines: int
    requests: int
    unparsed: int
    skipped: int
    copies: int
    """Requests that stood in two logs, and counted once; part of `skipped`."""
    clients: int
    """Distinct clients; those that were evicted and came back are counted again."""
    principals: int
    routes: int
    alerts: int
    """Alert rows, open and closed."""
    notified: int
    """Notifications, and those above the budget of an hour, which stand in the list only."""
    withheld: int
    owned: int
    """Objects whose owner is known."""
    first_time: float
    last_time: float
    read_bytes: int
    resumed: bool
    """Whether the state file already held offsets of sources."""
    problem: str
    """Why a source could not be read, as a sentence that names it; '' when all could."""
    missing: list[str]
    """Fields that none of the logs has."""
    proxy: str
    """What to do about a log that shows the proxy instead of the clients, as a sentence; '' when none does."""


async def read_history(
    settings: Settings,
    db: Path,
    options: FeedOptions,
    *,
    salt: bytes,
    on_delta: Callable[[Delta], None],
    on_progress: Callable[[Progress], None],
    resumable: bool = True,
    learn: bool = False,
) -> Progress:
    """Read `options.paths` to their end into `db`; returns the totals.

    With `learn` the lines only teach what is normal, and raise no alerts. A `db` that is not `resumable` holds all
    rows, but not the engine's state: nothing can be added to it later.

    `on_delta` gets each delta in order, `on_progress` is called about every second. Raises InputError and StoreError.
    """
    history = _History(settings, db, salt, on_delta, on_progress, resumable, learn)
    try:
        return await history.run(options)
    finally:
        await history.close()


class _History:
    def __init__(
        self,
        settings: Settings,
        db: Path,
        salt: bytes,
        on_delta: Callable[[Delta], None],
        on_progress: Callable[[Progress], None],
        resumable: bool,
        learn: bool,
    ) -> None:
        self._times = line_times(settings.sources)
        self._engine = Engine(settings, salt=salt, specification=read_specification(settings.routes.openapi))
        self._commits = Commits(db, settings.retention)
        self._on_delta = on_delta
        self._on_progress = on_progress
        self._resumable = resumable
        self._learn = learn
        self._feed: Feed | None = None
        self._offsets: dict[str, str] = {}
        self._writing: asyncio.Task[None] | None = None
        self._stored_s = 0.0
        """How long the last commit took."""
        self._before = (0, 0, 0, 0, 0)
        self._resumed = False
        self._started = time.time()
        self._owner = owner_name()

    async def run(self, options: FeedOptions) -> Progress:
        acquired = await self._commits.open(self._owner)
        engine = self._engine
        engine.restore(acquired.state)
        if self._learn:
            engine.begin_learning()
        else:
            engine.end_learning()
        engine.act(await self._commits.said(engine.desk.seq))
        self._before = self._counted()
        self._resumed = bool(acquired.offsets)
        feed = self._feed = Feed(options, offsets=acquired.offsets, time_of=self._times)
        await feed.open()
        told = time.monotonic()
        due = told + COMMIT_S
        async for batch in feed:
            engine.feed(batch)
            self._offsets[batch.source] = batch.next
            now = time.monotonic()
            full = engine.pending >= PENDING
            ready = now >= due and (engine.has_news or now >= due + QUIET_S - COMMIT_S)
            if full or (ready and (self._writing is None or self._writing.done())):
                await self._commit("catching-up", "")
                due = now + max(COMMIT_S, COMMIT_SHARE * (time.monotonic() - now + self._stored_s))
            if now >= told + PROGRESS_S:
                self._on_progress(self._progress())
                told = now
            await asyncio.sleep(0)
        engine.end_learning()
        await self._commit("stopped", INPUT_ENDED)
        await self._written()
        return self._progress()

    async def close(self) -> None:
        if self._feed is not None:
            await self._feed.aclose()
        if self._writing is not None:
            await asyncio.wait({self._writing})
        await self._commits.close()

    async def _commit(self, state: str, message: str) -> None:
        """Take a delta and store it in the writer's thread, while reading goes on."""
        await self._written()
        delta = self._engine.take(with_state=self._resumable)
        offsets, self._offsets = self._offsets, {}
        sources = source_views(self._engine.sources, self._feed.statuses() if self._feed is not None else [])
        health = health_view(
            delta.health,
            sources,
            state=state,
            message=message,
            owner=self._owner,
            started=self._started,
            now=time.time(),
            lines_per_s=0.0,
        )
        self._writing = asyncio.create_task(self._store(offsets, delta, health, sources))
        self._on_delta(delta)

    async def _store(
        self, offsets: dict[str, str], delta: Delta, health: HealthView, sources: list[SourceView]
    ) -> None:
        begin = time.monotonic()
        await self._commits.commit(offsets, delta, health, sources)
        self._stored_s = time.monotonic() - begin

    async def _written(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    def _counted(self) -> tuple[int, int, int, int, int]:
        sources = self._engine.sources.values()
        return (
            sum(source.lines for source in sources),
            sum(source.requests for source in sources),
            sum(source.unparsed for source in sources),
            sum(source.skipped for source in sources),
            sum(source.copies for source in sources),
        )

    def _progress(self) -> Progress:
        engine, health = self._engine, self._engine.health()
        lines, requests, unparsed, skipped, copies = (
            now - before for now, before in zip(self._counted(), self._before, strict=True)
        )
        sources = [source for source in engine.sources.values() if source.requests]
        statuses = self._feed.statuses() if self._feed is not None else []
        return Progress(
            lines=lines,
            requests=requests,
            unparsed=unparsed,
            skipped=skipped,
            copies=copies,
            clients=health.clients + health.clients_evicted,
            principals=health.principals + health.principals_evicted,
            routes=health.routes,
            alerts=len(engine.book),
            owned=sum(param.owners.objects for param in engine.params.values() if param.owners is not None),
            notified=health.notified,
            withheld=health.withheld,
            first_time=min((source.first_time for source in sources), default=0.0),
            last_time=max((source.last_time for source in sources), default=0.0),
            read_bytes=sum(status.read_bytes for status in statuses),
            resumed=self._resumed,
            problem=next((f"{one.name} {one.message}" for one in statuses if one.state == "error"), ""),
            missing=missing_fields(source.fields for source in engine.sources.values()),
            proxy=first_hint((source.name, source.peers) for source in engine.sources.values()),
        )
