"""Removing what is older than the settings say, a bounded number of rows with each commit.

Ages are measured in event time, from the newest event: an old log that is replayed keeps its newest hours.
"""

import sqlite3
from collections.abc import Iterator
from itertools import groupby

from apiwatch.config.settings import Retention
from apiwatch.store.activity import Activity
from apiwatch.store.boards import BOARD_MINUTES_KEPT, WINDOW, Boards

__all__ = ["Sweeper"]

_LEAST = 4000
"""Rows that a commit may remove from a table in any case; a busy one removes up to twice what it adds."""

_LOOKED_AT = 1000
"""Rows of clients that a commit looks at; they are in no order of time, so all of them are visited in turn."""

_ALERTS = 50


class Sweeper:
    """Retention of one shard's writer."""

    def __init__(
        self, connection: sqlite3.Connection, shard: int, retention: Retention, activity: Activity, boards: Boards
    ) -> None:
        self._connection = connection
        self._shard = shard
        self._retention = retention
        self._activity = activity
        self._boards = boards
        self._cursor = ""
        self._pruned_at = 0

    def oldest_minute(self, watermark: float) -> int:
        """First minute whose counts per client are kept."""
        return int(watermark - self._retention.client_minutes) // 60

    def sweep(self, watermark: float, added: int) -> None:
        """Remove a bounded number of old rows; `added` is how many rows of minutes this commit wrote."""
        if watermark <= 0:
            return
        retention, budget = self._retention, max(_LEAST, 2 * added)
        self._trim("client_minutes", "minute, client", self.oldest_minute(watermark), budget)
        minutes = int(watermark - max(retention.minutes, retention.client_minutes)) // 60
        newest = int(watermark) // 60
        self._trim("minutes", "minute, shard", minutes, budget)
        self._trim("route_minutes", "minute, host, route", int(watermark - retention.route_minutes) // 60, budget)
        boards = max(newest - BOARD_MINUTES_KEPT, min(newest - WINDOW, self.oldest_minute(watermark))) + 1
        self._trim("board_minutes", "minute, client", boards, budget)
        self._trim("board_floors", "minute, shard", boards, budget)
        clients = int(watermark - retention.clients)
        self._trim("suspects", "last_seen, principal", clients, _LEAST)
        self._trim("points", "last_seen, principal", clients, _LEAST)
        if newest != self._pruned_at:
            self._pruned_at = newest
            self._connection.execute("DELETE FROM routes WHERE last_seen < ?", (clients,))
        self._sweep_clients(clients)
        self._sweep_alerts(int(watermark - retention.alerts))

    def _trim(self, table: str, order: str, before: int, budget: int) -> None:
        """Remove rows whose first column of `order` is less than `before`, the least first, about `budget` of them."""
        first = order.partition(",")[0]
        border = self._connection.execute(
            f"SELECT {order} FROM {table} WHERE {first} < ? ORDER BY {order} LIMIT 1 OFFSET ?",  # noqa: S608  own names
            (before, budget),
        ).fetchone()
        if border is None:
            self._connection.execute(f"DELETE FROM {table} WHERE {first} < ?", (before,))  # noqa: S608
        else:
            self._connection.execute(f"DELETE FROM {table} WHERE ({order}) < (?, ?)", border)  # noqa: S608

    def _sweep_clients(self, before: int) -> None:
        """Look at the next rows of clients, and remove those that were not seen since `before` with all they have."""
        found = self._connection.execute(
            "SELECT client, part, last_seen FROM clients WHERE client > ? AND shard = ? ORDER BY client LIMIT ?",
            (self._cursor, self._shard, _LOOKED_AT),
        ).fetchall()
        groups = [(client, list(rows)) for client, rows in groupby(found, key=lambda row: row[0])]
        full = len(found) == _LOOKED_AT
        if full and len(groups) > 1:
            groups.pop()
        self._cursor = groups[-1][0] if full and groups else ""
        old = [(client, part) for client, rows in groups for _, part, seen in rows if seen < before]
        if not old:
            return
        keys = [(client, self._shard, part) for client, part in old]
        for statement in _CLIENT_ROWS:
            self._connection.executemany(statement, keys)
        gone = [(client, max(seen for *_, seen in rows)) for client, rows in groups]
        gone = [(client, seen // 60) for client, seen in gone if seen < before]
        self._activity.removed(gone)
        self._boards.removed(client for client, _ in gone)

    def _sweep_alerts(self, before: int) -> None:
        found = self._connection.execute(
            "SELECT id FROM alerts WHERE last_seen < ? ORDER BY last_seen LIMIT ?", (before, _ALERTS)
        ).fetchall()
        for statement in _ALERT_ROWS if found else ():
            self._connection.executemany(statement, found)


def _deletions(tables: str, where: str) -> Iterator[str]:
    for table in tables.split():
        yield f"DELETE FROM {table} WHERE {where}"  # noqa: S608  own names


_CLIENT_ROWS = tuple(_deletions("client_routes client_facets clients", "client = ? AND shard = ? AND part = ?"))
_ALERT_ROWS = (
    *_deletions("evidence alert_clients", "alert_id = ?"),
    *_deletions("alerts", "id = ?"),
)
