"""The store's writer in a thread of its own, so that a commit never holds the loop that reads."""

import asyncio
import getpass
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from apiwatch.config.settings import Retention
from apiwatch.model import Action, Delta
from apiwatch.store import Acquired, HealthView, SourceView, Writer, open_writer

__all__ = ["Commits", "owner_name"]

T = TypeVar("T")


def owner_name() -> str:
    """user@host of this process; '?' for a part that the system does not know."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"{user}@{socket.gethostname() or '?'}"


class Commits:
    """One shard of one state file, written by one thread, one call at a time."""

    def __init__(self, path: Path, retention: Retention, shard: int = 0) -> None:
        self._path = path
        self._retention = retention
        self._shard = shard
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="apiwatch-writer")
        self._writer: Writer | None = None
        self._epoch = 0

    async def open(self, owner: str) -> Acquired:
        """Open or create the state file and take the shard.

        Raises StoreBusyError when another collector lives, StoreVersionError and StoreError for a file that cannot be
        used.
        """
        self._writer = await self._call(lambda: open_writer(self._path, retention=self._retention))
        writer = self._writer
        acquired = await self._call(lambda: writer.acquire(self._shard, owner))
        self._epoch = acquired.epoch
        return acquired

    async def commit(
        self, offsets: Mapping[str, str], delta: Delta | None, health: HealthView, sources: Sequence[SourceView]
    ) -> None:
        """One transaction; a cancelled caller does not tear it. Raises Fenced and StoreError."""
        writer = self._writer
        if writer is not None:
            await self._call(lambda: writer.commit(self._shard, self._epoch, offsets, delta, health, sources))

    async def said(self, after: int) -> list[Action]:
        """What operators said since; see `Writer.said`."""
        writer = self._writer
        return [] if writer is None else await self._call(lambda: writer.said(after))

    async def close(self) -> None:
        """Checkpoint, close, and end the thread; safe to call twice."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                await self._call(writer.close)
        finally:
            self._thread.shutdown()

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))
