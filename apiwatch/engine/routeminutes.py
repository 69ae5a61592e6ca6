"""Counters of each route per minute, and the rows that they become.

The counters of a minute are those of `rows.minute_row` (six outcomes of each status class, then bytes), then requests
by duration, and last whether they changed.
"""

from math import ceil, log2

from apiwatch.detect.state import RouteState
from apiwatch.engine.rows import MINUTE_BYTES, minute_row
from apiwatch.model import DURATION_BUCKETS, RouteMinuteRow

__all__ = ["DURATIONS", "PLACES", "changed_minutes", "duration_place", "flush_route"]

DURATIONS = MINUTE_BYTES + 1
"""Place of the first bucket of durations."""

PLACES = DURATIONS + DURATION_BUCKETS + 1
"""Counters of a minute."""

_LAST = DURATIONS + DURATION_BUCKETS - 1
_LONGEST = 2.0 ** ((DURATION_BUCKETS - 31) / 3)


def duration_place(seconds: float) -> int:
    """The place of a duration: see `model.DURATION_BUCKETS`.

    >>> duration_place(0.0) - DURATIONS, duration_place(1.0) - DURATIONS, duration_place(1e9) - DURATIONS
    (0, 30, 47)
    """
    if 0.001 < seconds < _LONGEST:
        return DURATIONS + 30 + ceil(3.0 * log2(seconds))
    return DURATIONS if seconds <= 0.001 else _LAST


def changed_minutes(state: RouteState, rows: list[RouteMinuteRow]) -> None:
    """Append the rows of a route that changed since the last call."""
    for minute, counts in state.minutes.items():
        if counts[-1]:
            counts[-1] = 0
            rows.append(_row(state, minute, counts))


def flush_route(state: RouteState, before: int, rows: list[RouteMinuteRow]) -> None:
    """Drop the minutes before `before`, and append those that were not written yet."""
    for minute in [minute for minute in state.minutes if minute < before]:
        counts = state.minutes.pop(minute)
        if counts[-1]:
            rows.append(_row(state, minute, counts))


def _row(state: RouteState, minute: int, counts: list[int]) -> RouteMinuteRow:
    route = state.route
    counted = minute_row(minute, counts)
    durations = " ".join(f"{n}:{count}" for n, count in enumerate(counts[DURATIONS:-1]) if count)
    return RouteMinuteRow(minute, route.host, route.label, *counted[1:], durations)
