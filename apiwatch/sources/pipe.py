"""Standard input and named pipes: read without blocking, never further ahead than a bounded amount."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Literal

from apiwatch.errors import InputError
from apiwatch.sources.framing import LineSplitter
from apiwatch.sources.stream import StreamBase, StreamContext

__all__ = ["AHEAD_BYTES", "PipeStream"]

AHEAD_BYTES = 1 << 20
"""Nothing more is read while so much waits to be taken."""
_READ_BYTES = 1 << 16
_PACKED = {b"\x1f\x8b": "zcat", b"BZh": "bzcat", b"\xfd7zXZ\x00": "xzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}
_MAGIC_BYTES = max(map(len, _PACKED))


class PipeStream(StreamBase):
    """Lines of a pipe, a terminal, a socket or a file that somebody else has opened, or of a named pipe."""

    def __init__(
        self,
        name: str,
        context: StreamContext,
        offset: str = "",
        *,
        fd: int | None = None,
        kind: Literal["file", "stdin"] = "stdin",
    ) -> None:
        super().__init__(name, kind, context, offset)
        self._given = fd
        self._fd = -1
        self._splitter = LineSplitter(context.options.line_bytes)
        self._watching = False
        self._asked = False
        self._reading: asyncio.Future[bytes] | None = None
        self._reopens = False
        self._begin = b""
        self._state = "reading" if fd is not None else "waiting"

    async def open(self) -> None:
        """Take over the descriptor, or open the path; raises InputError."""
        what = "standard input" if self._given is not None else self.name
        try:
            self._fd = self._own_descriptor()
            mode = os.fstat(self._fd).st_mode
        except PermissionError:
            raise InputError(f"{what}: no permission to read it.") from None
        except OSError as error:
            raise InputError(f"{what} cannot be read: {os.strerror(error.errno or 0)}.") from None
        if stat.S_ISDIR(mode):
            raise InputError(f"{what} is a directory: give a log.")
        self._reopens = self._given is None and self._context.options.follow and self._has_name()
        self._watch()

    def _has_name(self) -> bool:
        """Whether it is a pipe that can be opened again, and not one of a shell's `<(...)`."""
        return Path(self.name).resolve().is_fifo()

    def _own_descriptor(self) -> int:
        if self._given is None:
            return os.open(self.name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        mode = os.fstat(self._given).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            # A description of our own: non-blocking mode must not reach the shell that shares the given one.
            try:
                path = f"/proc/self/fd/{self._given}"
                return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError:
                pass
        return os.dup(self._given)

    def _watch(self) -> None:
        if self._watching or self._asked or self._fd < 0 or self.ended:
            return
        try:
            asyncio.get_running_loop().add_reader(self._fd, self._readable)
            self._watching = True
        except PermissionError:
            self._asked = True  # a regular file: always readable, epoll refuses it

    def _unwatch(self) -> None:
        if self._watching:
            asyncio.get_running_loop().remove_reader(self._fd)
            self._watching = False

    def _readable(self) -> None:
        data = self._read()
        if data is None:
            return
        self._arrived(data)
        if self._reopens and not self.ended and 0 < len(data) < _READ_BYTES:
            # The end of a writer that came and went before the pipe was opened again is seen by reading only.
            end = self._read()
            if end is not None:
                self._arrived(end)
        if self._queue.bytes >= AHEAD_BYTES or self._queue.lines >= self._context.options.queue_lines:
            self._unwatch()

    def _read(self) -> bytes | None:
        """What is there, b"" at the end; None: nothing yet, or it failed."""
        try:
            return os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            self._end(f"reading failed: {os.strerror(error.errno or 0)}")
            return None

    @property
    def _has_room(self) -> bool:
        """Whether so much was taken that reading should go on."""
        return self._queue.bytes < AHEAD_BYTES >> 1 and self._queue.lines <= self._context.options.queue_lines >> 1

    async def fill(self) -> None:
        """Read the next block of a regular file, unless enough waits."""
        if not self._asked or self.ended or not self._has_room:
            return
        if self._reading is None:
            loop = asyncio.get_running_loop()
            self._reading = loop.run_in_executor(None, os.read, self._fd, _READ_BYTES)
        try:
            data = await asyncio.shield(self._reading)
        except OSError as error:
            self._reading = None
            self._end(f"reading failed: {os.strerror(error.errno or 0)}")
            return
        self._reading = None
        self._arrived(data)

    def _arrived(self, data: bytes) -> None:
        if not data:
            self._end_of_file()
            return
        if len(self._begin) < _MAGIC_BYTES:
            self._begin += data[: _MAGIC_BYTES - len(self._begin)]
            for magic, tool in _PACKED.items():
                if self._begin.startswith(magic):
                    self._end(f"is compressed: pipe it through {tool}", failed=True)
                    return
        self._state = "reading" if self._asked else "following"
        self._read_bytes += len(data)
        self._queue_lines(self._splitter.feed(data))

    def _end_of_file(self) -> None:
        if not self._reopens:
            self._end("")
            return
        self._unwatch()
        former = self._fd
        try:
            # Opened before the old one is closed: a pipe without any reader would fail its writers and lose their data.
            self._fd = self._own_descriptor()
        except OSError:
            self._end("the pipe is gone")
            return
        os.close(former)
        self._begin = b""
        self._state = "waiting"
        self._queue_lines(self._splitter.finish())
        self._watch()

    def _end(self, message: str, *, failed: bool = False) -> None:
        self._unwatch()
        self.ended = True
        self._state = "error" if failed else "ended"
        self._message = message
        rest = self._splitter.finish()
        self._queue_lines([] if failed else rest)

    def _queue_lines(self, lines: list[bytes]) -> None:
        self._cut = self._splitter.cut
        self._queue.put(lines, self._context.clock())
        self._context.wake()

    def _taken(self) -> None:
        if self._has_room:
            self._watch()

    async def close(self) -> None:
        """Let go of the descriptor; the given one stays open."""
        self._unwatch()
        if self._reading is not None:
            await asyncio.wait({self._reading})
            self._reading = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self.ended = True
        if self._state != "error":
            self._state = "ended"
