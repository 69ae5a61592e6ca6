"""Reading alerts, their evidence, and tests that lean towards suspicion."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from apiwatch.model import ALERT_KINDS, Alert
from apiwatch.store.clean import unpack
from apiwatch.store.filters.match import kept
from apiwatch.store.filters.records import alert_record
from apiwatch.store.filters.sql import condition
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.members import members
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.searching import ALERT_COLUMNS, SUSPECT_COLUMNS, SUSPECT_WORDS
from apiwatch.store.snapshot import Rows, Snapshot, marks, pieces
from apiwatch.store.span import span_of, watermark
from apiwatch.store.views import ActionView, AlertView, EvidenceView, Listing, SuspectView

__all__ = [
    "alert_by_prefix",
    "alerts",
    "alerts_of",
    "evidence",
    "notes",
    "open_alerts_of",
    "open_alerts_on",
    "suspects",
    "suspects_of",
]

_LOOKED_AT = 2_000
"""Worst alerts, and strongest tests of a route, among which those of a wide scope are looked for."""

_LEANING = 500
"""Strongest tests of a family whose clients are looked at."""


_FAMILIES = {"enumeration": ("enumeration", "scraping")}

_WORST = "ORDER BY severity DESC, score DESC, last_seen DESC, id"

_SUSPECT = """
    s.detector, s.family, s.principal, s.client, s.host, s.route, s.parameter, s.evidence, s.hits, s.observations,
    s.objects, s.failures, s.successes, s.first_seen, s.last_seen, s.note, COALESCE((
        SELECT a.id FROM alerts a WHERE a.closed = 0 AND a.family = s.family AND a.principal = s.principal
        ORDER BY a.severity DESC, a.last_seen DESC, a.id LIMIT 1), '')"""


def alerts(
    snapshot: Snapshot,
    *,
    include_closed: bool,
    limit: int,
    scope: Scope = EVERYTHING,
    at: float = 0.0,
    window_minutes: int = 5,
    asked: Filter = ANY,
) -> Listing[AlertView]:
    """The worst alerts; see `Reader.alerts`."""
    where: list[str] = [] if include_closed else ["closed = 0"]
    values: list[object] = []
    span = span_of(snapshot, window_minutes, at)
    if at:
        where, values = ["first_seen < ?", "last_seen >= ?"], [(span.end + 1) * 60, (span.start + 1) * 60]
    for column, wanted in (("host", scope.host), ("route", scope.route)):
        if wanted:
            where.append(f"{column} = ?")
            values.append(wanted)
    who = replace(scope, host="", route="")
    among = 0
    if who != EVERYTHING:
        filters = " AND ".join(where) or "1 = 1"

        def alerted() -> list[str]:
            found = snapshot.rows(
                "SELECT DISTINCT client FROM alert_clients WHERE alert_id IN ("  # noqa: S608  own words
                f"SELECT id FROM alerts WHERE {filters} {_WORST} LIMIT ?) LIMIT ?",
                (*values, _LOOKED_AT, _LOOKED_AT),
            )
            return [client for (client,) in found]

        found = members(snapshot, who, alerted)
        among = found.among
        ids = _ids_of(snapshot, list(found.clients))
        if who.alert:
            ids.append(who.alert)
        where.append(f"(id IN ({marks(ids)}) OR principal = ?)")
        values += [*ids, f"user:{who.user}" if who.user else ""]
    if asked:
        narrowed = condition(asked, ALERT_COLUMNS, span.at)
        where.append(narrowed.sql)
        values += narrowed.values
    text = f"WHERE {' AND '.join(where)}" if where else ""
    if asked and narrowed.left:
        return _matching(snapshot, text, values, limit, narrowed.left, span.at, among)
    rows = snapshot.rows(f"SELECT body FROM alerts {text} {_WORST} LIMIT ?", (*values, limit))  # noqa: S608
    return Listing(_views(snapshot, rows), among)


def _matching(
    snapshot: Snapshot, text: str, values: Sequence[object], limit: int, left: Filter, at: float, among: int
) -> Listing[AlertView]:
    """Those of the worst alerts whose bodies, and what was said about them, pass a filter."""
    rows = snapshot.rows(f"SELECT id FROM alerts {text} {_WORST} LIMIT ?", (*values, _LOOKED_AT + 1))  # noqa: S608
    ids = [key for (key,) in rows][:_LOOKED_AT]
    views: list[AlertView] = []
    for piece in pieces(ids):
        found = snapshot.rows(
            f"SELECT body FROM alerts WHERE id IN ({marks(piece)}) {_WORST}",  # noqa: S608  only marks
            piece,
        )
        views += kept(left, _views(snapshot, found), alert_record, at)
        if len(views) >= limit:
            return Listing(views[:limit], among)
    return Listing(views, among or (_LOOKED_AT if len(rows) > _LOOKED_AT else 0))


def _ids_of(snapshot: Snapshot, clients: Sequence[str]) -> list[str]:
    """Ids of alerts that name one of the clients."""
    ids: dict[str, None] = {}
    for piece in pieces(clients):
        rows = snapshot.rows(
            f"SELECT DISTINCT alert_id FROM alert_clients WHERE client IN ({marks(piece)})",  # noqa: S608  only marks
            piece,
        )
        ids.update((key, None) for (key,) in rows)
    return list(ids)[:_LOOKED_AT]


def alert_by_prefix(snapshot: Snapshot, prefix: str) -> AlertView | None:
    """The alert with this id, or the only one whose id begins so."""
    found = snapshot.rows("SELECT body FROM alerts WHERE id = ?", (prefix,))
    if not found and prefix:
        found = snapshot.rows(
            "SELECT body FROM alerts WHERE id > ? AND SUBSTR(id, 1, ?) = ? ORDER BY id LIMIT 2",
            (prefix, len(prefix), prefix),
        )
    views = _views(snapshot, found[:2])
    return views[0] if len(views) == 1 else None


def alerts_of(snapshot: Snapshot, client: str, limit: int) -> list[AlertView]:
    """Alerts that name a client, open or closed, worst first."""
    found = snapshot.rows(
        "SELECT body FROM alerts WHERE id IN (SELECT alert_id FROM alert_clients WHERE client = ?) "  # noqa: S608  own words
        f"ORDER BY closed, {_WORST.removeprefix('ORDER BY ')} LIMIT ?",
        (client, limit),
    )
    return _views(snapshot, found)


def open_alerts_of(snapshot: Snapshot, clients: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Client -> (open alerts that name it, their highest severity); clients without one are left out."""
    found: Rows = snapshot.rows(
        "SELECT c.client, COUNT(DISTINCT a.id), MAX(a.severity) FROM alert_clients c "  # noqa: S608  only marks
        f"JOIN alerts a ON a.id = c.alert_id WHERE a.closed = 0 AND c.client IN ({marks(clients)}) GROUP BY c.client",
        clients,
    )
    return {client: (count, severity) for client, count, severity in found}


def open_alerts_on(snapshot: Snapshot) -> dict[tuple[str, str], tuple[int, int]]:
    """(host, route) -> (open alerts about it, their highest severity); routes without one are left out."""
    found = snapshot.rows(
        "SELECT host, route, COUNT(DISTINCT id), MAX(severity) FROM alerts WHERE closed = 0 AND route <> '' "
        "GROUP BY host, route"
    )
    return {(host, route): (count, severity) for host, route, count, severity in found}


def evidence(snapshot: Snapshot, alert_ids: Sequence[str], *, newest_first: bool, limit: int) -> list[EvidenceView]:
    """Original lines of alerts in the order of time; a line that several alerts keep is there once."""
    way = "DESC" if newest_first else "ASC"
    found = snapshot.rows(
        f"SELECT time, source, line, text, MIN(slot) FROM evidence WHERE alert_id IN ({marks(alert_ids)}) "  # noqa: S608
        f"GROUP BY time, source, line, text ORDER BY time {way}, source {way}, line {way} LIMIT ?",
        (*alert_ids, limit),
    )
    return [EvidenceView(float(time), source, line, text, slot < 0) for time, source, line, text, slot in found]


def suspects(
    snapshot: Snapshot, family: str, limit: int, scope: Scope = EVERYTHING, where: Filter = ANY
) -> Listing[SuspectView]:
    """Leaning tests of a family (enumeration: with scraping), strongest evidence first."""
    families = _FAMILIES.get(family, (family,))
    asked = condition(where, SUSPECT_COLUMNS, watermark(snapshot) if where else 0.0, words=SUSPECT_WORDS)
    found: Rows = []
    if scope == EVERYTHING:
        for name in families:
            found += snapshot.rows(
                f"SELECT {_SUSPECT} FROM suspects s WHERE s.family = ? AND s.evidence > 0 "  # noqa: S608  own names
                f"AND {asked.sql} ORDER BY s.evidence DESC LIMIT ?",
                (name, *asked.values, limit),
            )
        return Listing(_suspects(found)[:limit])
    who = replace(scope, host="", route="")
    if who == EVERYTHING:
        looked_at = 0
        for name in families:
            rows = snapshot.rows(
                f"SELECT {_SUSPECT} FROM (SELECT * FROM suspects WHERE family = ? AND evidence > 0 "  # noqa: S608
                f"ORDER BY evidence DESC LIMIT ?) AS s WHERE {asked.sql}",
                (name, _LOOKED_AT, *asked.values),
            )
            looked_at = max(looked_at, len(rows))
            found += rows
        among = _LOOKED_AT if looked_at == _LOOKED_AT else 0
        return Listing([view for view in _suspects(found) if _is_there(view, scope)][:limit], among)

    def leaning() -> list[str]:
        clients: dict[str, None] = {}
        for name in families:
            rows = snapshot.rows(
                "SELECT client FROM suspects WHERE family = ? AND evidence > 0 ORDER BY evidence DESC LIMIT ?",
                (name, _LEANING),
            )
            clients.update((client, None) for (client,) in rows)
        return list(clients)

    belonging = members(snapshot, who, leaning)
    clients = list(belonging.clients)
    for piece in [*pieces(clients)] or [()]:
        # The concatenation keeps SQLite from walking through the whole family.
        found += snapshot.rows(
            f"SELECT {_SUSPECT} FROM (SELECT * FROM suspects s WHERE (s.client IN ({marks(piece)}) OR s.principal = ?) "  # noqa: S608
            f"AND s.family || '' IN ({marks(families)}) AND s.evidence > 0 AND {asked.sql} "
            "ORDER BY s.evidence DESC LIMIT ?) AS s",
            (*piece, f"user:{who.user}" if who.user else who.client, *families, *asked.values, limit),
        )
    views = [view for view in dict.fromkeys(_suspects(found)) if _is_there(view, scope)]
    return Listing(views[:limit], belonging.among)


def _is_there(view: SuspectView, scope: Scope) -> bool:
    return scope.host in ("", view.host) and scope.route in ("", view.route)


def suspects_of(snapshot: Snapshot, client: str, principal: str, limit: int) -> list[SuspectView]:
    """Leaning tests of a client or of the principal that it stands for."""
    found = snapshot.rows(
        f"SELECT {_SUSPECT} FROM suspects s WHERE (s.client = ? OR s.principal = ?) AND s.evidence > 0 "  # noqa: S608
        "ORDER BY s.evidence DESC LIMIT ?",
        (client, principal or client, limit),
    )
    return _suspects(found)


def notes(snapshot: Snapshot, alert_id: str) -> list[ActionView]:
    """What was said about an alert, oldest first."""
    rows = snapshot.rows(
        "SELECT id, time, actor, kind, subject, expires, note FROM actions "  # noqa: S608  only marks
        f"WHERE subject = ? AND kind IN ({marks(ALERT_KINDS)}) ORDER BY seq",
        (alert_id, *ALERT_KINDS),
    )
    return [ActionView(*row) for row in rows]


def _suspects(rows: Rows) -> list[SuspectView]:
    views = [SuspectView(*row) for row in rows]
    return sorted(
        views, key=lambda v: (-v.evidence, -v.last_seen, v.detector, v.principal, v.host, v.route, v.parameter)
    )


def _views(snapshot: Snapshot, bodies: Rows) -> list[AlertView]:
    found = [unpack(body, Alert) for (body,) in bodies]
    said: dict[str, list[_Said]] = {}
    if found:
        ids = [alert.id for alert in found]
        (now,) = snapshot.one("SELECT COALESCE(MAX(heartbeat), 0) FROM health")
        rows = snapshot.rows(
            "SELECT subject, seq, kind, actor, note, expires, time FROM actions "  # noqa: S608  only marks
            f"WHERE subject IN ({marks(ids)}) AND kind IN ({marks(ALERT_KINDS)}) "
            "AND COALESCE(expires, 1e300) > ? ORDER BY seq",
            (*ids, *ALERT_KINDS, now),
        )
        for subject, *rest in rows:
            said.setdefault(subject, []).append(_Said(*rest))
    views = [_view(alert, said.get(alert.id, ())) for alert in found]
    quiet = [view.alert.id for view in views if view.acknowledged_at or view.muted_until]
    if not quiet:
        return views
    successes = snapshot.rows(
        f"SELECT alert_id, time FROM evidence WHERE slot < 0 AND alert_id IN ({marks(quiet)})",  # noqa: S608  only marks
        quiet,
    )
    times: dict[str, list[int]] = {}
    for alert_id, time in successes:
        times.setdefault(alert_id, []).append(time)
    return [_with_successes(view, times.get(view.alert.id, ())) for view in views]


def _with_successes(view: AlertView, times: Sequence[int]) -> AlertView:
    """The view of an alert in which somebody got in at these times."""
    since = max(view.acknowledged_at, view.muted_at if view.muted_until else 0.0)
    return replace(view, got_in_since=sum(time > int(since) for time in times)) if times and since else view


class _Said(NamedTuple):
    seq: int
    kind: str
    actor: str
    note: str
    expires: float | None
    time: float


def _view(alert: Alert, said: Sequence[_Said]) -> AlertView:
    """An alert with what counts now of what was said about it, the latest of each kind."""
    latest: dict[str, _Said] = {}
    noted: _Said | None = None
    for each in said:
        latest[each.kind.removeprefix("un")] = each
        noted = each if each.note else noted
    acknowledged, muted, benign = latest.get("acknowledge"), latest.get("mute"), latest.get("benign")
    if acknowledged is not None and (acknowledged.kind != "acknowledge" or acknowledged.seq <= alert.said_before):
        acknowledged = None
    if muted is not None and muted.kind == "unmute":
        muted = None
    state = "closed" if alert.closed else "muted" if muted else "acknowledged" if acknowledged else "open"
    return AlertView(
        alert,
        state,
        acknowledged_by=acknowledged.actor if acknowledged else "",
        note=noted.note if noted else "",
        muted_until=(muted.expires or 0.0) if muted else 0.0,
        muted_by=muted.actor if muted else "",
        benign_until=(benign.expires or 0.0) if benign else 0.0,
        benign_by=benign.actor if benign else "",
        acknowledged_note=acknowledged.note if acknowledged else "",
        acknowledged_at=acknowledged.time if acknowledged else 0.0,
        muted_at=muted.time if muted else 0.0,
        benign_at=benign.time if benign else 0.0,
        noted_by=noted.actor if noted else "",
        noted_at=noted.time if noted else 0.0,
    )
