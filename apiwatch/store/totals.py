"""Reading what is about the whole log: the head of the dashboard, health, sources."""

import time
from functools import reduce
from itertools import groupby

from apiwatch.model import SEVERITIES
from apiwatch.store.blocks import live_entries
from apiwatch.store.clean import unpack
from apiwatch.store.snapshot import Rows, Snapshot
from apiwatch.store.span import Span, span_of
from apiwatch.store.usual import earlier, usual_of
from apiwatch.store.views import HealthView, MinuteView, Mix, Overview, Pulse, SourceView, UnparsedView

__all__ = ["PULSE", "Past", "health", "minutes_of", "overview", "pulse", "sources", "unparsed"]

_TIMELINE = 60

_KEPT_S = 10.0
"""Seconds after which the past is counted anew: the history of another log may be read into it."""

_MIX = ("requests", "s1xx", "s2xx", "s3xx", "s4xx", "s5xx", "other", "ok", "miss", "deny", "limited", "err", "neutral",
        "bytes")  # fmt: skip
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _MIX)
_SOURCE = (
    "name, kind, state, message, format, lines, requests, unparsed, skipped, late, cut, dropped, backlog_bytes, "
    "last_time"
)


PULSE = "SELECT body, (SELECT MAX(seq) FROM actions) FROM health ORDER BY shard"
"""The query of `pulse`: the heartbeats, and the number of the last action."""


class Past:
    """What is counted over old minutes: they are many and hardly change, so that the answers are kept for a while."""

    def __init__(self) -> None:
        self._span: Span | None = None
        self._counted_at = 0.0
        self.sum = Mix()
        """Of all minutes up to an hour before the newest one."""
        self.usual = 0.0
        """See `usual_of`."""

    def count(self, snapshot: Snapshot, span: Span) -> None:
        """Count anew if a minute has gone by since, or `_KEPT_S`."""
        now = time.monotonic()
        span = span._replace(at=0)
        if span != self._span or now - self._counted_at >= _KEPT_S:
            self.sum = _mix(snapshot, "WHERE minute <= ?", (span.newest - _TIMELINE,))
            self.usual = _usual(snapshot, span)
            self._span, self._counted_at = span, now


def overview(snapshot: Snapshot, window_minutes: int, now: float, at: float, past: Past) -> Overview:
    """See `Reader.overview`."""
    span = span_of(snapshot, window_minutes, at)
    past.count(snapshot, span)
    latest = _mix(snapshot, "WHERE minute > ?", (span.newest - _TIMELINE,))
    window = _mix(snapshot, "WHERE minute > ? AND minute <= ?", (span.start, span.end))
    timeline = minutes_of(snapshot, span.end - _TIMELINE, span.end)
    (clients_total,) = snapshot.one("SELECT COALESCE(SUM(clients), 0) FROM activity")
    if span.is_past:
        (clients_window,) = snapshot.one(
            "SELECT COUNT(DISTINCT client) FROM board_minutes WHERE minute > ? AND minute <= ?", (span.start, span.end)
        )
        severities = snapshot.rows(
            "SELECT severity, COUNT(*) FROM alerts WHERE first_seen < ? AND last_seen >= ? GROUP BY severity",
            ((span.end + 1) * 60, (span.start + 1) * 60),
        )
    else:
        (clients_window,) = snapshot.one(
            "SELECT COALESCE(SUM(clients), 0) FROM activity WHERE minute > ?", (span.start,)
        )
        severities = snapshot.rows("SELECT severity, COUNT(*) FROM alerts WHERE closed = 0 GROUP BY severity")
    return Overview(
        health=health(snapshot),
        sources=tuple(sources(snapshot)),
        total=Mix(*(getattr(past.sum, name) + getattr(latest, name) for name in _MIX)),
        window=window,
        window_minutes=window_minutes,
        clients_total=clients_total,
        clients_window=clients_window,
        open_alerts={SEVERITIES[severity]: count for severity, count in severities},
        queued_blocks=len(live_entries(snapshot, now)),
        timeline=timeline,
        usual=past.usual,
    )


def pulse(rows: Rows) -> Pulse:
    """See `Reader.pulse`; `rows` are those of `PULSE`."""
    found = [unpack(body, HealthView) for body, _ in rows]
    known = bool(found) and all(view.changed for view in found)
    revision = (*(view.changed for view in found), float(rows[0][1] or 0)) if known else None
    return Pulse(reduce(_both, found) if found else None, revision)


def minutes_of(snapshot: Snapshot, start: int, end: int) -> tuple[MinuteView, ...]:
    """The minutes after `start`, up to `end`, that had requests."""
    found = snapshot.rows(
        f"SELECT minute, {_SUMS} FROM minutes WHERE minute > ? AND minute <= ? "  # noqa: S608  own names
        "GROUP BY minute ORDER BY minute",
        (start, end),
    )
    return tuple(MinuteView(minute, Mix(*counts)) for minute, *counts in found)


def _usual(snapshot: Snapshot, span: Span) -> float:
    (oldest,) = snapshot.one("SELECT MIN(minute) FROM minutes")
    windows = [] if oldest is None else earlier(span, oldest)
    minutes: dict[int, int] = {}
    for start, end in windows:
        minutes.update(
            snapshot.rows(
                "SELECT minute, CAST(SUM(requests) AS BIGINT) FROM minutes WHERE minute > ? AND minute <= ? "
                "GROUP BY minute",
                (start, end),
            )
        )
    return usual_of(windows, minutes)


def health(snapshot: Snapshot) -> HealthView | None:
    """Last heartbeat; those of several shards as one."""
    found = [unpack(body, HealthView) for (body,) in snapshot.rows("SELECT body FROM health ORDER BY shard")]
    return reduce(_both, found) if found else None


def sources(snapshot: Snapshot) -> list[SourceView]:
    """Sources by name; one that several shards share is there once, with the sums."""
    found = snapshot.rows(f"SELECT {_SOURCE} FROM sources ORDER BY name, shard")  # noqa: S608  own names
    views = [SourceView(*row) for row in found]
    return [_one_source(list(same)) for _, same in groupby(views, key=lambda view: view.name)]


def unparsed(snapshot: Snapshot, source: str, limit: int) -> list[UnparsedView]:
    """The first lines of every source before the second ones of any; of one source if it is named."""
    found = snapshot.rows(
        "SELECT source, line, time, text, matched, format FROM ("
        "  SELECT source, line, time, text, matched, format,"
        "    ROW_NUMBER() OVER (PARTITION BY source ORDER BY line) AS place FROM unparsed WHERE ? IN ('', source)"
        ") AS placed ORDER BY place, source, line LIMIT ?",
        (source, limit),
    )
    return [UnparsedView(name, line, float(time), *rest) for name, line, time, *rest in found]


def _mix(snapshot: Snapshot, where: str, values: tuple[int, ...]) -> Mix:
    found = snapshot.one(f"SELECT {_SUMS} FROM minutes {where}", values)  # noqa: S608  own names
    return Mix(*(count or 0 for count in found))


def _both(one: HealthView, two: HealthView) -> HealthView:
    """Two shards as one: sums of what is counted, the worst of what is not."""
    later = max(one, two, key=lambda view: view.heartbeat)
    names = one.bounds.keys() | two.bounds.keys()
    nothing = (0, 0, 0)
    return HealthView(
        state=later.state,
        message=later.message,
        pid=later.pid,
        owner=later.owner,
        started=min(one.started, two.started),
        heartbeat=min(one.heartbeat, two.heartbeat),
        watermark=max(one.watermark, two.watermark),
        lag_s=max(one.lag_s, two.lag_s),
        backlog_bytes=one.backlog_bytes + two.backlog_bytes,
        lines=one.lines + two.lines,
        lines_per_s=one.lines_per_s + two.lines_per_s,
        requests=one.requests + two.requests,
        unparsed=one.unparsed + two.unparsed,
        skipped=one.skipped + two.skipped,
        late=one.late + two.late,
        dropped=one.dropped + two.dropped,
        cut=one.cut + two.cut,
        bounds={name: _added(one.bounds.get(name, nothing), two.bounds.get(name, nothing)) for name in sorted(names)},
        notified=one.notified + two.notified,
        withheld=one.withheld + two.withheld,
        allowed={
            entry: _pairs(one.allowed.get(entry, (0, 0)), two.allowed.get(entry, (0, 0)))
            for entry in sorted(one.allowed.keys() | two.allowed.keys())
        },
        changed=max(one.changed, two.changed),
    )


def _pairs(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    return one[0] + two[0], one[1] + two[1]


def _added(one: tuple[int, int, int], two: tuple[int, int, int]) -> tuple[int, int, int]:
    return one[0] + two[0], one[1] + two[1], one[2] + two[2]


def _one_source(views: list[SourceView]) -> SourceView:
    if len(views) == 1:
        return views[0]
    latest = max(views, key=lambda view: view.last_time)

    return SourceView(
        name=latest.name,
        kind=latest.kind,
        state=latest.state,
        message=latest.message,
        format=latest.format,
        lines=sum(view.lines for view in views),
        requests=sum(view.requests for view in views),
        unparsed=sum(view.unparsed for view in views),
        skipped=sum(view.skipped for view in views),
        late=sum(view.late for view in views),
        cut=sum(view.cut for view in views),
        dropped=sum(view.dropped for view in views),
        backlog_bytes=sum(view.backlog_bytes for view in views),
        last_time=latest.last_time,
    )
