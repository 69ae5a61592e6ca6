"""The clients of a window that matter most, found without a look at all of them."""

from collections.abc import Iterator
from itertools import chain

from apiwatch.store.boards import KEPT
from apiwatch.store.schema import HALF_LIFE_S
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import Span

__all__ = ["alerted_of", "busiest_of", "foremost", "latest_of", "scored"]

_ALERTED = 500
"""Clients with open alerts that are listed even when their scores have faded."""

_LATEST = 15
"""Minutes at the end of a window whose busiest clients are looked at."""


def busiest_of(snapshot: Snapshot, span: Span) -> list[str]:
    """Suspicious, alerted and busy clients of a window, among which those of a wide scope are looked for.

    Of a long window its last quarter of an hour is looked at.
    """
    return list(dict.fromkeys(chain.from_iterable(foremost(snapshot, span, KEPT))))


def foremost(snapshot: Snapshot, span: Span, most: int) -> Iterator[list[str]]:
    """The same in pieces, the most suspicious first, `most` of each kind; a client may be in several."""
    latest = span._replace(start=max(span.start, span.end - _LATEST))
    yield scored(snapshot, latest, most, span.at)
    yield list(alerted_of(snapshot, latest))
    for measure in ("requests", "miss + deny"):
        rows = snapshot.rows(
            "SELECT client FROM board_minutes WHERE minute > ? AND minute <= ? GROUP BY client "  # noqa: S608  own words
            f"ORDER BY SUM({measure}) DESC, client LIMIT ?",
            (latest.start, latest.end, most),
        )
        yield [client for (client,) in rows]
        if len(rows) < most:
            break


def scored(snapshot: Snapshot, span: Span, limit: int, fade_to: float) -> list[str]:
    """The clients with the highest scores that do not show as 0."""
    # Below this rank a score has faded to less than a half. The index on ranks gives the first ones without a look at
    # all of them; a client has a row for each shard and each principal that it was.
    asked = limit
    while True:
        rows = snapshot.rows(
            "SELECT client FROM clients WHERE ranked >= ? AND ranked > 0 AND last_seen >= ? AND first_seen < ? "
            "ORDER BY ranked DESC LIMIT ?",
            (int(fade_to) - HALF_LIFE_S, (span.start + 1) * 60, (span.end + 1) * 60, asked),
        )
        found = list(dict.fromkeys(client for (client,) in rows))
        if len(found) >= limit or len(rows) < asked:
            return found[:limit]
        asked *= 4


def alerted_of(snapshot: Snapshot, span: Span) -> dict[str, int]:
    """Clients of alerts -> 1 + their highest severity; the worst, when there are very many.

    These are the open alerts, and for a window in the past those that were active in it.
    """
    where = "a.closed = 0"
    values: tuple[int, ...] = ()
    if span.is_past:
        where, values = "a.last_seen >= ? AND a.first_seen < ?", ((span.start + 1) * 60, (span.end + 1) * 60)
    rows = snapshot.rows(
        "SELECT c.client, 1 + MAX(a.severity) FROM alert_clients c JOIN alerts a ON a.id = c.alert_id "  # noqa: S608
        f"WHERE {where} GROUP BY c.client ORDER BY 2 DESC, c.client LIMIT ?",
        (*values, _ALERTED),
    )
    return {str(client): int(severity) for client, severity in rows}


def latest_of(snapshot: Snapshot, span: Span) -> list[str]:
    """The latest clients of a window that ends now, the very latest first; of one in the past none are known."""
    rows = snapshot.rows(
        "SELECT DISTINCT client FROM recent WHERE last_seen >= ? ORDER BY last_seen DESC, client",
        ((span.start + 1) * 60,),
    )
    return [] if span.is_past else [client for (client,) in rows]
