"""Reading everything about one client."""

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec

from apiwatch.store.findings import alerts_of, evidence, suspects_of
from apiwatch.store.listing import totals_of, view_of
from apiwatch.store.routing import routes_of
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import watermark
from apiwatch.store.views import ClientDetail, EvidenceView, FacetView, MinuteView, Mix

__all__ = ["OUTCOME_SUMS", "client_detail", "minute_view", "mix_of"]

_ALERTS = 200
_LINES, _ALL_LINES = 200, 1_000
_SUSPECTS = 200
_OUTCOMES = ("requests", "ok", "miss", "deny", "limited", "err", "neutral")
OUTCOME_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in (*_OUTCOMES, "bytes"))
"""Columns behind the minute, for `minute_view`."""


def client_detail(snapshot: Snapshot, client: str, now: float) -> ClientDetail | None:
    """See `Reader.client`. The window of its row is the whole timeline."""
    at = min(now, watermark(snapshot))
    totals = totals_of(snapshot, [client], at).get(client)
    if totals is None:
        return None
    timeline = _timeline(snapshot, client)
    alerts = alerts_of(snapshot, client, _ALERTS)
    opened = [view.alert for view in alerts if not view.alert.closed]
    worst = (len(opened), max(alert.severity for alert in opened)) if opened else None
    facets = _facets(snapshot, client)
    (neighbours,) = snapshot.one(
        "SELECT COUNT(DISTINCT client) FROM clients WHERE net = ? AND net <> '' AND client <> ?", (totals.net, client)
    )
    return ClientDetail(
        row=view_of(client, totals, _sum([view.mix for view in timeline]), worst),
        peer=totals.peer,
        points=_points(totals.points) if totals.score else (),
        total=totals.mix,
        timeline=timeline,
        routes=tuple(routes_of(snapshot, [client])),
        user_agents=facets.get("user_agent", ()),
        users=facets.get("user", ()),
        hosts=facets.get("host", ()),
        alerts=tuple(alerts),
        suspects=tuple(suspects_of(snapshot, client, totals.principal, _SUSPECTS)),
        evidence=tuple(_evidence(snapshot, [view.alert.id for view in alerts])),
        neighbours=neighbours,
    )


def _evidence(snapshot: Snapshot, alert_ids: Sequence[str]) -> list[EvidenceView]:
    """The newest lines of alerts, and all those of success, newest first."""
    lines = evidence(snapshot, alert_ids, newest_first=True, limit=_ALL_LINES)
    newest = lines[:_LINES]
    return [*newest, *(line for line in lines[_LINES:] if line.success)]


def _timeline(snapshot: Snapshot, client: str) -> tuple[MinuteView, ...]:
    # CROSS JOIN: one look-up per minute, for the rows of a client are spread over all minutes.
    rows = snapshot.rows(
        f"SELECT minute, {OUTCOME_SUMS} FROM (SELECT DISTINCT minute AS m FROM minutes) AS kept "  # noqa: S608
        "CROSS JOIN client_minutes WHERE minute = m AND client = ? GROUP BY minute ORDER BY minute",
        (client,),
    )
    return tuple(minute_view(row) for row in rows)


def minute_view(row: tuple[Any, ...]) -> MinuteView:
    """What a minute's row says: its number, then outcomes and bytes."""
    minute, *counts = row
    return MinuteView(minute, mix_of(counts))


def _facets(snapshot: Snapshot, client: str) -> dict[str, tuple[FacetView, ...]]:
    rows = snapshot.rows(
        "SELECT kind, value, CAST(SUM(requests) AS BIGINT), MAX(last_seen) FROM client_facets "
        "WHERE client = ? GROUP BY kind, value ORDER BY 3 DESC, value",
        (client,),
    )
    facets: dict[str, tuple[FacetView, ...]] = {}
    for kind, value, requests, last in rows:
        facets[kind] = (*facets.get(kind, ()), FacetView(value, requests, float(last)))
    return facets


def _points(text: str) -> tuple[tuple[int, str], ...]:
    points: list[tuple[int, str]] = []
    with contextlib.suppress(msgspec.DecodeError):
        points = msgspec.json.decode(text, type=list[tuple[int, str]])
    return tuple(points)


def mix_of(counts: Sequence[Any]) -> Mix:
    """What `OUTCOME_SUMS` gives."""
    requests, ok, miss, deny, limited, err, neutral, size = counts
    return Mix(requests=requests, ok=ok, miss=miss, deny=deny, limited=limited, err=err, neutral=neutral, bytes=size)


def _sum(mixes: list[Mix]) -> Mix:
    names = (*_OUTCOMES, "bytes")
    return mix_of([sum(getattr(mix, name) for mix in mixes) for name in names])
