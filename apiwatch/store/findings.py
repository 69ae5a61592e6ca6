"""Reading alerts, their evidence, and tests that lean towards suspicion."""

from collections.abc import Sequence
from typing import NamedTuple

from apiwatch.model import ALERT_KINDS, Alert
from apiwatch.store.clean import unpack
from apiwatch.store.snapshot import Rows, Snapshot, marks
from apiwatch.store.views import AlertView, EvidenceView, SuspectView

__all__ = [
    "alert_by_prefix",
    "alerts",
    "alerts_of",
    "evidence",
    "open_alerts_of",
    "suspects",
    "suspects_of",
]

_FAMILIES = {"enumeration": ("enumeration", "scraping")}

_WORST = "ORDER BY severity DESC, score DESC, last_seen DESC, id"

_SUSPECT = """
    s.detector, s.family, s.principal, s.client, s.host, s.route, s.parameter, s.evidence, s.hits, s.observations,
    s.objects, s.failures, s.successes, s.first_seen, s.last_seen, s.note, COALESCE((
        SELECT a.id FROM alerts a WHERE a.closed = 0 AND a.family = s.family AND a.principal = s.principal
        ORDER BY a.severity DESC, a.last_seen DESC, a.id LIMIT 1), '')"""


async def alerts(snapshot: Snapshot, *, include_closed: bool, limit: int) -> list[AlertView]:
    """The worst alerts."""
    where = "" if include_closed else "WHERE closed = 0"
    found = await snapshot.rows(f"SELECT body FROM alerts {where} {_WORST} LIMIT ?", (limit,))  # noqa: S608  own words
    return await _views(snapshot, found)


async def alert_by_prefix(snapshot: Snapshot, prefix: str) -> AlertView | None:
    """The alert with this id, or the only one whose id begins so."""
    found = await snapshot.rows("SELECT body FROM alerts WHERE id = ?", (prefix,))
    if not found and prefix:
        found = await snapshot.rows(
            "SELECT body FROM alerts WHERE id > ? AND SUBSTR(id, 1, ?) = ? ORDER BY id LIMIT 2",
            (prefix, len(prefix), prefix),
        )
    views = await _views(snapshot, found[:2])
    return views[0] if len(views) == 1 else None


async def alerts_of(snapshot: Snapshot, client: str, limit: int) -> list[AlertView]:
    """Alerts that name a client, open or closed, worst first."""
    found = await snapshot.rows(
        "SELECT body FROM alerts WHERE id IN (SELECT alert_id FROM alert_clients WHERE client = ?) "  # noqa: S608  own words
        f"ORDER BY closed, {_WORST.removeprefix('ORDER BY ')} LIMIT ?",
        (client, limit),
    )
    return await _views(snapshot, found)


async def open_alerts_of(snapshot: Snapshot, clients: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Client -> (open alerts that name it, their highest severity); clients without one are left out."""
    found: Rows = await snapshot.rows(
        "SELECT c.client, COUNT(DISTINCT a.id), MAX(a.severity) FROM alert_clients c "  # noqa: S608  only marks
        f"JOIN alerts a ON a.id = c.alert_id WHERE a.closed = 0 AND c.client IN ({marks(clients)}) GROUP BY c.client",
        clients,
    )
    return {client: (count, severity) for client, count, severity in found}


async def evidence(
    snapshot: Snapshot, alert_ids: Sequence[str], *, newest_first: bool, limit: int
) -> list[EvidenceView]:
    """Original lines of alerts in the order of time; a line that several alerts keep is there once."""
    way = "DESC" if newest_first else "ASC"
    found = await snapshot.rows(
        f"SELECT DISTINCT time, source, line, text FROM evidence WHERE alert_id IN ({marks(alert_ids)}) "  # noqa: S608
        f"ORDER BY time {way}, source {way}, line {way} LIMIT ?",
        (*alert_ids, limit),
    )
    return [EvidenceView(float(time), source, line, text) for time, source, line, text in found]


async def suspects(snapshot: Snapshot, family: str, limit: int) -> list[SuspectView]:
    """Leaning tests of a family (enumeration: with scraping), strongest evidence first."""
    found: Rows = []
    for name in _FAMILIES.get(family, (family,)):
        found += await snapshot.rows(
            f"SELECT {_SUSPECT} FROM suspects s WHERE s.family = ? AND s.evidence > 0 "  # noqa: S608  own names
            "ORDER BY s.evidence DESC LIMIT ?",
            (name, limit),
        )
    return _suspects(found)[:limit]


async def suspects_of(snapshot: Snapshot, client: str, principal: str, limit: int) -> list[SuspectView]:
    """Leaning tests of a client or of the principal that it stands for."""
    found = await snapshot.rows(
        f"SELECT {_SUSPECT} FROM suspects s WHERE (s.client = ? OR s.principal = ?) AND s.evidence > 0 "  # noqa: S608
        "ORDER BY s.evidence DESC LIMIT ?",
        (client, principal or client, limit),
    )
    return _suspects(found)


def _suspects(rows: Rows) -> list[SuspectView]:
    views = [SuspectView(*row) for row in rows]
    return sorted(
        views, key=lambda v: (-v.evidence, -v.last_seen, v.detector, v.principal, v.host, v.route, v.parameter)
    )


async def _views(snapshot: Snapshot, bodies: Rows) -> list[AlertView]:
    found = [unpack(body, Alert) for (body,) in bodies]
    said: dict[str, list[_Said]] = {}
    if found:
        ids = [alert.id for alert in found]
        (now,) = await snapshot.one("SELECT COALESCE(MAX(heartbeat), 0) FROM health")
        rows = await snapshot.rows(
            "SELECT subject, seq, kind, actor, note, expires FROM actions "  # noqa: S608  only marks
            f"WHERE subject IN ({marks(ids)}) AND kind IN ({marks(ALERT_KINDS)}) "
            "AND COALESCE(expires, 1e300) > ? ORDER BY seq",
            (*ids, *ALERT_KINDS, now),
        )
        for subject, *rest in rows:
            said.setdefault(subject, []).append(_Said(*rest))
    return [_view(alert, said.get(alert.id, ())) for alert in found]


class _Said(NamedTuple):
    seq: int
    kind: str
    actor: str
    note: str
    expires: float | None


def _view(alert: Alert, said: Sequence[_Said]) -> AlertView:
    """An alert with what counts now of what was said about it, the latest of each kind."""
    latest: dict[str, _Said] = {}
    note = ""
    for each in said:
        latest["mute" if each.kind == "unmute" else each.kind] = each
        note = each.note or note
    acknowledged, muted, benign = latest.get("acknowledge"), latest.get("mute"), latest.get("benign")
    if acknowledged is not None and acknowledged.seq <= alert.said_before:
        acknowledged = None
    if muted is not None and muted.kind == "unmute":
        muted = None
    state = "closed" if alert.closed else "muted" if muted else "acknowledged" if acknowledged else "open"
    return AlertView(
        alert,
        state,
        acknowledged_by=acknowledged.actor if acknowledged else "",
        note=note,
        muted_until=(muted.expires or 0.0) if muted else 0.0,
        muted_by=muted.actor if muted else "",
        benign_until=(benign.expires or 0.0) if benign else 0.0,
        benign_by=benign.actor if benign else "",
    )
