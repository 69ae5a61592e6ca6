"""Everything that a state file says about the traffic, in a form that can be compared."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apiwatch.errors import StoreError
from apiwatch.model import Alert
from apiwatch.store import EvidenceView, HealthView, Mix, open_reader

EVER = 10 * 366 * 1440


@dataclass(frozen=True)
class Picture:
    """What readers see, without the collector's own times."""

    total: Mix
    minutes: dict[int, Mix]
    client_minutes: dict[tuple[str, int], Mix]
    routes: dict[tuple[str, str], Mix]
    client_routes: dict[tuple[str, str], Mix]
    alerts: dict[str, Alert]
    evidence: dict[str, list[EvidenceView]]
    sources: dict[str, tuple[int, int, int, int]]


def picture(db: Path) -> Picture:
    return asyncio.run(_picture(db))


def health(db: Path) -> HealthView | None:
    return asyncio.run(_health(db))


def lines_read(db: Path) -> int:
    """Lines that the state file has counted; 0 without a heartbeat, and while the file is being made."""
    try:
        found = health(db) if db.exists() else None
    except StoreError:
        return 0
    return found.lines if found is not None else 0


def counted(lines: list[str]) -> Counter[tuple[str, int]]:
    """Requests per (client, minute), counted from the lines themselves."""
    counts: Counter[tuple[str, int]] = Counter()
    for line in lines:
        moment = datetime.strptime(line.split("[")[1].split("]")[0], "%d/%b/%Y:%H:%M:%S %z")
        counts[line.split()[0], int(moment.timestamp()) // 60] += 1
    return counts


async def _health(db: Path) -> HealthView | None:
    reader = await open_reader(db)
    try:
        return await reader.health()
    finally:
        await reader.close()


async def _picture(db: Path) -> Picture:
    reader = await open_reader(db)
    try:
        found = await reader.health()
        now = found.watermark if found is not None else 0.0
        overview = await reader.overview(EVER, now)
        client_minutes: dict[tuple[str, int], Mix] = {}
        client_routes: dict[tuple[str, str], Mix] = {}
        for row in await reader.clients(EVER, limit=10_000, now=now):
            detail = await reader.client(row.client, now)
            assert detail is not None
            client_minutes.update({(row.client, view.minute): view.mix for view in detail.timeline})
            client_routes.update({(row.client, view.route): view.mix for view in detail.routes})
        alerts = {view.alert.id: view.alert for view in await reader.alerts(include_closed=True, limit=10_000)}
        return Picture(
            total=overview.total,
            minutes={view.minute: view.mix for view in overview.timeline},
            client_minutes=client_minutes,
            routes={(view.host, view.route): view.mix for view in await reader.routes(limit=10_000)},
            client_routes=client_routes,
            alerts=alerts,
            evidence={alert_id: await reader.evidence(alert_id) for alert_id in alerts},
            sources={
                view.name: (view.lines, view.requests, view.unparsed, view.skipped) for view in await reader.sources()
            },
        )
    finally:
        await reader.close()
