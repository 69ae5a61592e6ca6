"""Reading one open file in blocks and handing out its complete lines, with the position after each cut."""

import time
from typing import NamedTuple

from apiwatch.sources.content import Content, PlainContent
from apiwatch.sources.offsets import HEAD_BYTES, TAIL_BYTES, Segment, digest

__all__ = ["BLOCK_BYTES", "Piece", "Taken", "Truncated", "trim"]

BLOCK_BYTES = 1 << 18
_HOLE_BYTES = 512
_BLOCKS_PER_LOAD = 32


class Truncated(Exception):
    """The file holds other content than before: it was truncated, and perhaps written again."""


class Taken(NamedTuple):
    """Lines without their ends."""

    lines: list[bytes]
    cut: int


def trim(lines: list[bytes], limit: int) -> Taken:
    """Cut lines that are longer than `limit` bytes, and count them."""
    cut = 0
    for index, line in enumerate(lines):
        if len(line) > limit:
            lines[index] = line[:limit]
            cut += 1
    return Taken(lines, cut)


class Piece:
    """One file from a position on. Not safe for threads, except `backlog`."""

    def __init__(
        self,
        content: Content,
        identity: tuple[int, int],
        *,
        line_bytes: int,
        position: int = 0,
        ended: bool = False,
        static: bool = False,
    ) -> None:
        self.content = content
        self.identity = identity
        self.position = position
        """Of the first line that was not taken yet."""
        self.ended = ended or content.packed
        """It is not the live file (any more)."""
        self.static = static or content.packed
        """Nobody writes to it: a copy, or compressed."""
        self.at_end = False
        """The last `load` found no complete line."""
        self.read_bytes = 0
        self.quiet_since = time.monotonic()
        self._line_bytes = line_bytes
        self._block_bytes = max(BLOCK_BYTES, line_bytes + 2)
        self._size = -1
        self._seen = position
        self._data = b""
        self._lines: list[bytes] = []
        self._next = 0
        self._used = 0
        self._carriage_returns = False
        self._longest = 0
        self._short = False
        self._giant: bytes | None = None
        self._giant_end = 0
        self._in_hole = position == 0
        self.head = content.read_at(0, HEAD_BYTES)
        begin = max(0, position - TAIL_BYTES)
        self._tail = content.read_at(begin, position - begin) if position else b""
        self._head_digest = ""
        self._head_digested = -1

    @property
    def segment(self) -> Segment:
        """Where the next line begins."""
        if self._head_digested != len(self.head):
            self._head_digest, self._head_digested = digest(self.head), len(self.head)
        return Segment(*self.identity, self.position, len(self.head), self._head_digest, digest(self._tail))

    @property
    def pending(self) -> list[bytes]:
        """Complete lines that were read and not taken, as they are in the file (a CR at their end included)."""
        return self._lines[self._next :] if self._next else self._lines

    @property
    def drained(self) -> bool:
        """Whether all that could be read was taken; more may have been written since."""
        return self._short and self._next >= len(self._lines) and self._giant is None

    @property
    def backlog(self) -> int:
        """Unread bytes; a last line whose end was not written yet does not count."""
        return self.content.backlog(self._seen if self.at_end else self.position)

    def load(self, *, final: bool) -> bool:
        """Read on until complete lines are pending; False when there are none (see `at_end`).

        With `final`, what stands at the end without a line end is a line too. Raises Truncated, Damaged and OSError.
        Reads a bounded amount: with `at_end` False, call again.
        """
        if self._next < len(self._lines):
            return True
        self.at_end = False
        for _ in range(_BLOCKS_PER_LOAD):
            begin = self.position if self._giant is None else self._giant_end
            data = self.content.read_at(begin, self._block_bytes)
            self._short = len(data) < self._block_bytes
            if not self.content.packed:
                self._check(begin + len(data), bool(data))
            if self._in_hole and data:
                if self._skip_hole(data):
                    continue
                self._in_hole = False
            if self._accept(data):
                return True
            if self._short and final and (data or self._giant is not None):
                self._finish(data)
                return True
            if self._short and (self._giant is None or not data):
                self._seen = begin + len(data)
                self.at_end = True
                return False
        return False

    def _check(self, end: int, fresh: bool) -> None:
        status = self.content.status()
        if status.st_size < end:
            raise Truncated
        if status.st_size != self._size:
            self._size = status.st_size
            self.quiet_since = time.monotonic()
        head = self.content.read_at(0, HEAD_BYTES)
        if not head.startswith(self.head):
            raise Truncated
        self.head = head

    def _skip_hole(self, data: bytes) -> bool:
        """Pass over NUL bytes at the start of the file; True when there may be more of them."""
        count = len(data) - len(data.lstrip(b"\0"))
        if count < _HOLE_BYTES and self.position == 0:
            return False
        self.position += count
        if count == len(data) and isinstance(self.content, PlainContent):
            self.position = self.content.hole_end(self.position)
        begin = max(0, self.position - TAIL_BYTES)
        self._tail = self.content.read_at(begin, self.position - begin)
        return count > 0

    def _accept(self, data: bytes) -> bool:
        if self._giant is not None:
            return self._accept_giant(data)
        end = data.rfind(b"\n")
        if end < 0:
            if len(data) > self._line_bytes + 1:
                self._giant = data[: self._line_bytes + 1]
                self._giant_end = self.position + len(data)
                self.read_bytes += len(data)
            return False
        self._put(data[: end + 1], data[:end].split(b"\n"))
        self._carriage_returns = b"\r\n" in self._data
        self.read_bytes += end + 1
        return True

    def _accept_giant(self, data: bytes) -> bool:
        end = data.find(b"\n")
        self.read_bytes += len(data) if end < 0 else end + 1
        if end < 0:
            self._giant_end += len(data)
            return False
        self._put_giant(self._giant_end + end + 1, data[: end + 1])
        return True

    def _finish(self, data: bytes) -> None:
        if self._giant is not None:
            self._put_giant(self._giant_end, data)
            return
        self._put(data, [data])
        self._carriage_returns = data.endswith(b"\r")
        self.read_bytes += len(data)

    def _put(self, data: bytes, lines: list[bytes]) -> None:
        self._data, self._lines = data, lines
        self._next = self._used = 0
        self._longest = max(map(len, lines))

    def _put_giant(self, end: int, last: bytes) -> None:
        begin = max(self.position, end - TAIL_BYTES)
        tail = last[-TAIL_BYTES:] if len(last) >= TAIL_BYTES else self.content.read_at(begin, end - begin)
        self._put(tail, [self._giant or b""])
        self._carriage_returns = False
        self._giant = None
        self._giant_end = end

    def take(self, count: int) -> Taken:
        """The next pending lines, at most `count`; moves the position behind them."""
        if self._giant_end:
            return self._take_giant()
        first = self._next
        lines = self._lines[first : first + count]
        self._next += len(lines)
        whole = self._next == len(self._lines)
        end = len(self._data) if whole else self._used + sum(map(len, lines)) + len(lines)
        self._move(end - self._used, self._data[max(self._used, end - TAIL_BYTES) : end])
        self._used = end
        if whole:
            self._data, self._lines, self._next = b"", [], 0
        if self._carriage_returns:
            lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
        return trim(lines, self._line_bytes) if self._longest > self._line_bytes else Taken(lines, 0)

    def _take_giant(self) -> Taken:
        lines, tail = self._lines, self._data
        end, self._giant_end = self._giant_end, 0
        self._data, self._lines, self._next = b"", [], 0
        self._move(end - self.position, tail)
        return trim(lines, self._line_bytes)

    def _move(self, size: int, tail: bytes) -> None:
        self.position += size
        self._tail = tail if len(tail) == TAIL_BYTES else (self._tail + tail)[-TAIL_BYTES:]

    def drop(self, count: int) -> None:
        """Pass over pending lines."""
        if count:
            self.take(count)

    def close(self) -> None:
        """Close the file."""
        self.content.close()
