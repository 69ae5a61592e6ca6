"""View 1: who does what, how sure, is it still going on."""

from apiwatch.store.filters import List
from apiwatch.store.scope import EVERYTHING
from apiwatch.tui.cells import severity_word, stamp
from apiwatch.tui.rows import AlertRow, EnumerationRow, Sort
from apiwatch.tui.views.base import LIMIT, NOT_THEN, Found, Panel, Query, View, by

__all__ = ["ALERTS"]

_SORTS = (
    Sort("severity", "severity, then score", None),
    Sort("score", "score", by(AlertRow, lambda row: (row.view.alert.score, row.view.alert.severity))),
    Sort("newest", "newest first", by(AlertRow, lambda row: (row.view.alert.first_seen,))),
    Sort("active", "last active first", by(AlertRow, lambda row: (row.view.alert.last_seen,))),
    Sort("requests", "suspicious requests", by(AlertRow, lambda row: (row.view.alert.count,))),
)


async def _open(query: Query) -> Found:
    alerts = await query.reader.alerts(
        limit=LIMIT, scope=query.scope, where=query.where, at=query.at, window_minutes=query.window_minutes
    )
    past = "" if alerts else await _last(query)
    open_now = sum(query.overview.open_alerts.values()) if query.overview and query.scope == EVERYTHING else 0
    rows = tuple(AlertRow(view, query.now) for view in alerts)
    note = "active then, told as of now" if query.at else ""
    return Found(rows, 0 if query.at else open_now, alerts.among, tuple(alerts), past=past, note=note)


async def _last(query: Query) -> str:
    closed = await query.reader.alerts(include_closed=True, limit=20, scope=query.scope)
    last = max(closed, key=lambda view: view.alert.last_seen, default=None)
    if last is None:
        return ""
    row = AlertRow(last, query.now)
    word, seen = severity_word(row.severity), stamp(last.alert.last_seen)
    return f" The last one: {word} {last.alert.detector} {row.who}, last seen {seen}."


async def _all(query: Query) -> Found:
    alerts = await query.reader.alerts(include_closed=True, limit=LIMIT, scope=query.scope, where=query.where)
    return Found(tuple(AlertRow(view, query.now) for view in alerts), 0, alerts.among, tuple(alerts))


async def _leaning(query: Query) -> Found:
    suspects = await query.reader.suspects("enumeration", limit=LIMIT, scope=query.scope, where=query.where)
    rows = tuple(EnumerationRow(view, query.now) for view in suspects)
    return Found(rows, 0, suspects.among, note=NOT_THEN if query.at else "")


ALERTS = View(
    1,
    "alerts",
    "Alerts",
    "Alerts",
    (
        Panel("alerts", "open alerts", AlertRow.columns, _SORTS, _open, over=List.ALERTS, calm="no open alerts."),
        Panel(
            "enumeration",
            "suspicious enumeration, alert or not yet",
            EnumerationRow.columns,
            (
                Sort("evidence", "evidence", None),
                Sort("objects", "distinct objects", by(EnumerationRow, lambda row: (row.view.objects,))),
                Sort("last", "last seen", by(EnumerationRow, lambda row: (row.view.last_seen,))),
            ),
            _leaning,
            over=List.SUSPECTS,
            calm="nobody walks or guesses object ids.",
        ),
        Panel(
            "history",
            "alerts with closed ones",
            AlertRow.columns,
            _SORTS,
            _all,
            over=List.ALERTS,
            calm="no alert so far.",
        ),
    ),
)
