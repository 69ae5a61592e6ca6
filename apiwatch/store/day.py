"""Reading how far back one can look, and the day before any moment."""

from itertools import accumulate

from msgspec.structs import replace

from apiwatch.model import SEVERITIES
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import span_of
from apiwatch.store.totals import minutes_of
from apiwatch.store.views import MinuteView

__all__ = ["day", "stored"]

_DAY = 1440


def stored(snapshot: Snapshot) -> tuple[int, int]:
    """See `Reader.span`."""
    oldest, newest = snapshot.one("SELECT MIN(minute), MAX(minute) FROM minutes")
    return (oldest or 0, newest or 0)


def day(snapshot: Snapshot, at: float) -> tuple[MinuteView, ...]:
    """See `Reader.day`."""
    span = span_of(snapshot, _DAY, at)
    changes = [[0] * (_DAY + 1) for _ in SEVERITIES]
    """Severity -> alerts that begin less those that end at each minute."""
    rows = snapshot.rows(
        "SELECT severity, first_seen, last_seen FROM alerts WHERE last_seen >= ? AND first_seen < ?",
        ((span.start + 1) * 60, (span.end + 1) * 60),
    )
    first = span.start + 1
    for severity, begin, end in rows:
        changes[severity][max(0, begin // 60 - first)] += 1
        changes[severity][min(_DAY, end // 60 - first + 1)] -= 1
    worst = [""] * _DAY
    for severity, counts in enumerate(changes):
        for place, active in enumerate(accumulate(counts[:_DAY])):
            if active:
                worst[place] = SEVERITIES[severity]
    minutes = minutes_of(snapshot, span.start, span.end)
    return tuple(replace(view, severity=worst[view.minute - first]) for view in minutes)
