"""Reading the list of clients of a window.

Windows up to an hour are read from the leaderboards (see `boards`). Where these leave out clients, the candidates are
counted exactly before they are ranked. Longer windows, and lists longer than a leaderboard, are counted row by row.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from apiwatch.model import SEVERITIES
from apiwatch.store.boards import BOARD_MINUTES_KEPT, KEPT, WINDOW
from apiwatch.store.filters.match import matches
from apiwatch.store.filters.records import client_record, mix_record
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.findings import open_alerts_of
from apiwatch.store.foremost import alerted_of, busiest_of, latest_of, scored
from apiwatch.store.members import Members, members, near
from apiwatch.store.narrowing import Wanted, narrowed
from apiwatch.store.schema import HALF_LIFE_S, rank_of
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.snapshot import Rows, Snapshot, marks, pieces
from apiwatch.store.span import Span, span_of
from apiwatch.store.views import ClientView, Listing, Mix

__all__ = ["SORTS", "ClientTotals", "counts_of", "faded", "listed", "sparks_of", "totals_of", "view_of"]

SORTS = ("score", "requests", "miss", "deny", "err", "bytes", "last_seen")
"""Orders of the list: names of counts in the window, or of totals."""

_COUNTS = ("requests", "ok", "miss", "deny", "limited", "err", "neutral", "bytes")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _COUNTS)

_SPARKS = 50
"""Clients at the head of a list whose last hour is looked up."""

_COUNTED = 6_000
"""Minutes of clients that one list of up to an hour looks up, when a filter chose the clients."""

_COMPARED = 2_500
"""The same when the filter or the order is about what they did in the window, so that some are counted in vain."""

_LOOKUPS = 30_000
"""Minutes of clients that one list of a long window looks up."""


class ClientTotals(Struct, frozen=True):
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


_Alerts = dict[str, tuple[int, int]]
"""Client -> number of open alerts, and their highest severity."""


class _Narrowed(NamedTuple):
    """Clients that pass a filter."""

    members: Members
    counts: dict[str, Mix]
    """What they did in the window."""
    totals: dict[str, ClientTotals]
    """Of them, and of others, where the filter asks for it; else none."""
    alerts: _Alerts
    """As `totals`."""


_NOBODY = ClientView("", "", 0.0, 0.0, 0, 0, Mix(), 0, "")


def listed(
    snapshot: Snapshot,
    window_minutes: int,
    sort: str,
    limit: int,
    now: float,
    scope: Scope,
    at: float,
    where: Filter = ANY,
) -> Listing[ClientView]:
    """See `Reader.clients`."""
    span = span_of(snapshot, window_minutes, at)
    found = Members({})
    fade_to = min(now, span.at)
    totals: dict[str, ClientTotals] = {}
    alerts: _Alerts = {}
    if where:
        found, counts, totals, alerts = _narrowed(snapshot, span, window_minutes, sort, limit, fade_to, scope, where)
    elif scope == EVERYTHING:
        counts = _candidates(snapshot, span, window_minutes, sort, limit, fade_to)
    else:
        found = _members(snapshot, span, scope)
        counts, counted = _counts_in(snapshot, span, window_minutes, list(found.clients))
        found = found._replace(among=counted or found.among)
    if sort in _COUNTS:
        best = sorted(counts, key=lambda client: _rank(getattr(counts[client], sort), client, counts[client]))[:limit]
        totals = totals or totals_of(snapshot, best, fade_to)
    else:
        totals = totals or totals_of(snapshot, list(counts), fade_to)
        unscored = sort == "score" and not all(totals[client].ranked for client in counts if client in totals)
        alerted = alerted_of(snapshot, span) if unscored else {}

        def value(client: str) -> float:
            if sort != "score":
                return totals[client].last_seen
            return totals[client].ranked or alerted.get(client, 0)

        known = [client for client in counts if client in totals]
        best = sorted(known, key=lambda client: _rank(value(client), client, counts[client]))[:limit]
    alerts = alerts or _alerts(snapshot, best)
    sparks = sparks_of(snapshot, span, best[:_SPARKS])
    rows = [
        view_of(
            name,
            totals[name],
            counts[name],
            alerts.get(name),
            near=found.clients.get(name, ()),
            spark=sparks.get(name, ()),
        )
        for name in best
        if name in totals
    ]
    return Listing(rows, found.among)


def _members(snapshot: Snapshot, span: Span, scope: Scope) -> Members:
    """The clients of a scope; of one client those near it."""
    if scope == Scope(client=scope.client):
        return near(snapshot, scope.client)
    return members(snapshot, scope, lambda: busiest_of(snapshot, span))


def _narrowed(
    snapshot: Snapshot,
    span: Span,
    window_minutes: int,
    sort: str,
    limit: int,
    fade_to: float,
    scope: Scope,
    where: Filter,
) -> _Narrowed:
    """The clients of a scope that pass a filter."""
    found, within = Members({}), None
    if scope != EVERYTHING:
        found = _members(snapshot, span, scope)
        within = list(found.clients)
    wanted = narrowed(snapshot, span, window_minutes, sort, limit, where, within)
    in_window, by_totals = _decided_by(where)
    most = _most(wanted, span, window_minutes, sort, limit, in_window) if within is None else len(wanted.clients)
    clients: list[str] = []
    totals: dict[str, ClientTotals] = {}
    alerts: _Alerts = {}
    for piece in pieces(wanted.clients):
        if by_totals:
            totals.update(totals_of(snapshot, piece, fade_to))
            alerts.update(_alerts(snapshot, piece))
            views = [view_of(name, totals[name], Mix(), alerts.get(name)) for name in piece if name in totals]
            piece = [view.client for view in views if matches(by_totals, client_record(view), span.at)]
        clients += piece
        if len(clients) > most:
            break
    among = wanted.among
    if len(clients) > most:
        among = max(among, len(wanted.clients)) if sort not in _COUNTS and not in_window else most
    clients = clients[:most]
    counts, counted = wanted.counts, 0
    if counts is None:
        counts, counted = _counts_in(snapshot, span, window_minutes, clients)
    passing = {
        client: counts[client]
        for client in clients
        if client in counts
        and (counts[client].requests or within is not None)
        and matches(in_window, mix_record(counts[client]), span.at)
    }
    return _Narrowed(found._replace(among=among or counted or found.among), passing, totals, alerts)


def _most(wanted: Wanted, span: Span, window_minutes: int, sort: str, limit: int, in_window: Filter) -> int:
    """How many of the clients that a filter lets pass are counted, the first ones."""
    if wanted.counts is not None or window_minutes > WINDOW:
        return len(wanted.clients)
    if in_window or sort in _COUNTS:
        return max(100, _COMPARED // window_minutes)
    return min(2 * limit if span.is_past else limit, max(100, _COUNTED // window_minutes))


def _decided_by(where: Filter) -> tuple[Filter, Filter]:
    """The terms about counts in the window, and those about what else a row of the list says."""
    in_window, others = mix_record(Mix()), client_record(_NOBODY)
    names = [(term, term.field.name) for term in where.terms if term.field is not None]
    return (
        Filter(tuple(term for term, name in names if name in in_window)),
        Filter(tuple(term for term, name in names if name in others and name not in in_window)),
    )


def _counts_in(
    snapshot: Snapshot, span: Span, window_minutes: int, clients: Sequence[str]
) -> tuple[dict[str, Mix], int]:
    """What clients did in a window, those that did nothing included; and how many could be counted, 0 for all.

    In a window that is longer than an hour the totals of a client that was first seen inside it stand for its minutes.
    The others are looked up minute by minute, so that of them only the busiest are counted.
    """
    nothing = dict.fromkeys(clients, Mix())
    if window_minutes <= WINDOW:
        return {**nothing, **counts_of(snapshot, span, clients)}, 0
    totals = totals_of(snapshot, clients, span.at)
    counts: dict[str, Mix] = {}
    older: list[str] = []
    for client, known in totals.items():
        if known.first_seen >= (span.start + 1) * 60 and not span.is_past:
            counts[client] = known.mix
        else:
            older.append(client)
    older.sort(key=lambda client: (-totals[client].mix.requests, client))
    counted = older[: max(1, _LOOKUPS // window_minutes)]
    counts.update({**dict.fromkeys(counted, Mix()), **counts_of(snapshot, span, counted)})
    return counts, 0 if len(counted) == len(older) else len(counts)


def view_of(
    client: str,
    totals: ClientTotals,
    window: Mix,
    alerts: tuple[int, int] | None,
    near: tuple[str, ...] = (),
    spark: tuple[int, ...] = (),
) -> ClientView:
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
        near=near,
        spark=spark,
    )


def totals_of(snapshot: Snapshot, clients: Sequence[str], at: float) -> dict[str, ClientTotals]:
    """Totals of clients, their scores as they stand at `at`; clients without rows are left out."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for piece in pieces(clients):
        rows = snapshot.rows(
            "SELECT client, first_seen, last_seen, requests, ok, miss, deny, limited, err, neutral, bytes, "  # noqa: S608
            f"principal, peer, score, scored_at, points, net FROM clients WHERE client IN ({marks(piece)})",
            piece,
        )
        for client, *rest in rows:
            found.setdefault(client, []).append(tuple(rest))
    return {client: _totals(rows, at) for client, rows in found.items()}


def _totals(rows: list[tuple[Any, ...]], at: float) -> ClientTotals:
    latest = worst = rows[0]
    counts = latest[2:10]
    if len(rows) > 1:
        latest = max(rows, key=lambda row: row[1])
        worst = max(rows, key=lambda row: rank_of(row[12], row[13]))
        counts = tuple(map(sum, zip(*(row[2:10] for row in rows), strict=True)))
    score = faded(worst[12], worst[13], at)
    return ClientTotals(
        first_seen=float(min(row[0] for row in rows)),
        last_seen=float(latest[1]),
        mix=_mix(counts),
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


def _candidates(
    snapshot: Snapshot, span: Span, window_minutes: int, sort: str, limit: int, fade_to: float
) -> dict[str, Mix]:
    """Clients among which the first `limit` by `sort` are, with what they did in the window."""
    if window_minutes > WINDOW or limit > KEPT or span.start < span.newest - BOARD_MINUTES_KEPT:
        return _all_counts(snapshot, span, window_minutes)
    if sort == "last_seen" and not span.is_past:
        return counts_of(snapshot, span, latest_of(snapshot, span))
    if sort == "score":
        counts = counts_of(snapshot, span, scored(snapshot, span, limit, fade_to))
        if len(counts) < limit:
            alerted = [client for client in alerted_of(snapshot, span) if client not in counts]
            counts.update(counts_of(snapshot, span, alerted))
        return counts if len(counts) >= limit else {**_busiest(snapshot, span, "requests", limit), **counts}
    return _busiest(snapshot, span, "requests" if sort == "last_seen" else sort, limit)


def _busiest(snapshot: Snapshot, span: Span, measure: str, limit: int) -> dict[str, Mix]:
    """The clients with the largest sums on the leaderboards, exactly counted.

    A client that is missing on a leaderboard had less than its floor there: for the choice, half of it is assumed.
    """
    cut, floor = snapshot.one(
        f"SELECT COUNT(*), CAST(COALESCE(AVG({measure}), 0) AS BIGINT) FROM board_floors "  # noqa: S608
        "WHERE minute > ? AND minute <= ?",
        (span.start, span.end),
    )
    (minutes,) = snapshot.one(
        "SELECT COUNT(DISTINCT minute) FROM board_minutes WHERE minute > ? AND minute <= ?", (span.start, span.end)
    )
    rows = snapshot.rows(
        f"SELECT client, {_SUMS}, COUNT(DISTINCT minute) FROM board_minutes WHERE minute > ? AND minute <= ? "  # noqa: S608
        f"GROUP BY client ORDER BY 2 * SUM({measure}) + (? - COUNT(DISTINCT minute)) * ? DESC, 2 DESC, client LIMIT ?",
        (span.start, span.end, minutes, floor, limit + limit // 4 if cut else limit),
    )
    counts = {client: _mix(row) for client, *row, _ in rows}
    if cut:
        partly = [row[0] for row in rows if row[-1] < minutes]
        counts.update(counts_of(snapshot, span, partly))
    return counts


def counts_of(snapshot: Snapshot, span: Span, clients: Sequence[str]) -> dict[str, Mix]:
    """What clients did in a window; those that did nothing are left out."""
    counts: dict[str, Mix] = {}
    for piece in pieces(clients):
        # CROSS JOIN keeps SQLite from walking through whole minutes: it looks up each client in each.
        rows = snapshot.rows(
            f"SELECT client, {_SUMS} FROM (SELECT DISTINCT minute AS m FROM minutes WHERE minute > ? AND minute <= ?) "  # noqa: S608
            f"AS span CROSS JOIN client_minutes WHERE minute = m AND client IN ({marks(piece)}) GROUP BY client",
            (span.start, span.end, *piece),
        )
        counts.update((client, _mix(row)) for client, *row in rows)
    return counts


def sparks_of(snapshot: Snapshot, span: Span, clients: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Requests of clients in each of the last 60 minutes of a window."""
    first = span.end - WINDOW + 1
    counts = {client: [0] * WINDOW for client in clients}
    for piece in pieces(clients):
        rows = snapshot.rows(
            "SELECT client, m, requests FROM (SELECT DISTINCT minute AS m FROM minutes "  # noqa: S608  only marks
            "WHERE minute >= ? AND minute <= ?) AS span CROSS JOIN client_minutes "
            f"WHERE minute = m AND client IN ({marks(piece)})",
            (first, span.end, *piece),
        )
        for client, minute, requests in rows:
            counts[client][minute - first] += requests
    return {client: tuple(minutes) for client, minutes in counts.items()}


def _all_counts(snapshot: Snapshot, span: Span, window_minutes: int) -> dict[str, Mix]:
    """What every client did in a window.

    For a window of up to an hour, and for one in the past, these are sums of minutes. In a longer one the totals of a
    client that was first seen inside it stand for its minutes, which may be gone by then.
    """
    if window_minutes <= WINDOW or span.is_past:
        rows: Rows = snapshot.rows(
            f"SELECT client, {_SUMS} FROM client_minutes WHERE minute > ? AND minute <= ? GROUP BY client",  # noqa: S608
            (span.start, span.end),
        )
        return {client: _mix(row) for client, *row in rows}
    begin = (span.start + 1) * 60
    columns = ", ".join(_COUNTS)
    earlier = ", ".join(f"m.{name}" for name in _COUNTS)
    rows = snapshot.rows(
        f"SELECT client, {_SUMS} FROM ("  # noqa: S608  own names
        f"  SELECT client, {columns} FROM clients WHERE first_seen >= ?"
        f"  UNION ALL SELECT m.client, {earlier} FROM client_minutes m JOIN clients c"
        "    ON c.client = m.client AND c.shard = m.shard AND c.part = m.part"
        "  WHERE m.minute > ? AND c.first_seen < ?"
        ") AS counted GROUP BY client",
        (begin, span.start, begin),
    )
    return {client: _mix(row) for client, *row in rows}


def _alerts(snapshot: Snapshot, clients: Sequence[str]) -> _Alerts:
    found: _Alerts = {}
    for piece in pieces(clients):
        found.update(open_alerts_of(snapshot, piece))
    return found
