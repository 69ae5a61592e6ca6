"""Clients that a filter may let pass, so that it finds clients beyond those that a list would show.

What the table `clients` and those beside it can decide is asked there. When a term fits few clients all of them are
looked at, else the foremost ones. What clients did in the window is known from the leaderboards: of everybody while
these hold everybody, else exact counts must be looked up, which is done for the foremost clients only. `Wanted.among`
says of how many clients was asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from apiwatch.store.boards import BOARD_MINUTES_KEPT, WINDOW
from apiwatch.store.candidates import Candidates, candidates
from apiwatch.store.filters.sql import Condition, condition
from apiwatch.store.filters.terms import Filter
from apiwatch.store.foremost import alerted_of, foremost, latest_of
from apiwatch.store.searching import CLIENT_COLUMNS, CLIENT_WORDS, COUNT_COLUMNS
from apiwatch.store.snapshot import Rows, Snapshot, marks, pieces
from apiwatch.store.span import Span
from apiwatch.store.views import Mix

__all__ = ["Wanted", "narrowed"]

_FEW = 2_000
"""Clients of one term that are all looked at."""

_FOREMOST = 1_500
"""Clients that are looked at when each term fits more."""

_MEASURES = {
    "miss": "miss", "deny": "deny", "err": "err", "5xx": "err", "bytes": "bytes", "4xx": "miss + deny + limited",
    "fail": "miss + deny + limited + err", "limit": "limited", "ok": "ok",
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
    """The clients that may pass, `limit` or more of them if there are; with `within` those of them that may."""
    asked = condition(where, CLIENT_COLUMNS, span.at, words=CLIENT_WORDS)
    if within is not None:
        return Wanted(_kept(snapshot, asked, within))
    found = candidates(snapshot, span, where, _FEW)
    fields = _fields(asked.left)
    measure = next((_MEASURES[name] for name in (*fields, sort) if name in _MEASURES), "requests")
    by_totals = sort in ("score", "last_seen") and not _IN_WINDOW & set(fields)
    on_boards = window_minutes <= WINDOW and span.start >= span.newest - BOARD_MINUTES_KEPT
    if on_boards and not by_totals:
        return _by_counts(snapshot, span, sort, measure, limit, asked, found)
    if found.complete:
        return Wanted(_ordered(snapshot, span, sort, asked, found.names))
    first = latest_of(snapshot, span) if sort == "last_seen" else []
    pool = foremost(snapshot, span, _FOREMOST) if on_boards else _largest(snapshot, span, sort, measure, by_totals)
    enough = limit if on_boards and not asked.left else 2 * _FOREMOST
    return _among(snapshot, span, sort, asked, chain([first], pool, [found.names[:limit]]), enough)


def _among(
    snapshot: Snapshot, span: Span, sort: str, asked: Condition, pool: Iterable[Sequence[str]], enough: int
) -> Wanted:
    """The first `enough` clients of a pool that pass, or all of them."""
    looked_at: set[str] = set()
    names: list[str] = []
    for some in pool:
        for piece in pieces([name for name in some if name not in looked_at]):
            looked_at.update(piece)
            names += _ordered(snapshot, span, sort, asked, piece)
            if len(names) >= enough:
                return Wanted(names, len(looked_at))
    return Wanted(names, len(looked_at))


def _largest(snapshot: Snapshot, span: Span, sort: str, measure: str, by_totals: bool) -> Iterator[list[str]]:
    """Alerted clients of a window that has no leaderboards, and those with the largest totals."""
    yield list(alerted_of(snapshot, span))
    order = {"score": "ranked", "last_seen": "last_seen"}.get(sort, measure) if by_totals else measure
    rows = snapshot.rows(
        "SELECT client FROM clients WHERE last_seen >= ? AND first_seen < ? "  # noqa: S608  own words
        f"ORDER BY {order} DESC, requests DESC, client LIMIT ?",
        ((span.start + 1) * 60, (span.end + 1) * 60, _FOREMOST),
    )
    yield [client for (client,) in rows]


def _by_counts(
    snapshot: Snapshot, span: Span, sort: str, measure: str, limit: int, asked: Condition, found: Candidates
) -> Wanted:
    """The clients that may pass, where the order or a term is about counts in the window."""
    rows = _on_boards(snapshot, span, measure, condition(asked.left, COUNT_COLUMNS, span.at))
    first, whole = [row[0] for row in rows], _complete(snapshot, span)
    if found.complete:
        names, among = _ordered(snapshot, span, sort, asked, found.names), 0
        known = set(names)
        on_boards = dict.fromkeys(name for name in first if name in known)
        names = [*on_boards, *(name for name in names if name not in on_boards)]
    else:
        looked_at = first if whole and not asked.values else first[:_FOREMOST]
        names, among = _kept(snapshot, asked, looked_at), 0 if whole and looked_at is first else len(looked_at)
        if not whole and len(names) < limit:
            known = set(looked_at)
            others = [name for name in found.names if name not in known][: limit - len(names)]
            names += _ordered(snapshot, span, sort, asked, others)
            among += len(others)
    if whole:
        counts = {client: Mix(**dict(zip(_COUNTS, each, strict=True))) for client, *each in rows}
        chosen = {name: counts[name] for name in names if name in counts}
        return Wanted(list(chosen), among, chosen)
    return Wanted(names, among)


def _fields(where: Filter) -> list[str]:
    return [term.field.name for term in where.terms if term.field is not None]


def _on_boards(snapshot: Snapshot, span: Span, measure: str, likely: Condition) -> Rows:
    """Clients on the leaderboards and what they did there at least: first those that pass by that, then the others."""
    return snapshot.rows(
        f"SELECT client, {_SUMS} FROM board_minutes WHERE minute > ? AND minute <= ? GROUP BY client "  # noqa: S608
        f"ORDER BY CASE WHEN {likely.sql} THEN 0 ELSE 1 END, SUM({measure}) DESC, client",
        (span.start, span.end, *likely.values),
    )


def _complete(snapshot: Snapshot, span: Span) -> bool:
    """Whether every client of the window is on its leaderboards."""
    (cut,) = snapshot.one("SELECT COUNT(*) FROM board_floors WHERE minute > ? AND minute <= ?", (span.start, span.end))
    return not cut


def _ordered(snapshot: Snapshot, span: Span, sort: str, asked: Condition, names: Sequence[str]) -> list[str]:
    """Those of the clients that were there in the window and pass, in about the order of the list."""
    begin, end = (span.start + 1) * 60, (span.end + 1) * 60
    rows = [
        (name, ranked if sort == "score" else seen if sort == "last_seen" else requests, requests)
        for name, first, seen, ranked, requests in _passing(snapshot, asked, names)
        if seen >= begin and first < end
    ]
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    return list(dict.fromkeys(row[0] for row in rows))


def _kept(snapshot: Snapshot, asked: Condition, names: Sequence[str]) -> list[str]:
    """Those of the clients that pass, in their order."""
    if not asked.values:
        return list(names)
    passing = {row[0] for row in _passing(snapshot, asked, names)}
    return [name for name in names if name in passing]


def _passing(snapshot: Snapshot, asked: Condition, names: Sequence[str]) -> Rows:
    """Those of the clients that pass, with (first seen, last seen, rank, requests), a row for each of their parts."""
    rows: Rows = []
    for piece in pieces(names):
        rows += snapshot.rows(
            "SELECT c.client, c.first_seen, c.last_seen, c.ranked, c.requests FROM clients c "  # noqa: S608  own words
            f"WHERE c.client IN ({marks(piece)}) AND {asked.sql}",
            (*piece, *asked.values),
        )
    return rows
