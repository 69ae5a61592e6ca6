"""Reading what routes did minute by minute."""

from collections import Counter
from typing import NamedTuple

from apiwatch.model import DURATION_BUCKETS
from apiwatch.store.snapshot import Rows, Snapshot
from apiwatch.store.span import Span
from apiwatch.store.usual import LEAST, earlier, usual_of
from apiwatch.store.views import Mix

__all__ = ["Minutes", "RouteMinutes"]

_MIX = ("requests", "s1xx", "s2xx", "s3xx", "s4xx", "s5xx", "other", "ok", "miss", "deny", "limited", "err", "neutral",
        "bytes")  # fmt: skip
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _MIX)
_SPARK = 60

_ROWS = 10_000
"""Rows of earlier windows that one refresh may read; where there would be more, what is usual stays unknown."""

_Key = tuple[str, str]


class RouteMinutes(NamedTuple):
    """See the fields of `RouteView`."""

    window: Mix
    spark: tuple[int, ...]
    usual: float
    p95: float


_NO_REQUESTS = Mix()
_NO_SPARK = (0,) * _SPARK


class Minutes:
    """The minutes of all routes up to the end of a window."""

    def __init__(self, snapshot: Snapshot, span: Span) -> None:
        within = (span.start, span.end)
        rows = snapshot.rows(
            f"SELECT host, route, {_SUMS} FROM route_minutes WHERE minute > ? AND minute <= ? GROUP BY host, route",  # noqa: S608
            within,
        )
        self._windows = {(host, route): Mix(*counts) for host, route, *counts in rows}
        self._hour = range(span.end - _SPARK + 1, span.end + 1)
        self._requests = _requests(snapshot, span.end - _SPARK, span.end)
        self._durations: dict[_Key, Counter[int]] = {}
        for host, route, text in snapshot.rows(
            "SELECT host, route, durations FROM route_minutes WHERE minute > ? AND minute <= ? AND durations <> ''",
            within,
        ):
            _add(self._durations.setdefault((host, route), Counter()), text)
        self._usual = _usual(snapshot, span)

    def of(self, host: str, route: str) -> RouteMinutes:
        """What a route did."""
        key = host, route
        requests = self._requests.get(key)
        return RouteMinutes(
            self._windows.get(key, _NO_REQUESTS),
            tuple([requests.get(minute, 0) for minute in self._hour]) if requests else _NO_SPARK,
            self._usual.get(key, 0.0),
            _p95(self._durations.get(key)),
        )


def _requests(snapshot: Snapshot, start: int, end: int) -> dict[_Key, dict[int, int]]:
    """Route -> minute -> requests."""
    found: dict[_Key, dict[int, int]] = {}
    rows: Rows = snapshot.rows(
        "SELECT host, route, minute, CAST(SUM(requests) AS BIGINT) FROM route_minutes "
        "WHERE minute > ? AND minute <= ? GROUP BY minute, host, route",
        (start, end),
    )
    for host, route, minute, requests in rows:
        found.setdefault((host, route), {})[minute] = requests
    return found


def _usual(snapshot: Snapshot, span: Span) -> dict[_Key, float]:
    (oldest,) = snapshot.one("SELECT MIN(minute) FROM route_minutes")
    windows = [] if oldest is None else earlier(span, oldest)
    (routes,) = snapshot.one("SELECT COUNT(*) FROM route_minutes WHERE minute = ?", (span.end - 1,))
    if len(windows) < LEAST or len(windows) * (span.end - span.start) * max(1, routes) > _ROWS:
        return {}
    minutes: dict[_Key, dict[int, int]] = {}
    for start, end in windows:
        for key, counted in _requests(snapshot, start, end).items():
            minutes.setdefault(key, {}).update(counted)
    return {key: usual_of(windows, counted) for key, counted in minutes.items()}


def _add(counts: Counter[int], text: str) -> None:
    for piece in text.split():
        bucket, _, number = piece.partition(":")
        if bucket.isdecimal() and number.isdecimal():
            counts[min(int(bucket), DURATION_BUCKETS - 1)] += int(number)


def _p95(counts: Counter[int] | None) -> float:
    """The geometric middle of the bucket in which the 95th percentile lies."""
    if counts is None:
        return 0.0
    left = 0.95 * sum(counts.values())
    for bucket, number in sorted(counts.items()):
        left -= number
        if left <= 0:
            return float(2 ** ((bucket - 30.5) / 3))
    return 0.0
