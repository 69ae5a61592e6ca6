"""Busy clients put together by what they share: a network, their user agent, their user name."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from apiwatch.model import SEVERITIES
from apiwatch.store.activity import network_named
from apiwatch.store.boards import WINDOW
from apiwatch.store.detail import OUTCOME_SUMS, mix_of
from apiwatch.store.findings import open_alerts_of
from apiwatch.store.foremost import busiest_of
from apiwatch.store.listing import counts_of
from apiwatch.store.members import OTHER, members
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.snapshot import Snapshot, marks, pieces
from apiwatch.store.span import Span, span_of
from apiwatch.store.views import GroupView, Listing, Mix, Shared

__all__ = ["groups"]

_BUSIEST = 1_500
"""Clients that are put together at most: those with the most requests, and those that stand out."""

_LOOKUPS = 6_000
"""Minutes of clients that are looked up at most."""

_MEASURES = Mix.__struct_fields__


def groups(
    snapshot: Snapshot, shared: Shared, window_minutes: int, limit: int, scope: Scope, at: float
) -> Listing[GroupView]:
    """See `Reader.groups`."""
    span = span_of(snapshot, min(window_minutes, WINDOW), at)
    if scope == EVERYTHING:
        counts, among = _busiest(snapshot, span)
    else:
        found = members(snapshot, scope, lambda: busiest_of(snapshot, span))
        counts, among = counts_of(snapshot, span, list(found.clients)), found.among
    names = list(counts)
    values = _values(snapshot, shared, names)
    alerts: dict[str, tuple[int, int]] = {}
    for piece in pieces(names):
        alerts.update(open_alerts_of(snapshot, piece))
    grouped: dict[str, list[str]] = {}
    for client, (value, _last) in values.items():
        grouped.setdefault(value, []).append(client)
    views: list[GroupView] = []
    for value, inside in grouped.items():
        alerted = [alerts[client][1] for client in inside if client in alerts]
        views.append(
            GroupView(
                value=network_named(value) if shared == "net" else value,
                clients=len(inside),
                window=_sum([counts[client] for client in inside]),
                last_seen=max(values[client][1] for client in inside),
                alerted=len(alerted),
                severity=SEVERITIES[max(alerted)] if alerted else "",
            )
        )
    views.sort(key=lambda view: (-view.window.requests, view.value))
    return Listing(views[:limit], among)


def _busiest(snapshot: Snapshot, span: Span) -> tuple[dict[str, Mix], int]:
    """What the clients with the most requests and those that stand out did; and how many that are, 0 for all."""
    rows = snapshot.rows(
        f"SELECT client, {OUTCOME_SUMS} FROM board_minutes WHERE minute > ? AND minute <= ? "  # noqa: S608  own names
        "GROUP BY client ORDER BY 2 DESC, client LIMIT ?",
        (span.start, span.end, _BUSIEST + 1),
    )
    counts = {client: mix_of(sums) for client, *sums in rows}
    (cut,) = snapshot.one("SELECT COUNT(*) FROM board_floors WHERE minute > ? AND minute <= ?", (span.start, span.end))
    if len(rows) <= _BUSIEST and not cut:
        return counts, 0
    others = [client for client in busiest_of(snapshot, span) if client not in counts]
    counts.update(counts_of(snapshot, span, others[: max(0, _LOOKUPS // (span.end - span.start))]))
    return counts, len(counts)


def _values(snapshot: Snapshot, shared: Shared, clients: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Client -> (what it shares, when it was seen last); without those that have none."""
    found: dict[str, tuple[str, float]] = {}
    for piece in pieces(clients):
        if shared == "net":
            rows = snapshot.rows(
                f"SELECT client, MAX(net), MAX(last_seen) FROM clients WHERE client IN ({marks(piece)}) "  # noqa: S608
                "AND net <> '' GROUP BY client",
                piece,
            )
        else:
            # Ascending, so that the value that a client used most is the last one.
            used = snapshot.rows(
                "SELECT client, value, MAX(last_seen), CAST(SUM(requests) AS BIGINT) FROM client_facets "  # noqa: S608
                f"WHERE client IN ({marks(piece)}) AND kind = ? GROUP BY client, value ORDER BY 4, value DESC",
                (*piece, shared),
            )
            total: Counter[str] = Counter()
            for client, _value, _last, requests in used:
                total[client] += requests
            # Who tries a thousand user names is none of these users.
            most = shared == "user"
            rows = [row[:3] for row in used if row[1] != OTHER and (not most or 2 * row[3] >= total[row[0]])]
        found.update((client, (value, float(last))) for client, value, last in rows)
    return found


def _sum(mixes: Sequence[Mix]) -> Mix:
    if len(mixes) == 1:
        return mixes[0]
    return replace(mixes[0], **{name: sum(getattr(mix, name) for mix in mixes) for name in _MEASURES})
