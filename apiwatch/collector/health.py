"""What the collector says about itself with every commit: its state, lag, rates, bounds, and each source."""

import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from apiwatch.detect import DETECTORS
from apiwatch.detect.needs import degraded
from apiwatch.engine.state import SourceState
from apiwatch.model import Health
from apiwatch.sources import SourceStatus
from apiwatch.store import HealthView, SourceView

__all__ = ["Rate", "bounds", "health_view", "lag_seconds", "source_views"]

RATE_SPAN = 5.0
"""Seconds over which the rate of lines is averaged."""

BEHIND_S = 5.0
"""Lag in seconds from which on the collector calls itself 'catching-up'."""


class Rate:
    """Lines per second as an average over the last `RATE_SPAN` seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def update(self, now: float, total: int) -> float:
        """The rate when `total` lines have been read at `now` (monotonic seconds)."""
        points = self._points
        points.append((now, total))
        while len(points) > 2 and now - points[1][0] >= RATE_SPAN:
            points.popleft()
        seconds = now - points[0][0]
        return (total - points[0][1]) / seconds if seconds > 0 else 0.0


def lag_seconds(backlog_bytes: int, watermark: float, now: float) -> float:
    """How far the newest event lies behind the clock while input is unread; 0 when all is read or nothing was."""
    return max(0.0, now - watermark) if backlog_bytes > 0 and watermark > 0 else 0.0


def bounds(health: Health) -> dict[str, tuple[int, int, int]]:
    """Name -> (now, limit, evicted or refused)."""
    return {
        "clients": (health.clients, health.clients_limit, health.clients_evicted),
        "principals": (health.principals, health.principals_limit, health.principals_evicted),
        "routes": (health.routes, health.routes_limit, health.routes_refused),
        "objects": (health.objects, health.objects_limit, health.objects_forgotten),
        "alerts": (health.alerts_open, health.alerts_limit, health.alerts_refused),
    }


def health_view(
    health: Health,
    sources: Sequence[SourceView],
    *,
    state: str,
    message: str,
    owner: str,
    started: float,
    now: float,
    lines_per_s: float,
) -> HealthView:
    """The heartbeat; `state` 'live' becomes 'catching-up' while unread input is older than `BEHIND_S`."""
    backlog = sum(source.backlog_bytes for source in sources)
    lag = lag_seconds(backlog, health.watermark, now)
    if state == "live" and lag > BEHIND_S:
        state = "catching-up"
    return HealthView(
        state=state,
        message=message,
        pid=os.getpid(),
        owner=owner,
        started=started,
        heartbeat=now,
        watermark=health.watermark,
        lag_s=lag,
        backlog_bytes=backlog,
        lines=sum(source.lines for source in sources),
        lines_per_s=lines_per_s,
        requests=sum(source.requests for source in sources),
        unparsed=sum(source.unparsed for source in sources),
        skipped=sum(source.skipped for source in sources),
        late=sum(source.late for source in sources),
        dropped=sum(source.dropped for source in sources),
        cut=sum(source.cut for source in sources),
        bounds=bounds(health),
        notified=health.notified,
        withheld=health.withheld,
        allowed=health.allowed,
    )


def source_views(counters: Mapping[str, SourceState], statuses: Iterable[SourceStatus]) -> list[SourceView]:
    """One row per source, by name: the engine's counters with what the feed knows.

    A source that is in the state but no longer read is shown as 'ended'.
    """
    views: dict[str, SourceView] = {}
    for status in statuses:
        views[status.name] = _view(
            counters.get(status.name) or SourceState(status.name),
            status.kind,
            status.state,
            _message(status.message, counters.get(status.name)),
            status.dropped,
            status.backlog_bytes,
        )
    for name, state in counters.items():
        if name not in views:
            views[name] = _view(state, _kind(name), "ended", "not read by this collector", 0, 0)
    return [views[name] for name in sorted(views)]


def _message(said: str, counters: SourceState | None) -> str:
    """What the feed says about a source, and what its requests say."""
    if counters is None:
        return said
    blind = degraded(counters.fields.known_missing, DETECTORS)
    return "; ".join(part for part in (said, counters.peers.hint, blind) if part)


def _view(counters: SourceState, kind: str, state: str, message: str, dropped: int, backlog: int) -> SourceView:
    return SourceView(
        name=counters.name,
        kind=kind,
        state=state,
        message=message,
        format=counters.format,
        lines=counters.lines,
        requests=counters.requests,
        unparsed=counters.unparsed,
        skipped=counters.skipped,
        late=counters.late,
        cut=counters.cut,
        dropped=dropped,
        backlog_bytes=backlog,
        last_time=counters.last_time,
    )


def _kind(name: str) -> str:
    if name == "stdin":
        return "stdin"
    if name.startswith("journal:"):
        return "journal"
    return "syslog" if name.startswith(("udp://", "tcp://", "tls://", "unix://")) else "file"
