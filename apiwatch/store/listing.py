"""Reading the list of clients of a window.

Windows up to an hour are read from the leaderboards (see `boards`). Where these leave out clients, the candidates are
counted exactly before they are ranked. Longer windows, and lists longer than a leaderboard, are counted row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apiwatch.model import SEVERITIES
from apiwatch.store.boards import BOARD_MINUTES_KEPT, KEPT
from apiwatch.store.findings import open_alerts_of
from apiwatch.store.schema import HALF_LIFE_S, rank_of
from apiwatch.store.snapshot import Rows, Snapshot, marks
from apiwatch.store.totals import watermark
from apiwatch.store.views import ClientView, Mix

__all__ = ["SORTS", "ClientTotals", "faded", "listed", "totals_of", "view_of"]

SORTS = ("score", "requests", "miss", "deny", "err", "bytes", "last_seen")
"""Orders of the list: names of counts in the window, or of totals."""

_COUNTS = ("requests", "ok", "miss", "deny", "limited", "err", "neutral", "bytes")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _COUNTS)

_ALERTED = 500
"""Clients with open alerts that are listed even when their scores have faded."""

_PIECE = 400


@dataclass(frozen=True, slots=True)
class ClientTotals:
    """All rows of one client as one: sums, and what its newest rows say."""

    first_seen: float
    last_seen: float
    mix: Mix
    principal: str
    peer: str
    score: int
    """Faded."""
    ranked: int
    """See `schema.rank_of`; 0 when the score has faded to 0."""
    points: str
    net: str


def faded(score: int, scored_at: float, now: float) -> int:
    """A score as it stands at `now`: halved every 30 minutes.

    >>> faded(80, 1000.0, 2800.0), faded(80, 1000.0, 900.0)
    (40, 80)
    """
    return round(score * float(0.5 ** (max(0.0, now - scored_at) / HALF_LIFE_S)))


async def listed(snapshot: Snapshot, window_minutes: int, sort: str, limit: int, now: float) -> list[ClientView]:
    """See `Reader.clients`."""
    newest = await watermark(snapshot)
    at = min(now, newest)
    start = int(newest) // 60 - window_minutes
    counts = await _candidates(snapshot, start, window_minutes, sort, limit, at)
    if sort in _COUNTS:
        best = sorted(counts, key=lambda client: _rank(getattr(counts[client], sort), client, counts[client]))[:limit]
        totals = await totals_of(snapshot, best, at)
    else:
        totals = await totals_of(snapshot, list(counts), at)
        alerted = await _alerted(snapshot) if sort == "score" else {}

        def value(client: str) -> float:
            if sort != "score":
                return totals[client].last_seen
            return totals[client].ranked or alerted.get(client, 0)

        best = sorted(totals, key=lambda client: _rank(value(client), client, counts[client]))[:limit]
    alerts = await _alerts(snapshot, best)
    return [view_of(name, totals[name], counts[name], alerts.get(name)) for name in best if name in totals]


def view_of(client: str, totals: ClientTotals, window: Mix, alerts: tuple[int, int] | None) -> ClientView:
    """One row; `alerts`: (number of open ones, highest severity)."""
    number, severity = (alerts[0], SEVERITIES[alerts[1]]) if alerts is not None else (0, "")
    return ClientView(
        client=client,
        principal=totals.principal,
        first_seen=totals.first_seen,
        last_seen=totals.last_seen,
        score=totals.score,
        requests=totals.mix.requests,
        window=window,
        alerts=number,
        severity=severity,
    )


async def totals_of(snapshot: Snapshot, clients: Sequence[str], at: float) -> dict[str, ClientTotals]:
    """Totals of clients, their scores as they stand at `at`; clients without rows are left out."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for begin in range(0, len(clients), _PIECE):
        piece = clients[begin : begin + _PIECE]
        rows = await snapshot.rows(
            "SELECT client, first_seen, last_seen, requests, ok, miss, deny, limited, err, neutral, bytes, "  # noqa: S608
            f"principal, peer, score, scored_at, points, net FROM clients WHERE client IN ({marks(piece)})",
            piece,
        )
        for client, *rest in rows:
            found.setdefault(client, []).append(tuple(rest))
    return {client: _totals(rows, at) for client, rows in found.items()}


def _totals(rows: list[tuple[Any, ...]], at: float) -> ClientTotals:
    latest = max(rows, key=lambda row: row[1])
    worst = max(rows, key=lambda row: rank_of(row[12], row[13]))
    score = faded(worst[12], worst[13], at)
    return ClientTotals(
        first_seen=float(min(row[0] for row in rows)),
        last_seen=float(latest[1]),
        mix=_mix([sum(row[place] for row in rows) for place in range(2, 10)]),
        principal=latest[10],
        peer=latest[11],
        score=score,
        ranked=rank_of(worst[12], worst[13]) if score else 0,
        points=worst[14],
        net=latest[15],
    )


def _mix(counts: Sequence[int]) -> Mix:
    requests, ok, miss, deny, limited, err, neutral, size = counts
    return Mix(requests=requests, ok=ok, miss=miss, deny=deny, limited=limited, err=err, neutral=neutral, bytes=size)


def _rank(value: float, client: str, window: Mix) -> tuple[float, int, str]:
    """Larger values first; equal ones by requests, and then by name."""
    return (-value, -window.requests, client)


async def _candidates(
    snapshot: Snapshot, start: int, window_minutes: int, sort: str, limit: int, at: float
) -> dict[str, Mix]:
    """Clients among which the first `limit` by `sort` are, with what they did since the minute after `start`."""
    if window_minutes > BOARD_MINUTES_KEPT or limit > KEPT:
        return await _all_counts(snapshot, start, window_minutes)
    if sort == "last_seen":
        latest = await snapshot.rows(
            "SELECT DISTINCT client FROM recent WHERE last_seen >= ? ORDER BY last_seen DESC, client",
            ((start + 1) * 60,),
        )
        return await _counts_of(snapshot, start, [client for (client,) in latest])
    if sort == "score":
        named = dict.fromkeys([*await _scored(snapshot, start, limit, at), *await _alerted(snapshot)])
        scored = await _counts_of(snapshot, start, list(named))
        return scored if len(scored) >= limit else {**await _busiest(snapshot, start, "requests", limit), **scored}
    return await _busiest(snapshot, start, sort, limit)


async def _scored(snapshot: Snapshot, start: int, limit: int, at: float) -> list[str]:
    """The clients with the highest scores that do not show as 0."""
    # Below this rank a score has faded to less than a half.
    rows = await snapshot.rows(
        "SELECT client FROM clients WHERE ranked >= ? AND ranked > 0 AND last_seen >= ? "
        "GROUP BY client ORDER BY MAX(ranked) DESC, client LIMIT ?",
        (int(at) - HALF_LIFE_S, (start + 1) * 60, limit),
    )
    return [client for (client,) in rows]


async def _alerted(snapshot: Snapshot) -> dict[str, int]:
    """Clients of open alerts -> 1 + their highest severity; the worst, when there are very many."""
    rows = await snapshot.rows(
        "SELECT c.client, 1 + MAX(a.severity) FROM alert_clients c JOIN alerts a ON a.id = c.alert_id "
        "WHERE a.closed = 0 GROUP BY c.client ORDER BY 2 DESC, c.client LIMIT ?",
        (_ALERTED,),
    )
    return {str(client): int(severity) for client, severity in rows}


async def _busiest(snapshot: Snapshot, start: int, measure: str, limit: int) -> dict[str, Mix]:
    """The clients with the largest sums on the leaderboards, exactly counted.

    A client that is missing on a leaderboard had less than its floor there: for the choice, half of it is assumed.
    """
    cut, floor = await snapshot.one(
        f"SELECT COUNT(*), CAST(COALESCE(AVG({measure}), 0) AS BIGINT) FROM board_floors WHERE minute > ?",  # noqa: S608
        (start,),
    )
    (minutes,) = await snapshot.one("SELECT COUNT(DISTINCT minute) FROM board_minutes WHERE minute > ?", (start,))
    rows = await snapshot.rows(
        f"SELECT client, {_SUMS}, COUNT(DISTINCT minute) FROM board_minutes WHERE minute > ? GROUP BY client "  # noqa: S608
        f"ORDER BY 2 * SUM({measure}) + (? - COUNT(DISTINCT minute)) * ? DESC, 2 DESC, client LIMIT ?",
        (start, minutes, floor, limit + limit // 4 if cut else limit),
    )
    counts = {client: _mix(row) for client, *row, _ in rows}
    if cut:
        partly = [row[0] for row in rows if row[-1] < minutes]
        counts.update(await _counts_of(snapshot, start, partly))
    return counts


async def _counts_of(snapshot: Snapshot, start: int, clients: Sequence[str]) -> dict[str, Mix]:
    """What clients did since the minute after `start`; those that did nothing are left out."""
    counts: dict[str, Mix] = {}
    for begin in range(0, len(clients), _PIECE):
        piece = clients[begin : begin + _PIECE]
        # CROSS JOIN keeps SQLite from walking through whole minutes: it looks up each client in each.
        rows = await snapshot.rows(
            f"SELECT name, {_SUMS} FROM (SELECT DISTINCT client AS name FROM clients WHERE client IN ({marks(piece)})) "  # noqa: S608
            "AS wanted CROSS JOIN (SELECT DISTINCT minute AS m FROM minutes WHERE minute > ?) AS window "
            "CROSS JOIN client_minutes WHERE minute = m AND client = name GROUP BY name",
            (*piece, start),
        )
        counts.update((client, _mix(row)) for client, *row in rows)
    return counts


async def _all_counts(snapshot: Snapshot, start: int, window_minutes: int) -> dict[str, Mix]:
    """What every client did since the minute after `start`.

    For a window within the leaderboards' hour these are sums of minutes. In a longer one the totals of a client that
    was first seen inside it stand for its minutes, which may be gone by then.
    """
    if window_minutes <= BOARD_MINUTES_KEPT:
        rows: Rows = await snapshot.rows(
            f"SELECT client, {_SUMS} FROM client_minutes WHERE minute > ? GROUP BY client",  # noqa: S608  own names
            (start,),
        )
        return {client: _mix(row) for client, *row in rows}
    begin = (start + 1) * 60
    columns = ", ".join(_COUNTS)
    earlier = ", ".join(f"m.{name}" for name in _COUNTS)
    rows = await snapshot.rows(
        f"SELECT client, {_SUMS} FROM ("  # noqa: S608  own names
        f"  SELECT client, {columns} FROM clients WHERE first_seen >= ?"
        f"  UNION ALL SELECT m.client, {earlier} FROM client_minutes m JOIN clients c"
        "    ON c.client = m.client AND c.shard = m.shard AND c.part = m.part"
        "  WHERE m.minute > ? AND c.first_seen < ?"
        ") AS counted GROUP BY client",
        (begin, start, begin),
    )
    return {client: _mix(row) for client, *row in rows}


async def _alerts(snapshot: Snapshot, clients: Sequence[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for begin in range(0, len(clients), _PIECE):
        found.update(await open_alerts_of(snapshot, clients[begin : begin + _PIECE]))
    return found
