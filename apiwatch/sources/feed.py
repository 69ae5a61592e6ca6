"""One asynchronous sequence of batches from all sources."""

import asyncio
import contextlib
import dataclasses
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from apiwatch.errors import UsageError
from apiwatch.model import Batch
from apiwatch.sources.connections import TcpStream
from apiwatch.sources.fileset import FileSet
from apiwatch.sources.journal import JournalStream, journal_name
from apiwatch.sources.listen import parse_endpoint
from apiwatch.sources.options import FeedOptions, Reading, SourceStatus
from apiwatch.sources.pipe import PipeStream
from apiwatch.sources.seek import parse_since
from apiwatch.sources.stream import Stream, StreamContext
from apiwatch.sources.syslog import DatagramStream

__all__ = ["Feed"]

STDIN = "stdin"
_LONGEST_WAIT_SECONDS = 3600.0
_SPACING_SECONDS = 0.1
"""Shortest time from one look at the files to the next, while they are read as fast as they grow."""


class Feed:
    """Batches of complete lines from files, standard input, syslog and the journal; one consumer at a time.

    First the histories of all files, merged in event time when there are several; what streams deliver waits meanwhile.
    Then everything in the order of its arrival. A cancelled wait for the next batch loses nothing. The sequence ends
    when nothing more can come: with `follow` False when all is read (never, with syslog), else when standard input has
    ended and no file is followed.
    """

    def __init__(
        self,
        options: FeedOptions,
        *,
        offsets: Mapping[str, str],
        time_of: Callable[[bytes], float | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._offsets = dict(offsets)
        self._clock = clock
        self._reading = Reading(
            options.follow, options.poll_interval, options.line_bytes, options.batch_lines, time_of, clock
        )
        self._files: FileSet | None = None
        self._streams: list[Stream] = []
        self._ready: deque[Batch] = deque()
        self._wake = asyncio.Event()
        self._executor: ThreadPoolExecutor | None = None
        self._job: asyncio.Future[None] | None = None
        self._next_step = 0.0
        self._last_step = 0.0
        self._armed = False
        self._closed = False

    async def open(self) -> None:
        """Check paths, find the places to start at, bind sockets.

        Raises UsageError for a `since` or syslog URL that means nothing, and InputError for what cannot be read:
        directory, binary file, missing file without `follow`, port in use. Nothing stays open then.
        """
        options = self._options
        since = parse_since(options.since, self._clock())
        endpoints = [parse_endpoint(url) for url in options.syslog]
        if len(set(endpoints)) < len(endpoints):
            raise UsageError("--syslog names the same address twice; name it once.")
        context = StreamContext(options, self._wake.set, self._clock)
        try:
            if options.stdin_fd is not None:  # first: its number, if it is closed, must not be given to another file
                stdin = PipeStream(STDIN, context, self._offsets.get(STDIN, ""), fd=options.stdin_fd)
                self._streams.append(stdin)
                await stdin.open()
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="apiwatch-files")
            self._files = FileSet(options.paths, self._reading, since, self._offsets)
            files = self._files
            await self._in_thread(files.open)
            streams: list[Stream] = [
                PipeStream(path, context, self._offsets.get(path, ""), kind="file") for path in files.pipes
            ]
            for endpoint in endpoints:
                kind = TcpStream if endpoint.scheme in ("tcp", "tls") else DatagramStream
                streams.append(kind(endpoint, context, self._offsets.get(endpoint.url, "")))
            streams += [
                JournalStream(unit, context, since, self._offsets.get(journal_name(unit), ""))
                for unit in dict.fromkeys(options.journal)
            ]
            for stream in streams:
                self._streams.append(stream)
                await stream.open()
        except BaseException:
            await self.aclose()
            raise

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Run file work in the one worker thread; when the wait is cancelled, the work goes on."""
        await self._settle()
        if self._executor is None or self._closed:
            raise StopAsyncIteration
        self._job = asyncio.get_running_loop().run_in_executor(self._executor, work)
        await asyncio.shield(self._job)
        self._job = None

    async def _settle(self) -> None:
        if self._job is not None:
            await asyncio.wait({self._job})
            job, self._job = self._job, None
            if not job.cancelled():
                job.result()

    def __aiter__(self) -> AsyncIterator[Batch]:
        """The feed itself; iterate once."""
        return self

    async def __anext__(self) -> Batch:
        """The next batch."""
        while not self._closed:
            if self._ready:
                return self._ready.popleft()
            self._wake.clear()
            files = self._files
            if files is None:
                break
            self._gather(files)
            busy = await self._step(files)
            if self._ready:
                continue
            if self._is_finished(files):
                break
            if not busy:
                await self._wait(files)
        raise StopAsyncIteration

    def _gather(self, files: FileSet) -> None:
        """Take what streams have, once the histories of the files are through."""
        if files.caught_up:
            for stream in self._streams:
                batch = stream.take()
                if batch is not None:
                    self._ready.append(batch)

    async def _step(self, files: FileSet) -> bool:
        """Let files and regular standard input be read; returns whether there is more to read at once."""
        busy = False
        if files.caught_up:
            for stream in self._streams:
                await stream.fill()
        if not files.finished and (time.monotonic() >= self._next_step or files.busy):
            await self._in_thread(lambda: self._read_files(files))
            busy = files.busy
            if not busy:
                self._last_step = time.monotonic()
                self._next_step = self._last_step + files.patience
                self._arm(files)
        elif self._streams:
            await asyncio.sleep(0)
        return busy or (files.caught_up and any(stream.waits for stream in self._streams))

    def _read_files(self, files: FileSet) -> None:
        self._ready.extend(files.step())

    def _arm(self, files: FileSet) -> None:
        """Be woken once when something happens to the files."""
        if not self._armed and files.fileno >= 0 and not self._closed:
            asyncio.get_running_loop().add_reader(files.fileno, self._disarm, files)
            self._armed = True

    def _disarm(self, files: FileSet) -> None:
        if self._armed:
            asyncio.get_running_loop().remove_reader(files.fileno)
            self._armed = False
            self._next_step = min(self._next_step, self._last_step + _SPACING_SECONDS)
            self._wake.set()

    def _is_finished(self, files: FileSet) -> bool:
        return files.finished and all(stream.ended and not stream.waits for stream in self._streams)

    async def _wait(self, files: FileSet) -> None:
        seconds = _LONGEST_WAIT_SECONDS if files.finished else max(0.0, self._next_step - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def statuses(self) -> list[SourceStatus]:
        """Every source as it is now; the backlog includes batches that were read and not fetched yet."""
        if self._files is None:
            return []
        found = self._files.statuses() + [stream.status() for stream in self._streams]
        waiting: dict[str, int] = {}
        for batch in tuple(self._ready):
            waiting[batch.source] = waiting.get(batch.source, 0) + sum(map(len, batch.lines)) + len(batch.lines)
        return [
            dataclasses.replace(one, backlog_bytes=one.backlog_bytes + waiting[one.name])
            if one.name in waiting
            else one
            for one in found
        ]

    async def aclose(self) -> None:
        """Close everything; may be called at any moment, also twice. An iteration that waits then ends."""
        self._closed = True
        self._wake.set()
        with contextlib.suppress(Exception):
            await self._settle()
        for stream in self._streams:
            await stream.close()
        if self._files is not None:
            self._disarm(self._files)
            self._files.close()
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None
