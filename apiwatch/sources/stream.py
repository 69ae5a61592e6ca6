"""Sources that cannot be read again: what arrives waits in a bounded queue until the feed takes it."""

from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from apiwatch.model import Batch
from apiwatch.sources.options import FeedOptions, SourceStatus, State

__all__ = ["LineQueue", "Stream", "StreamBase", "StreamContext"]

_SAME_ARRIVAL_SECONDS = 1.0
_BATCH_BYTES = 1 << 18


class StreamContext:
    """What every stream of a feed shares."""

    def __init__(self, options: FeedOptions, wake: Callable[[], None], clock: Callable[[], float]) -> None:
        self.options = options
        self.wake = wake
        """To be called when lines arrived or a stream ended."""
        self.clock = clock


class LineQueue:
    """Lines in the order of their arrival, with the time of it."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[float, list[bytes]]] = deque()
        self.lines = 0
        self.bytes = 0

    def put(self, lines: list[bytes], received: float) -> None:
        """Add lines that arrived together."""
        if lines:
            self._chunks.append((received, lines))
            self.lines += len(lines)
            self.bytes += sum(map(len, lines))

    def take(self, limit: int) -> tuple[float, list[bytes]]:
        """Up to `limit` lines that arrived within a second, with the time of the first.

        Nothing more is added once there are 256 KiB.
        """
        received = self._chunks[0][0]
        taken: list[bytes] = []
        size = 0
        while self._chunks and len(taken) < limit and size < _BATCH_BYTES:
            when, lines = self._chunks[0]
            if abs(when - received) >= _SAME_ARRIVAL_SECONDS:
                break
            room = limit - len(taken)
            if len(lines) > room:
                self._chunks[0] = (when, lines[room:])
                lines = lines[:room]
            else:
                self._chunks.popleft()
            taken += lines
            size += sum(map(len, lines))
        self.lines -= len(taken)
        self.bytes -= size
        return received, taken


class Stream(Protocol):
    """A source that pushes."""

    name: str
    ended: bool
    """Nothing more will arrive (what waits may still be taken)."""

    @property
    def waits(self) -> bool:
        """Whether there is something to take."""
        ...

    async def open(self) -> None:
        """Start to receive; raises InputError."""
        ...

    async def fill(self) -> None:
        """Read on, for a source that has to be asked (a regular file on standard input)."""
        ...

    def take(self) -> Batch | None:
        """What has arrived, None when there is nothing."""
        ...

    def status(self) -> SourceStatus:
        """Now."""
        ...

    async def close(self) -> None:
        """Stop and release everything; may be called twice."""
        ...


class StreamBase:
    """Queue, counters and offsets of a stream. Its offset is the number of lines delivered; it cannot be resumed."""

    def __init__(
        self, name: str, kind: Literal["file", "stdin", "syslog", "journal"], context: StreamContext, offset: str
    ) -> None:
        self.name = name
        self.ended = False
        self._kind = kind
        self._context = context
        self._queue = LineQueue()
        self._count = int(offset[1:]) if offset[:1] == "n" and offset[1:].isdecimal() else 0
        self._state: State = "following"
        self._message = ""
        self._read_bytes = 0
        self._dropped = 0
        self._cut = 0
        self._cut_told = 0

    @property
    def waits(self) -> bool:
        """As in Stream."""
        return self._queue.lines > 0

    async def fill(self) -> None:
        """As in Stream: nothing to do for a source that pushes."""

    def take(self) -> Batch | None:
        """As in Stream."""
        if not self._queue.lines:
            return None
        received, lines = self._queue.take(self._context.options.batch_lines)
        first = self._count
        self._count += len(lines)
        cut = self._cut - self._cut_told
        self._cut_told = self._cut
        self._taken()
        return Batch(self.name, 0, f"n{first}", f"n{self._count}", lines, received, cut)

    def _taken(self) -> None:
        """There is room in the queue again."""

    def status(self) -> SourceStatus:
        """As in Stream."""
        return SourceStatus(
            name=self.name,
            kind=self._kind,
            state=self._state,
            message=self._message,
            backlog_bytes=self._queue.bytes,
            read_bytes=self._read_bytes,
            dropped=self._dropped,
            cut=self._cut,
        )
