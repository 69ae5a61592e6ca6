"""Times as they stand in logs: CLF, ISO 8601 and epoch numbers, as seconds since the epoch with the line's offset."""

import re
from calendar import timegm
from datetime import UTC, datetime

from apiwatch.formats.caches import Cache
from apiwatch.patterns import late

__all__ = ["MONTHS", "Moment", "Times", "any_time", "epoch_number", "iso_time", "wall_time"]

Moment = tuple[float, int]
"""Seconds since the epoch, and the offset from UTC in seconds that the line was written with."""

MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
"""English month names, which CLF uses in every locale."""

_KEPT = 20_000
_LONGEST_ISO = 40
_CLF = re.compile(
    r"(\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}):(\d{2})([.,]\d{1,9})?"
    r"(?: ?([+-])(\d{2}):?(\d{2})| (UTC|GMT|Z))?",
    re.ASCII,
)
_ZONE = re.compile(r" ([+-])(\d\d)(\d\d)", re.ASCII)
_USUAL_WIDTH = len("[24/Nov/2026:03:10:54 +0000] ")
_MINUTE = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2})", re.ASCII)
_ISO = late(
    r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}):([0-5]\d|60)(?:[.,](\d{1,9})\d*)? ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)


_WALL = late(
    r"(?:(?P<y>\d{4})[-/](?P<m>\d\d)[-/](?P<d>\d\d)(?:T| |:| - )"
    r"|(?P<d2>\d{1,2})/(?P<b2>[A-Z][a-z]{2})/(?P<y2>\d{4}):"
    r"|(?:[A-Z][a-z]{2} )?(?P<b3>[A-Z][a-z]{2}) +(?P<d3>\d{1,2}) (?=.*(?P<y3>\d{4})$))"
    r"(?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<f>\d{1,9}))?(?: \d{4})?",
    re.ASCII,
)


class Times:
    """CLF times, cached by text and by minute: neighbouring lines share them."""

    def __init__(self) -> None:
        self._minutes: Cache[float | None] = Cache(_minute, _KEPT)
        self._zones: Cache[int | None] = Cache(_zone, _KEPT)
        self._clf: Cache[Moment | None] = Cache(self._read, _KEPT)
        self.texts: Cache[Moment | None] = Cache(self._any, _KEPT)
        """Text in any of the notations (CLF with or without brackets, ISO, epoch) -> moment."""

    def clf(self, text: str) -> Moment | None:
        """The moment `dd/Mon/yyyy:HH:MM:SS +zzzz` (no zone: UTC); None when it is none.

        >>> Times().clf("24/Nov/2026:03:10:54 +0100")
        (1795486254.0, 3600)
        """
        return self._clf[text]

    def usual(self, text: str) -> Moment | None:
        """The moment of exactly `[dd/Mon/yyyy:HH:MM:SS +zzzz] `, put together from remembered minutes and zones.

        >>> Times().usual("[24/Nov/2026:03:10:54 +0100] ")
        (1795486254.0, 3600)
        """
        if len(text) != _USUAL_WIDTH or text[0] != "[" or text[18] != ":" or text[-2:] != "] ":
            return None
        start, offset, second = self._minutes[text[1:18]], self._zones[text[21:27]], text[19:21]
        if start is None or offset is None or not (second.isascii() and second.isdigit()) or second > "60":
            return None
        return start + int(second) - offset, offset

    def _any(self, text: str) -> Moment | None:
        if not text or len(text) > _LONGEST_ISO:
            return None
        if text[0] == "[" and text[-1] == "]":
            text = text[1:-1]
        found = iso_time(text) or self._read(text)
        if found is None and text.isascii() and text.replace(".", "", 1).isdigit():
            seconds = epoch_number(float(text))
            return None if seconds is None else (seconds, 0)
        return found

    def _read(self, text: str) -> Moment | None:
        found = _CLF.fullmatch(text)
        if found is None:
            return None
        minute, second, fraction, sign, hours, minutes, _ = found.groups()
        start = self._minutes[minute]
        if start is None or int(second) > 60:
            return None
        offset = _offset(sign, hours, minutes)
        if offset is None:
            return None
        seconds = start + int(second) - offset
        return (seconds + float("0." + fraction[1:]) if fraction else seconds), offset


def iso_time(text: str) -> Moment | None:
    """The moment of an ISO 8601 date and time (`T` or a blank between them, `.` or `,` before a fraction).

    A time without offset is taken as UTC.

    >>> iso_time("2026-11-24T03:10:54.5+01:00")
    (1795486254.5, 3600)
    """
    if len(text) > _LONGEST_ISO:
        return None
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    minute, second, fraction, zone = found.groups()
    start = _ISO_MINUTES[minute]
    offset: int | None = 0
    if zone is not None and zone[0] in "+-":
        offset = _offset(zone[0], zone[1:3], zone[3:].lstrip(":") or "00")
    if start is None or offset is None:
        return None
    seconds = start + int(second) - offset
    return (seconds + float("0." + fraction) if fraction else seconds), offset


def wall_time(text: str) -> float | None:
    """Seconds of a date and time without zone, counted as if it were UTC; None when it is none.

    Read are ISO 8601, `2026/11/24 03:10:54`, `24/Nov/2026:03:10:54.123` and `Tue Nov 24 03:10:54 2026`, the last also
    without weekday.

    >>> wall_time("24/Nov/2026:03:10:54.5") == wall_time("2026-11-24 03:10:54,5") == 1795489854.5
    True
    """
    found = _WALL.fullmatch(text) if len(text) <= _LONGEST_ISO else None
    if found is None:
        return None
    year = found["y"] or found["y2"] or found["y3"]
    month = found["m"] or MONTHS.get(found["b2"] or found["b3"])
    if month is None:
        return None
    hour, minute, second = map(int, found["clock"].split(":"))
    try:
        day = datetime(int(year), int(month), int(found["d"] or found["d2"] or found["d3"]), hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    fraction = float(f"0.{found['f']}") if found["f"] else 0.0
    return float(timegm(day.timetuple()) + second) + fraction if second <= 60 else None


def epoch_number(value: float) -> float | None:
    """Seconds of an epoch number in seconds, milliseconds, microseconds or nanoseconds; None when it is no time."""
    if not 1e8 <= value < 1e20:
        return None
    for limit, divisor in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6)):
        if value < limit:
            return value / divisor
    return value / 1e9


def any_time(value: object, times: Times) -> Moment | None:
    """The moment of a JSON value or of a text in any of the notations: CLF (with brackets or not), ISO, epoch."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = epoch_number(value)
        return None if seconds is None else (seconds, 0)
    return times.texts[value] if isinstance(value, str) else None


def _iso_minute(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
    return float(timegm(moment.timetuple()))


_ISO_MINUTES: Cache[float | None] = Cache(_iso_minute, _KEPT)


def _minute(text: str) -> float | None:
    found = _MINUTE.fullmatch(text)
    month = MONTHS.get(found[2]) if found is not None else None
    if found is None or month is None:
        return None
    try:
        moment = datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), tzinfo=UTC)
    except ValueError:
        return None
    return float(timegm(moment.timetuple()))


def _zone(text: str) -> int | None:
    found = _ZONE.fullmatch(text)
    return _offset(found[1], found[2], found[3]) if found is not None else None


def _offset(sign: str | None, hours: str, minutes: str) -> int | None:
    """Seconds of `+hhmm`; 0 without a sign, None when it is beyond a day."""
    if sign is None:
        return 0
    seconds = int(hours) * 3600 + int(minutes) * 60
    if seconds >= 86_400 or int(minutes) > 59:
        return None
    return -seconds if sign == "-" else seconds
