"""Reading everything about one user name."""

import re

from apiwatch.store.filters.sql import like_escaped
from apiwatch.store.findings import alerts, open_alerts_of, suspects
from apiwatch.store.listing import totals_of, view_of
from apiwatch.store.members import MOST
from apiwatch.store.routing import routes_of
from apiwatch.store.scope import Scope
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import watermark
from apiwatch.store.views import EvidenceView, FacetView, Mix, UserDetail

__all__ = ["user_detail"]

_SHOWN = 200
_FAMILIES = ("auth", "enumeration", "recon")
_LINES = 1_000
_OTHERS = 20
"""Alerts beside those of its clients in which it was let in."""


def user_detail(snapshot: Snapshot, user: str, now: float) -> UserDetail | None:
    """See `Reader.user`."""
    rows = snapshot.rows(
        "SELECT client, CAST(SUM(requests) AS BIGINT), MAX(last_seen) FROM client_facets "
        "WHERE kind = 'user' AND value = ? AND kind <> 'host' GROUP BY client ORDER BY 3 DESC, client LIMIT ?",
        (user, MOST + 1),
    )
    visits = tuple(FacetView(client, requests, float(last)) for client, requests, last in rows)[:_SHOWN]
    names = [visit.value for visit in visits]
    totals = totals_of(snapshot, names, min(now, watermark(snapshot)))
    scope = Scope(user=user)
    said = list(alerts(snapshot, include_closed=True, limit=_SHOWN, scope=scope))
    let_in = _let_in(snapshot, user)
    known = {view.alert.id for view in said}
    for alert_id in [each for each in let_in if each not in known][:_OTHERS]:
        said += alerts(snapshot, include_closed=True, limit=1, scope=Scope(alert=alert_id))
    leaning = [view for family in _FAMILIES for view in suspects(snapshot, family, _SHOWN, scope)]
    if not (visits or said or leaning):
        return None
    opened = open_alerts_of(snapshot, names)
    return UserDetail(
        user=user,
        clients=tuple(view_of(name, totals[name], Mix(), opened.get(name)) for name in names if name in totals),
        visits=visits,
        clients_total=len(rows),
        first_seen=min((totals[name].first_seen for name in names if name in totals), default=0.0),
        last_seen=max((visit.last_seen for visit in visits), default=0.0),
        routes=tuple(routes_of(snapshot, names)),
        alerts=tuple(sorted(said, key=lambda view: view.alert.closed)),
        suspects=tuple(leaning),
        let_in=tuple(sorted((line for lines in let_in.values() for line in lines), key=lambda line: line.time)),
    )


def _let_in(snapshot: Snapshot, user: str) -> dict[str, list[EvidenceView]]:
    """Alert -> lines that it kept in which whoever guesses was let in under a name.

    A client that tries a thousand users is not known for each of them, so all such alerts are looked through.
    """
    rows = snapshot.rows(
        "SELECT DISTINCT e.alert_id, e.time, e.source, e.line, e.text FROM alerts a JOIN evidence e "
        "ON e.alert_id = a.id WHERE a.family IN ('auth', 'recovery') AND e.slot < 0 AND e.text LIKE ? ESCAPE '\\' "
        "ORDER BY e.time, e.source, e.line LIMIT ?",
        (f"%{like_escaped(user)}%", _LINES),
    )
    # Where servers write the user, and nowhere else: the rest of a line is whatever its sender likes.
    named = re.compile(rf"\S+ \S+ {re.escape(user)} \[")
    field = re.compile(rf'\{{.*?"(?:remote_|client_)?user(?:_?name|_id)?"\s*:\s*"{re.escape(user)}"', re.DOTALL)
    found: dict[str, list[EvidenceView]] = {}
    for alert_id, time, source, line, text in rows:
        if named.match(text) or field.match(text):
            found.setdefault(alert_id, []).append(EvidenceView(float(time), source, line, text, True))
    return found
