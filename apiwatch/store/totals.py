"""Reading what is about the whole log: the head of the dashboard, health, sources."""

import time
from collections.abc import Sequence
from functools import reduce
from itertools import groupby

from apiwatch.model import SEVERITIES
from apiwatch.store.blocks import live_entries
from apiwatch.store.clean import unpack
from apiwatch.store.snapshot import Rows, Snapshot
from apiwatch.store.span import watermark
from apiwatch.store.views import HealthView, MinuteView, Mix, Overview, Pulse, SourceView, UnparsedView

__all__ = ["PULSE", "Past", "health", "overview", "pulse", "sources", "unparsed"]

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
    """The sum of the minutes before the timeline. They are many and hardly change: it is kept for a while."""

    def __init__(self) -> None:
        self._newest = -1
        self._counted_at = 0.0
        self._sum: tuple[int, ...] = ()

    async def sum(self, snapshot: Snapshot, newest: int) -> tuple[int, ...]:
        """Counts by the names of `_MIX`, of the minutes up to an hour before `newest`."""
        now = time.monotonic()
        if newest != self._newest or now - self._counted_at >= _KEPT_S:
            self._sum = await _sum(snapshot, "minute <= ?", newest - _TIMELINE)
            self._newest, self._counted_at = newest, now
        return self._sum


async def overview(snapshot: Snapshot, window_minutes: int, now: float, past: Past) -> Overview:
    """See `Reader.overview`."""
    newest = int(await watermark(snapshot)) // 60
    timeline = await snapshot.rows(
        f"SELECT minute, {_SUMS} FROM minutes WHERE minute > ? GROUP BY minute ORDER BY minute",  # noqa: S608  own names
        (newest - _TIMELINE,),
    )
    total = _added_up([await past.sum(snapshot, newest), *(counts for _, *counts in timeline)])
    begin = newest - window_minutes
    window = (
        _added_up([counts for minute, *counts in timeline if minute > begin])
        if window_minutes <= _TIMELINE
        else Mix(*await _sum(snapshot, "minute > ?", begin))
    )
    (clients_total,) = await snapshot.one("SELECT COALESCE(SUM(clients), 0) FROM activity")
    (clients_window,) = await snapshot.one(
        "SELECT COALESCE(SUM(clients), 0) FROM activity WHERE minute > ?", (newest - window_minutes,)
    )
    severities = await snapshot.rows("SELECT severity, COUNT(*) FROM alerts WHERE closed = 0 GROUP BY severity")
    return Overview(
        health=await health(snapshot),
        sources=tuple(await sources(snapshot)),
        total=total,
        window=window,
        window_minutes=window_minutes,
        clients_total=clients_total,
        clients_window=clients_window,
        open_alerts={SEVERITIES[severity]: count for severity, count in severities},
        queued_blocks=len(await live_entries(snapshot, now)),
        timeline=tuple(MinuteView(minute, Mix(*counts)) for minute, *counts in timeline),
    )


def pulse(rows: Rows) -> Pulse:
    """See `Reader.pulse`; `rows` are those of `PULSE`."""
    found = [unpack(body, HealthView) for body, _ in rows]
    known = bool(found) and all(view.changed for view in found)
    revision = (*(view.changed for view in found), float(rows[0][1] or 0)) if known else None
    return Pulse(reduce(_both, found) if found else None, revision)


async def health(snapshot: Snapshot) -> HealthView | None:
    """Last heartbeat; those of several shards as one."""
    found = [unpack(body, HealthView) for (body,) in await snapshot.rows("SELECT body FROM health ORDER BY shard")]
    return reduce(_both, found) if found else None


async def sources(snapshot: Snapshot) -> list[SourceView]:
    """Sources by name; one that several shards share is there once, with the sums."""
    found = await snapshot.rows(f"SELECT {_SOURCE} FROM sources ORDER BY name, shard")  # noqa: S608  own names
    views = [SourceView(*row) for row in found]
    return [_one_source(list(same)) for _, same in groupby(views, key=lambda view: view.name)]


async def unparsed(snapshot: Snapshot, source: str, limit: int) -> list[UnparsedView]:
    """The first lines of every source before the second ones of any; of one source if it is named."""
    found = await snapshot.rows(
        "SELECT source, line, time, text, matched, format FROM ("
        "  SELECT source, line, time, text, matched, format,"
        "    ROW_NUMBER() OVER (PARTITION BY source ORDER BY line) AS place FROM unparsed WHERE ? IN ('', source)"
        ") AS placed ORDER BY place, source, line LIMIT ?",
        (source, limit),
    )
    return [UnparsedView(name, line, float(time), *rest) for name, line, time, *rest in found]


async def _sum(snapshot: Snapshot, where: str, minute: int) -> tuple[int, ...]:
    found = await snapshot.one(f"SELECT {_SUMS} FROM minutes WHERE {where}", (minute,))  # noqa: S608  own names
    return tuple(count or 0 for count in found)


def _added_up(rows: Sequence[Sequence[int]]) -> Mix:
    return Mix(*map(sum, zip(*rows, strict=True)))


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
