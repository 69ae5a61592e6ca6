"""How many requests are usual in a window: what there was in the same window of earlier days and hours."""

from collections.abc import Mapping, Sequence

from apiwatch.store.span import Span

__all__ = ["LEAST", "earlier", "usual_of"]

_DAY, _HOUR = 1440, 60
_DAYS, _HOURS = 7, 3

LEAST = 3
"""Earlier windows that must be known."""


def earlier(span: Span, oldest: int) -> list[tuple[int, int]]:
    """(minute before it, last minute) of the earlier windows that lie behind the minute `oldest` of the store."""
    length = span.end - span.start
    ends = [span.end - _DAY * day for day in range(1, _DAYS + 1)]
    ends += [span.end - max(_HOUR, length) * hour for hour in range(1, _HOURS + 1)]
    return [(end - length, end) for end in dict.fromkeys(ends) if end - length + 1 >= oldest]


def usual_of(windows: Sequence[tuple[int, int]], minutes: Mapping[int, int]) -> float:
    """Median of the requests in these windows; `minutes`: requests by minute. 0.0 when too few windows are known.

    >>> usual_of([(0, 2), (2, 4), (4, 6)], {1: 5, 2: 5, 4: 7, 6: 90})
    10.0
    """
    if len(windows) < LEAST:
        return 0.0
    counts = sorted(sum(minutes.get(minute, 0) for minute in range(start + 1, end + 1)) for start, end in windows)
    return (counts[(len(counts) - 1) // 2] + counts[len(counts) // 2]) / 2
