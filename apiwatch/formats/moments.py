"""The event time of any line, without knowing its format: for finding a place in a file and for merging files."""

import re

from apiwatch.formats.clock import WallClock
from apiwatch.formats.times import Times, any_time, epoch_number, iso_time
from apiwatch.patterns import late

__all__ = ["time_of"]

_HEAD = 1_024
_LINE = 16_384
_CLF = late(rb"\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?[+-]\d\d:?\d\d)?")
_ISO = late(
    rb"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?!\d)"
)
_ZONED = late(r"(?:Z|[+-]\d\d:?\d\d)$", re.ASCII)
_CLOCK = WallClock()
_EPOCH = late(rb"(?<![\d.])1\d{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?(?![\d.])")
_KEYED = late(
    rb'"(?:time|ts|msec|timestamp|@timestamp|time_local|time_iso8601|start_time|StartUTC|started_at|date|requestTime'
    rb'|[\w-]*_?timestamp|timeStamp|EdgeStartTimestamp)"\s*:\s*(?:"([^"\\]{8,40})"|(\d{10,19}(?:\.\d{1,9})?))'
)


def time_of(line: bytes, clock: WallClock | None = None) -> float | None:
    """Seconds since the epoch; None when the line tells no time.

    A time in brackets or in CLF without zone is what `clock` shows; any other without zone is taken as UTC. Text that a
    client may have chosen (what stands in quotes) is not looked at, except in JSON, where keys name the time.
    """
    if line[:1] == b"{" or b'{"' in line[:200]:
        for found in _KEYED.finditer(line, 0, _LINE):
            value = found[1] if found[1] is not None else found[2]
            moment = any_time(value.decode("latin-1"), Times())
            if moment is not None:
                return moment[0]
    head = line[:_HEAD]
    quote = head.find(b'"', 1)
    if quote >= 0 and not head.startswith(b'"'):
        head = head[:quote]
    stamps = _CLF.findall(head)
    for stamp in reversed(stamps):
        text = stamp.decode("ascii")
        moment = Times().clf(text) if _ZONED.search(text) else (clock or _CLOCK).read(text)
        if moment is not None:
            return moment[0]
    iso = _ISO.search(head)
    if iso is not None:
        text = iso[0].decode("ascii")
        local = head[iso.start() - 1 : iso.start()] == b"[" and head[iso.end() : iso.end() + 1] == b"]"
        moment = (clock or _CLOCK).read(text) if local and _ZONED.search(text) is None else iso_time(text)
        if moment is not None:
            return moment[0]
    epoch = _EPOCH.search(head)
    return epoch_number(float(epoch[0])) if epoch is not None else None
