"""Points in time and durations as text: RFC 3339 for programs, stamps in UTC for people."""

from datetime import UTC, datetime, timedelta, timezone

__all__ = ["rfc3339", "span", "stamp", "utc_of"]

_END = 253_402_300_799.0
"""The last second of the year 9999, which is as far as a calendar reaches here."""


def rfc3339(time: float, utc_offset: int = 0) -> str | None:
    """A time as RFC 3339, with milliseconds where there are any; None for 0 (never).

    >>> rfc3339(1717243200.25, 7200)
    '2024-06-01T14:00:00.250+02:00'
    """
    if time <= 0:
        return None
    milliseconds = round(time * 1000)
    zone = timezone(timedelta(seconds=utc_offset)) if utc_offset else UTC
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
        text = moment.astimezone(zone).isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    except (OverflowError, ValueError):
        return None
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def utc_of(time: float) -> datetime:
    """A time as a date in UTC; what no calendar can hold becomes its first or last second."""
    return datetime.fromtimestamp(max(0.0, min(time, _END)), UTC)


def stamp(time: float) -> str:
    """Date and time in UTC: '2026-09-20 14:02:31Z'; '-' for 0, which stands for never.

    >>> stamp(1717243200.25), stamp(0.0)
    ('2024-06-01 12:00:00Z', '-')
    """
    return utc_of(time).strftime("%Y-%m-%d %H:%M:%SZ") if time > 0 else "-"


def span(elapsed: float) -> str:
    """A duration for a sentence or a countdown: '42s', '12m 03s', '1h 05m', '3d 04h'.

    >>> span(42), span(723), span(3900), span(3 * 86_400 + 4 * 3600)
    ('42s', '12m 03s', '1h 05m', '3d 04h')
    """
    value = int(max(0.0, elapsed))
    if value < 60:
        return f"{value}s"
    if value < 3600:
        return f"{value // 60}m {value % 60:02d}s"
    if value < 86_400:
        return f"{value // 3600}h {value % 3600 // 60:02d}m"
    return f"{value // 86_400}d {value % 86_400 // 3600:02d}h"
