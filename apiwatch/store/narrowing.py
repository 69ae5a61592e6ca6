"""Clients that a filter may let pass, so that it finds clients beyond those that a list would show.

What the table `clients` and those beside it can decide is asked there, of every client. What clients did in the window
is known from the leaderboards: of everybody while these hold everybody, else exact counts must be looked up, which is
done for the foremost clients only: `Wanted.among` says for how many.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from apiwatch.store.boards import BOARD_MINUTES_KEPT, WINDOW
from apiwatch.store.filters.sql import Columns, Condition, condition
from apiwatch.store.filters.terms import Filter, Term
from apiwatch.store.schema import HALF_LIFE_S
from apiwatch.store.searching import CLIENT_COLUMNS, CLIENT_WORDS, FEW_AGENTS
from apiwatch.store.snapshot import Snapshot, marks, pieces
from apiwatch.store.span import Span
from apiwatch.store.views import Mix

__all__ = ["Wanted", "narrowed"]

_NAMES = 2_000
"""Clients that the tables may name, the foremost in the order of the list."""

_LOOKUPS = 6_000
"""Minutes of clients that are looked up at most."""


_ALL = 1 << 62

_MEASURES = {
    name: f"SUM({sql})"
    for name, sql in {
        "miss": "miss", "deny": "deny", "err": "err", "5xx": "err", "bytes": "bytes", "4xx": "miss + deny + limited",
        "fail": "miss + deny + limited + err", "limit": "limited", "ok": "ok",
    }.items()
}  # fmt: skip
"""Field -> what makes a client interesting for it; for others it is the number of requests."""

_IN_WINDOW = {"reqs", *_MEASURES}
"""Fields that only counts of the window can decide."""

_COUNTS = ("requests", "ok", "miss", "deny", "limited", "err", "neutral", "bytes")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _COUNTS)


class Wanted(NamedTuple):
    """Clients to count, in about the order of the list."""

    clients: list[str]
    among: int = 0
    """How many were looked at; 0: all."""
    counts: dict[str, Mix] | None = None
    """What they did in the window, where the leaderboards know it of everybody."""


def narrowed(
    snapshot: Snapshot,
    span: Span,
    window_minutes: int,
    sort: str,
    limit: int,
    where: Filter,
    within: Sequence[str] | None,
) -> Wanted:
    """The clients that may pass, `limit` or more of them; with `within` those of them that may."""
    asked = condition(where, _columns(snapshot, where), span.at, words=CLIENT_WORDS)
    if within is not None:
        return Wanted(_kept(snapshot, asked, within))
    extra = _required(where, span.at)
    static = bool(asked.values or extra)
    if window_minutes > WINDOW or span.start < span.newest - BOARD_MINUTES_KEPT:
        return Wanted(_named(snapshot, span, sort, asked, extra, _ALL))
    names = _named(snapshot, span, sort, asked, extra, _NAMES + 1) if static else []
    more = len(names) > _NAMES
    if static and sort in ("score", "last_seen") and not _IN_WINDOW & set(_fields(asked.left)):
        most = min(2 * limit if asked.left else limit, max(100, _LOOKUPS // window_minutes))
        return Wanted(names[:most], _NAMES if more else len(names) if len(names) > most else 0)
    measure = next((_MEASURES[name] for name in (*_fields(asked.left), sort) if name in _MEASURES), "SUM(requests)")
    counts = _on_boards(snapshot, span, measure)
    if _complete(snapshot, span):
        chosen = {name: counts[name] for name in names[:_NAMES] if name in counts} if static else counts
        return Wanted(list(chosen), _NAMES if more else 0, chosen)
    if static:
        known = set(names)
        names = [*(name for name in counts if name in known), *(name for name in names if name not in counts)]
    else:
        names = list(counts)
    most = max(100, _LOOKUPS // window_minutes)
    return Wanted(names[:most], min(most, len(names)) if len(names) > most or not static or more else 0)


def _columns(snapshot: Snapshot, where: Filter) -> Columns:
    """Where the fields are. Many clients share few user agents, unless somebody makes them up."""
    if not any(term.field is None or term.field.name == "ua" for term in where.terms):
        return CLIENT_COLUMNS
    (agents,) = snapshot.one(FEW_AGENTS.counting)
    return {**CLIENT_COLUMNS, "ua": FEW_AGENTS.column} if agents <= FEW_AGENTS.most else CLIENT_COLUMNS


def _fields(where: Filter) -> list[str]:
    return [term.field.name for term in where.terms if term.field is not None]


def _on_boards(snapshot: Snapshot, span: Span, measure: str) -> dict[str, Mix]:
    """What the clients on the leaderboards did there at least, those with the most first."""
    rows = snapshot.rows(
        f"SELECT client, {_SUMS} FROM board_minutes WHERE minute > ? AND minute <= ? GROUP BY client "  # noqa: S608
        f"ORDER BY {measure} DESC, client",
        (span.start, span.end),
    )
    return {client: Mix(**dict(zip(_COUNTS, counts, strict=True))) for client, *counts in rows}


def _complete(snapshot: Snapshot, span: Span) -> bool:
    """Whether every client of the window is on its leaderboards."""
    (cut,) = snapshot.one("SELECT COUNT(*) FROM board_floors WHERE minute > ? AND minute <= ?", (span.start, span.end))
    return not cut


def _required(where: Filter, at: float) -> str:
    """What follows for a row of `clients` from terms that are decided later; own words and numbers only."""
    found: dict[str, str] = {}
    for term in where.terms:
        name = term.field.name if term.field is not None else ""
        if term.inverted:
            continue
        if name == "sev" or (name == "alerts" and _above_0(term)):
            found["alerts"] = (
                " AND c.client IN (SELECT m.client FROM alerts a JOIN alert_clients m ON m.alert_id = a.id "
                "WHERE a.closed = 0)"
            )
        elif name == "score" and _above_0(term):
            found["score"] = f" AND c.ranked >= {int(at) - HALF_LIFE_S:d} AND c.ranked > 0"
    return "".join(found.values())


def _above_0(term: Term) -> bool:
    return term.op in (">", ">=", "=") and min(value.number for value in term.values) >= 1


def _named(snapshot: Snapshot, span: Span, sort: str, asked: Condition, extra: str, most: int) -> list[str]:
    """Clients of the window that pass, in about the order of the list."""
    order = {"score": "c.ranked DESC, c.requests", "last_seen": "c.last_seen"}.get(sort, "c.requests")
    rows = snapshot.rows(
        "SELECT c.client FROM clients c "  # noqa: S608  own words, values are bound
        f"WHERE c.last_seen >= ? AND c.first_seen < ? AND {asked.sql}{extra} ORDER BY {order} DESC, c.client LIMIT ?",
        ((span.start + 1) * 60, (span.end + 1) * 60, *asked.values, most),
    )
    return list(dict.fromkeys(name for (name,) in rows))


def _kept(snapshot: Snapshot, asked: Condition, within: Sequence[str]) -> list[str]:
    if not asked.values:
        return list(within)
    found: set[Any] = set()
    for piece in pieces(within):
        rows = snapshot.rows(
            f"SELECT c.client FROM clients c WHERE c.client IN ({marks(piece)}) AND {asked.sql}",  # noqa: S608
            (*piece, *asked.values),
        )
        found.update(name for (name,) in rows)
    return [name for name in within if name in found]
