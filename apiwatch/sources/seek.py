"""Where to start in a file: the option `since`, and the search for the first line that is new enough."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from apiwatch.errors import UsageError
from apiwatch.sources.content import Content

__all__ = ["PROBE_BYTES", "Place", "Since", "find_place", "first_after", "first_time", "last_time", "parse_since"]

TimeOf = Callable[[bytes], float | None]

PROBE_BYTES = 1 << 14
_END_BYTES = 1 << 16
_UNKNOWN_BYTES = 1 << 20
_PROBES = 4
_TRIES = 64
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


class Since(NamedTuple):
    """Lines before this time are not wanted."""

    time: float | None
    """Seconds since the epoch; None: everything is wanted."""
    text: str
    """As the user wrote it."""


def parse_since(text: str, now: float) -> Since:
    """Read '15m', an RFC 3339 time (without offset: UTC) or 'start'; UsageError for anything else.

    >>> parse_since("15m", 1000.0).time
    100.0
    """
    word = text.strip()
    if word == "start":
        return Since(None, word)
    if duration := _DURATION.fullmatch(word):
        return Since(now - float(duration[1]) * _SECONDS[duration[2]], word)
    try:
        when = datetime.fromisoformat(word)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return Since(when.timestamp(), word)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text!r}: give a duration such as 15m, 2h or 7d, an RFC 3339 time, or 'start'."
        ) from None


def first_time(lines: Sequence[bytes], time_of: TimeOf) -> float | None:
    """Event time of the first of the lines (at most 64 of them are tried) that tells one."""
    return next((when for line in lines[:_TRIES] if (when := time_of(line)) is not None), None)


def last_time(lines: Sequence[bytes], time_of: TimeOf) -> float | None:
    """Event time of the last of the lines (at most 64 of them are tried) that tells one."""
    return next((when for line in reversed(lines[-_TRIES:]) if (when := time_of(line)) is not None), None)


def first_after(lines: Sequence[bytes], limit: float, time_of: TimeOf) -> int:
    """Index of the first line with a time of `limit` or more, by bisection; `len(lines)` when there is none.

    The lines are taken to be in order of time, a disorder of neighbours does no harm; a line without time counts to
    the one with time that follows it.
    """
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        when = first_time(lines[middle : min(high, middle + _TRIES)], time_of)
        if when is not None and when < limit:
            low = middle + 1
        else:
            high = middle
    return low


class Place(NamedTuple):
    """Where to start, and what the user should know about it."""

    position: int
    message: str


def find_place(content: Content, since: Since, time_of: TimeOf) -> Place:
    """Position of the first line of an uncompressed file that is not older than `since`.

    Reads about 2 + log2(size / 16 KiB) blocks: 22 for 10 GB.
    """
    if since.time is None:
        return Place(0, "")
    size = content.status().st_size
    begin = max(0, size - _END_BYTES)
    end_data = content.read_at(begin, size - begin)
    newest = last_time(end_data.split(b"\n"), time_of)
    if newest is None:
        if not size:
            return Place(0, "")
        return _last_lines(content, size)
    if newest < since.time:
        partial = len(end_data) - (end_data.rfind(b"\n") + 1)
        message = f"newest line is of {_stamp(newest)}, older than --since {since.text}: waiting for new lines"
        return Place(size - partial, message)
    return Place(_search(content, size, since.time, time_of), "")


def _stamp(when: float) -> str:
    try:
        return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "an impossible time"


def _last_lines(content: Content, size: int) -> Place:
    begin = max(0, size - _UNKNOWN_BYTES)
    if begin:
        begin += content.read_at(begin, _END_BYTES).find(b"\n") + 1
    return Place(begin, "no time found in its lines: started with the last 1 MiB")


def _search(content: Content, size: int, target: float, time_of: TimeOf) -> int:
    low, high = 0, size
    found = _probe(content, 0, time_of)
    if found is not None and found.time >= target:
        return 0
    while high - low > PROBE_BYTES:
        middle = (low + high) // 2
        found = _probe(content, middle, time_of)
        if found is None or found.time >= target:
            high = middle
        else:
            low = found.end
    return _scan(content, low, target, time_of)


class _Timed(NamedTuple):
    time: float
    end: int
    """Position behind the line."""


def _probe(content: Content, position: int, time_of: TimeOf) -> _Timed | None:
    """The first line with a time that begins behind `position` (at it, when that is the start of the file)."""
    data = b""
    for _ in range(_PROBES):
        more = content.read_at(position + len(data), PROBE_BYTES)
        data += more
        end = data.rfind(b"\n") + 1
        offset = data.find(b"\n") + 1 if position else 0
        for line in data[offset:end].split(b"\n")[:-1]:
            offset += len(line) + 1
            when = time_of(line)
            if when is not None:
                return _Timed(when, position + offset)
        if len(more) < PROBE_BYTES:
            return None
    return None


def _scan(content: Content, position: int, target: float, time_of: TimeOf) -> int:
    """Go through the lines from `position`, the start of a line, to the first that is not older than `target`."""
    data, begin = b"", position
    for _ in range(_TRIES):
        more = content.read_at(begin + len(data), _END_BYTES)
        data += more
        end = data.rfind(b"\n") + 1
        offset = begin
        for line in data[:end].split(b"\n")[:-1]:
            when = time_of(line)
            if when is not None and when >= target:
                return offset
            offset += len(line) + 1
        if not more:
            break
        data, begin = data[end:], begin + end
    return begin
