"""Reading what the clients of a scope did together."""

from collections import Counter

from apiwatch.store.boards import WINDOW
from apiwatch.store.detail import OUTCOME_SUMS, minute_view
from apiwatch.store.foremost import busiest_of
from apiwatch.store.members import OTHER, members
from apiwatch.store.scope import Scope
from apiwatch.store.snapshot import Snapshot, marks, pieces
from apiwatch.store.span import span_of
from apiwatch.store.views import FacetView, TogetherView

__all__ = ["together"]

_AGENTS = 20


def together(snapshot: Snapshot, scope: Scope, at: float) -> TogetherView:
    """See `Reader.together`."""
    span = span_of(snapshot, WINDOW, at)
    found = members(snapshot, scope, lambda: busiest_of(snapshot, span))
    names = list(found.clients)
    minutes: dict[int, list[int]] = {}
    senders: Counter[str] = Counter()
    seen: dict[str, float] = {}
    for piece in pieces(names):
        # CROSS JOIN: a look-up per client and minute, and no walk through the minutes of everybody.
        rows = snapshot.rows(
            f"SELECT minute, {OUTCOME_SUMS} FROM "  # noqa: S608  own names
            f"(SELECT DISTINCT client AS name FROM clients WHERE client IN ({marks(piece)})) AS wanted "
            "CROSS JOIN (SELECT DISTINCT minute AS m FROM minutes WHERE minute > ? AND minute <= ?) AS span "
            "CROSS JOIN client_minutes WHERE minute = m AND client = name GROUP BY minute",
            (*piece, span.start, span.end),
        )
        for minute, *counts in rows:
            minutes[minute] = [a + b for a, b in zip(minutes.get(minute, [0] * len(counts)), counts, strict=True)]
        agents = snapshot.rows(
            f"SELECT value, COUNT(DISTINCT client), MAX(last_seen) FROM client_facets WHERE client IN ({marks(piece)}) "  # noqa: S608
            "AND kind = 'user_agent' AND value <> ? GROUP BY value",
            (*piece, OTHER),
        )
        for value, clients, last in agents:
            senders[value] += clients
            seen[value] = max(seen.get(value, 0.0), float(last))
    ranked = sorted(senders, key=lambda value: (-senders[value], value))[:_AGENTS]
    return TogetherView(
        timeline=tuple(minute_view((minute, *minutes[minute])) for minute in sorted(minutes)),
        agents=tuple(FacetView(value, senders[value], seen[value]) for value in ranked),
        among=found.among,
    )
