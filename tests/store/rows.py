"""Rows, deltas and heartbeats for tests, with few words; and a collector's commits without an engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from apiwatch.config.settings import Retention
from apiwatch.model import (
    Alert,
    ClientMinuteRow,
    ClientRow,
    Delta,
    Explanation,
    Health,
    MinuteRow,
    RouteMinuteRow,
    Severity,
    StateRow,
    Subject,
    SuspectRow,
    Tags,
)
from apiwatch.store import HealthView, SourceView, open_writer

MINUTE = 28_333_333
"""A minute in 2023, since the epoch."""

NOW = MINUTE * 60 + 30.0

FOREVER = Retention(client_minutes=1e9, minutes=1e9, route_minutes=1e9, clients=1e9, alerts=1e9)


def health_view(watermark: float = NOW, **changes: Any) -> HealthView:
    values: dict[str, Any] = {
        "state": "live", "message": "", "pid": 4242, "owner": "oncall@gw1", "started": NOW - 100, "heartbeat": NOW,
        "watermark": watermark, "lag_s": 0.0, "backlog_bytes": 0, "lines": 10, "lines_per_s": 1.0, "requests": 10,
        "unparsed": 0, "skipped": 0, "late": 0, "dropped": 0, "cut": 0, "bounds": {"clients": (1, 50_000, 0)},
    }  # fmt: skip
    return HealthView(**{**values, **changes})


def source_view(name: str = "/var/log/access.log", **changes: Any) -> SourceView:
    values: dict[str, Any] = {
        "name": name, "kind": "file", "state": "following", "message": "", "format": "combined", "lines": 10,
        "requests": 10, "unparsed": 0, "skipped": 0, "late": 0, "cut": 0, "dropped": 0, "backlog_bytes": 0,
        "last_time": NOW,
    }  # fmt: skip
    return SourceView(**{**values, **changes})


def delta(**lists: Any) -> Delta:
    names = (
        "clients", "client_minutes", "client_routes", "client_facets", "minutes", "routes", "suspects", "alerts",
        "events", "evidence", "sources", "unparsed", "state",
    )  # fmt: skip
    health = Health(NOW, 1, 50_000, 0, 1, 50_000, 0, 1, 5_000, 0, 1, 500_000, 0, 0, 2_000, 0, 50, 0)
    return Delta(health=health, **{**{name: [] for name in names}, **lists})


def client_row(client: str, part: int = 0, last: int = int(NOW), requests: int = 1, **changes: Any) -> ClientRow:
    row = ClientRow(
        client, part, last - 60, last, requests, requests, 0, 0, 0, 0, 0, 100 * requests, client, client, 0, 0, "[]"
    )
    return row._replace(**changes)


def client_minute(
    minute: int, client: str, part: int = 0, *, ok: int = 1, miss: int = 0, deny: int = 0, err: int = 0, size: int = 100
) -> ClientMinuteRow:
    return ClientMinuteRow(minute, client, part, ok + miss + deny + err, ok, miss, deny, 0, err, 0, size)


def minute_row(minute: int, requests: int) -> MinuteRow:
    return MinuteRow(minute, requests, 0, requests, 0, 0, 0, 0, requests, 0, 0, 0, 0, 0, 100 * requests)


def route_minute(minute: int, route: str, ok: int, *, miss: int = 0, durations: str = "") -> RouteMinuteRow:
    counts = ok + miss, 0, ok, 0, miss, 0, 0, ok, miss, 0, 0, 0, 0, 100 * (ok + miss)
    return RouteMinuteRow(minute, "api.example.com", route, *counts, durations)


def suspect(principal: str, evidence: float = 0.5, **changes: Any) -> SuspectRow:
    row = SuspectRow(
        "enumeration.sequential", "enumeration", principal, principal, "api.example.com", "GET /api/orders/{id}", "id",
        evidence, 4, 9, 7, 3, 4, int(NOW) - 60, int(NOW), "",
    )  # fmt: skip
    return row._replace(**changes)


def alert(key: str, client: str = "192.0.2.7", severity: Severity = Severity.HIGH, **changes: Any) -> Alert:
    explanation = Explanation(
        "enumeration.sequential", "enumeration", "high", 61, Subject("ipv4", client), "api.example.com",
        "GET /api/orders/{id}", "2023-11-14T22:13:00Z", "2023-11-14T22:13:30Z", (), "walks ids in order", (), (),
        "about 30 steps without a neighbour", Tags(("API1:2023",)),
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": key, "detector": "enumeration.sequential", "family": "enumeration", "severity": severity, "score": 61,
        "principal": client, "client": client, "clients": (client,), "clients_total": 1, "host": "api.example.com",
        "route": "GET /api/orders/{id}", "title": "walks ids", "first_seen": NOW - 60, "last_seen": NOW, "count": 9,
        "update": 0, "explanation": explanation,
    }  # fmt: skip
    return Alert(**{**values, **changes})


class Collector:
    """Commits of one shard."""

    def __init__(self, path: Path, *, retention: Retention = FOREVER, shard: int = 0) -> None:
        self.writer = open_writer(path, retention=retention)
        self.shard = shard
        acquired = self.writer.acquire(shard, "oncall@gw1")
        self.epoch, self.offsets, self.state = acquired

    def __enter__(self) -> "Collector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()

    def commit(
        self,
        offsets: Mapping[str, str] | None = None,
        *,
        health: HealthView | None = None,
        sources: Sequence[SourceView] = (),
        **lists: Any,
    ) -> None:
        taken = delta(**lists) if lists else None
        self.writer.commit(self.shard, self.epoch, offsets or {}, taken, health or health_view(), sources)


def state_row(key: str, blob: bytes | None) -> StateRow:
    return StateRow(key, blob)
