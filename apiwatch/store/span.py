"""The minutes that a view shows."""

import math
from typing import NamedTuple

from apiwatch.store.snapshot import Snapshot

__all__ = ["Span", "span_of", "watermark"]


class Span(NamedTuple):
    """A window in minutes since the epoch."""

    start: int
    """The last minute before it."""
    end: int
    """Its last minute."""
    newest: int
    """The minute of the newest event."""
    at: float
    """Event time in which it ends."""

    @property
    def is_past(self) -> bool:
        """Whether it ended before the newest minute."""
        return self.end < self.newest


def watermark(snapshot: Snapshot) -> float:
    """Newest event time; 0.0 before the first."""
    (found,) = snapshot.one("SELECT COALESCE(MAX(watermark), 0) FROM health")
    return float(found)


def span_of(snapshot: Snapshot, window_minutes: int, at: float = 0.0) -> Span:
    """The window that ends at `at`, in the minute of the newest event when that is 0 or later."""
    newest = watermark(snapshot)
    if not 0 < at < newest:
        return Span(int(newest) // 60 - window_minutes, int(newest) // 60, int(newest) // 60, newest)
    last = math.ceil(at / 60) - 1
    return Span(last - window_minutes, last, int(newest) // 60, at)
