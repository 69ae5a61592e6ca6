"""Clients among which all are that a filter lets pass, found by the term that fits the fewest of them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from apiwatch.store.filters.sql import Text, condition
from apiwatch.store.filters.terms import ANY, Filter, Term
from apiwatch.store.schema import HALF_LIFE_S
from apiwatch.store.searching import CLIENT_ROW, CLIENT_ROW_WORDS, CLIENTS_BY, every_agent
from apiwatch.store.snapshot import Rows, Snapshot, marks
from apiwatch.store.span import Span

__all__ = ["Candidates", "candidates"]

_AGENTS = 3_000
"""Different user agents up to which they are looked through before the clients that have them."""


class Candidates(NamedTuple):
    """Clients of a window."""

    names: list[str]
    complete: bool
    """Whether no other client can pass."""


def candidates(snapshot: Snapshot, span: Span, where: Filter, most: int) -> Candidates:
    """All clients that can pass a filter, and maybe others; some of them when every term fits more than `most`."""
    some: list[str] = []
    for found in _searches(snapshot, span, where, most + 1):
        if len(found) <= most:
            return Candidates(list(dict.fromkeys(found)), True)
        some = some or found
    return Candidates(list(dict.fromkeys(some)), False)


def _searches(snapshot: Snapshot, span: Span, where: Filter, limit: int) -> Iterator[list[str]]:
    """The first `limit` clients by one term after the other: what may take longer comes later, what all fit last."""
    own = Filter(tuple(term for term in where.terms if term.field is not None and term.field.name in CLIENT_ROW))
    required = _required(where, span.at)
    if own or required:
        yield _by_row(snapshot, span, own, required, limit)
    others = [
        term for term in where.terms if not term.inverted and (term.field is None or term.field.name in CLIENTS_BY)
    ]
    for term in sorted(others, key=lambda term: term.field is None):
        yield list(islice(_by_term(snapshot, span, term, limit), limit))
    yield _by_row(snapshot, span, ANY, "", limit)


def _by_term(snapshot: Snapshot, span: Span, term: Term, limit: int) -> Iterator[str]:
    for name in ("ua", "user") if term.field is None else (term.field.name,):
        by, alone = CLIENTS_BY[name], Filter((term,))
        agents: Rows = []
        if name == "ua":
            fits = condition(alone, {name: Text("x")}, span.at, words=(name,))
            agents = snapshot.rows(every_agent(fits.sql), (*fits.values, _AGENTS + 1))
        if 0 < len(agents) <= _AGENTS:
            fitting = tuple(agent for agent, passes in agents if passes)
            sql, values = f"{by.value.sql} IN ({marks(fitting)})", fitting
        else:
            asked = condition(alone, {name: by.value}, span.at, words=(name,))
            sql, values = asked.sql, asked.values
        yield from _names(snapshot, f"SELECT f.client FROM {by.rows} AND {sql} LIMIT ?", (*values, limit))  # noqa: S608
    if term.field is None:
        yield from _by_row(snapshot, span, Filter((term,)), "", limit)


def _by_row(snapshot: Snapshot, span: Span, where: Filter, extra: str, limit: int) -> list[str]:
    asked = condition(where, CLIENT_ROW, span.at, words=CLIENT_ROW_WORDS)
    return _names(
        snapshot,
        f"SELECT c.client FROM clients c WHERE {asked.sql}{extra} AND c.last_seen >= ? AND c.first_seen < ? LIMIT ?",  # noqa: S608
        (*asked.values, (span.start + 1) * 60, (span.end + 1) * 60, limit),
    )


def _names(snapshot: Snapshot, sql: str, values: Sequence[object]) -> list[str]:
    return [name for (name,) in snapshot.rows(sql, values)]


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
