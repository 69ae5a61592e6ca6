"""Cutting byte streams into messages: LF-ended lines, and syslog over TCP (RFC 6587) and TLS (RFC 5425)."""

import re

from apiwatch.patterns import late

__all__ = ["HEADER_BYTES", "Framer", "LineSplitter"]

HEADER_BYTES = 4096
"""Room for a syslog header in front of a line of the longest length."""

_COUNT = late(rb"([1-9]\d{0,6}) ")
_MAYBE_COUNT = late(rb"[1-9]\d{0,6}")
_PRIORITY = late(rb"<\d{1,3}>")
_MAYBE_PRIORITY = late(rb"(?:<\d{0,3})?")
_FRESH = late(rb"\n|([1-9]\d{0,6}) <\d{1,3}>")
_FRESH_BYTES = 16
_NEXT = late(rb"[\n\r\0]{0,2}(?:[1-9]\d{0,6} )?<\d{1,3}>")
_NEXT_BYTES = 16
_FILLERS = late(rb"[\n\r\0]+")


class LineSplitter:
    """LF-ended lines of a stream, however it is split; holds at most one line of `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._overlong = False
        self.cut = 0
        """Lines that were longer than the limit."""

    def feed(self, data: bytes) -> list[bytes]:
        """Lines that this data completes, without line ends."""
        end = data.rfind(b"\n")
        if end < 0:
            self._keep(data)
            return []
        lines = data[:end].split(b"\n")
        self._keep(lines[0])
        lines[0] = self._rest
        self._rest, self._overlong = b"", False
        self._keep(data[end + 1 :])
        if b"\r" not in data and not lines[0].endswith(b"\r") and max(map(len, lines)) <= self._limit:
            return lines
        return self._trimmed(lines)

    def finish(self) -> list[bytes]:
        """The last line, when the stream ended without LF."""
        rest, self._rest, self._overlong = self._rest, b"", False
        return self._trimmed([rest]) if rest else []

    def _keep(self, data: bytes) -> None:
        if not self._overlong:
            self._rest += data
            if len(self._rest) > self._limit + 1:
                self._rest, self._overlong = self._rest[: self._limit + 2], True

    def _trimmed(self, lines: list[bytes]) -> list[bytes]:
        limit = self._limit
        for index, line in enumerate(lines):
            if line.endswith(b"\r") and len(line) <= limit + 1:
                lines[index] = line[:-1]
            elif len(line) > limit:
                lines[index] = line[:limit]
                self.cut += 1
        return lines


class Framer:
    """Messages of one syslog TCP connection, however it is split.

    Each message is octet-counted when it begins like `123 <13>`, or, once that was seen, `123 `; everything else ends
    with LF. After a wrong count the rest is passed over up to the next LF or the next thing that looks like a counted
    message, and counted in `broken`. Messages are cut at `line_bytes` plus HEADER_BYTES; whoever peels the header cuts
    the rest. With `counted_only` (TLS) every message must be octet-counted: each line that is not is broken.
    """

    def __init__(self, line_bytes: int, *, counted_only: bool = False) -> None:
        self._limit = line_bytes + HEADER_BYTES + 1
        self._data = b""
        self._counted_only = counted_only
        self._counted = counted_only
        self._discard = 0
        self._until_lf = False
        self._lost = False
        self.broken = 0
        """Messages that were lost to wrong counts or broke off."""

    def feed(self, data: bytes) -> list[bytes]:
        """Messages that this data completes."""
        self._data = self._data + data if self._data else data
        return self._run(final=False)

    def finish(self) -> list[bytes]:
        """At the end of the connection: a last LF-framed message without LF; a counted one that broke off is lost."""
        messages = self._run(final=True)
        if self._discard or self._data:
            self.broken += 1 if self._discard or not self._lost else 0
        self._data = b""
        return messages

    def _run(self, *, final: bool) -> list[bytes]:
        messages: list[bytes] = []
        position = 0
        while position < len(self._data):
            if self._discard:
                step = min(self._discard, len(self._data) - position)
                self._discard -= step
                position += step
                continue
            if self._until_lf or self._lost:
                position = self._skip(position, final=final)
                if self._until_lf or self._lost:
                    break
                continue
            if self._data[position] in b"\n\r\0" and (fillers := _FILLERS.match(self._data, position)):
                position = fillers.end()
                continue
            after = self._message(position, messages, final=final)
            if after < 0:
                break
            position = after
        self._data = self._data[position:]
        return messages

    def _skip(self, position: int, *, final: bool) -> int:
        """Where messages go on, or up to where none does while that is not known (`_until_lf` or `_lost` stays set)."""
        if self._until_lf:
            end = self._data.find(b"\n", position)
            self._until_lf = end < 0
            return end + 1 if end >= 0 else len(self._data)
        found, kept = self._search(position, final=final)
        self._lost = found <= 0
        return kept if self._lost else found

    def _search(self, position: int, *, final: bool) -> tuple[int, int]:
        """Where a message begins behind `position`: after an LF or with a count; 0: not known yet, -1: nowhere.

        The second number says which data is needed to go on searching.
        """
        for fresh in _FRESH.finditer(self._data, position + 1):
            start = fresh.end() if fresh[1] is None else self._count_start(fresh, final=final)
            if start >= 0:
                return start, fresh.start() - 1
        return -1, max(position, len(self._data) - _FRESH_BYTES)

    def _count_start(self, fresh: re.Match[bytes], *, final: bool) -> int:
        """Where in a run of digits a count begins; 0: not known yet, -1: nowhere.

        The first digits may belong to the message before. It is the shortest count that another message follows after,
        else all digits.
        """
        begin = fresh.end(1) + 1
        for start in range(fresh.end(1) - 1, fresh.start() - 1, -1):
            end = begin + int(self._data[start : fresh.end(1)])
            if self._data[start] == 0x30 or end - begin > self._limit:
                continue
            if start == fresh.start() and not self._data[start - 1 : start].isdigit():
                return start
            if len(self._data) < end + _NEXT_BYTES and not final:
                return 0
            if _NEXT.match(self._data, end) or end == len(self._data):
                return start
        return -1

    def _message(self, position: int, messages: list[bytes], *, final: bool) -> int:
        """Take the message that begins at `position`; returns where it ends, -1 when more data is needed."""
        data = self._data
        count = _COUNT.match(data, position)
        if count is None:
            start = _MAYBE_COUNT.match(data, position)
            if start is not None and start.end() == len(data) and not final:
                return -1
        elif not self._counted and _PRIORITY.match(data, count.end()) is None:
            maybe = _MAYBE_PRIORITY.match(data, count.end())
            if maybe is not None and maybe.end() == len(data) and not final:
                return -1
            count = None
        if count is not None:
            return self._take_counted(count.end(), int(count[1]), messages)
        if self._counted:
            is_line = data[position] == 0x3C and not self._counted_only
            found = self._search(position, final=final)[0] if is_line else -1
            if found == 0:
                return -1
            if not is_line or (found > 0 and data[found - 1] != 0x0A):
                self.broken += 1
                self._lost = True
                return position
        return self._take_line(position, messages, final=final)

    def _take_counted(self, begin: int, size: int, messages: list[bytes]) -> int:
        wanted = min(size, self._limit)
        if len(self._data) - begin < wanted:
            return -1
        self._counted = True
        messages.append(self._data[begin : begin + wanted])
        self._discard = size - wanted
        return begin + wanted

    def _take_line(self, position: int, messages: list[bytes], *, final: bool) -> int:
        end = self._data.find(b"\n", position)
        if 0 <= end <= position + self._limit:
            messages.append(self._data[position:end])
            return end + 1
        if len(self._data) - position > self._limit:
            messages.append(self._data[position : position + self._limit])
            self._until_lf = True
            return position + self._limit
        if final:
            messages.append(self._data[position:])
            return len(self._data)
        return -1
