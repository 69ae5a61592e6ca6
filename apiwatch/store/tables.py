"""Writing many rows: upserts of absolute values, with the shard added to each row.

Many rows go into one statement, because each call of SQLite gives up the interpreter's lock, and a thread that wants
it back waits for the thread that reads and parses (up to `sys.getswitchinterval`, 5 ms).
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from apiwatch.model import (
    ClientFacetRow,
    ClientMinuteRow,
    ClientRouteRow,
    ClientRow,
    DeclaredRow,
    EvidenceRow,
    MinuteRow,
    PointsRow,
    RouteMinuteRow,
    RouteRow,
    SuspectRow,
    UnparsedRow,
)

__all__ = [
    "ACTIVITY",
    "ALERTS",
    "ALERT_CLIENTS",
    "BOARD_FLOORS",
    "BOARD_MINUTES",
    "CLIENTS",
    "CLIENT_FACETS",
    "CLIENT_MINUTES",
    "CLIENT_ROUTES",
    "DECLARED",
    "EVIDENCE",
    "HEALTH",
    "MINUTES",
    "NEW_CLIENTS",
    "OFFSETS",
    "POINTS",
    "RECENT",
    "ROUTES",
    "ROUTE_MINUTES",
    "SOURCES",
    "STATE",
    "SUSPECTS",
    "TAIL",
    "UNPARSED",
    "Table",
]

_SIZES = (1000, 100, 10, 1)
"""Rows of one statement. SQLite takes 32 766 values; our longest rows have 19."""


class Table:
    """A table as the writer sees it: `columns` of a row in order, `keys` of which (with the shard) are unique.

    With `update` False rows that are there stay as they are.
    """

    def __init__(self, name: str, columns: Iterable[str], keys: str, *, update: bool = True) -> None:
        self.name = name
        self._columns = tuple(columns)
        self._keys = tuple(keys.split())
        self._update = update
        self._statement = lru_cache(maxsize=16)(self._make_statement)

    def write(self, connection: sqlite3.Connection, shard: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, or give those that are there their new values. Raises sqlite3.Error.

        Also raises UnicodeEncodeError and OverflowError for values that no database takes.
        """
        begin = 0
        for size in _SIZES:
            while len(rows) - begin >= size:
                piece = rows[begin : begin + size]
                begin += size
                connection.execute(self._statement(shard, size), list(chain.from_iterable(piece)))

    def _make_statement(self, shard: int, size: int) -> str:
        marks = ", ".join("?" * len(self._columns))
        values = ", ".join([f"({marks}, {shard:d})"] * size)
        updates = ", ".join(f"{name} = excluded.{name}" for name in self._columns if name not in self._keys)
        action = f"DO UPDATE SET {updates}" if updates and self._update else "DO NOTHING"
        names = ", ".join((*self._columns, "shard"))
        keys = ", ".join((*self._keys, "shard"))
        return f"INSERT INTO {self.name} ({names}) VALUES {values} ON CONFLICT ({keys}) {action}"  # noqa: S608  own names


OFFSETS = Table("offsets", ("source", "next"), "source")
STATE = Table("state", ("key", "blob"), "key")
HEALTH = Table("health", ("heartbeat", "watermark", "body"), "")
SOURCES = Table(
    "sources",
    (
        "name", "kind", "state", "message", "format", "lines", "requests", "unparsed", "skipped", "late", "cut",
        "dropped", "backlog_bytes", "last_time",
    ),
    "name",
)  # fmt: skip
UNPARSED = Table("unparsed", UnparsedRow._fields, "source line")
CLIENTS = Table("clients", ClientRow._fields, "client part")
NEW_CLIENTS = Table("clients", ("client", "part", "net"), "client part", update=False)
ACTIVITY = Table("activity", ("minute", "clients"), "minute")
CLIENT_MINUTES = Table("client_minutes", ClientMinuteRow._fields, "minute client part")
CLIENT_ROUTES = Table("client_routes", ClientRouteRow._fields, "client part route")
CLIENT_FACETS = Table("client_facets", ClientFacetRow._fields, "client part kind value")
MINUTES = Table("minutes", MinuteRow._fields, "minute")
ROUTE_MINUTES = Table("route_minutes", RouteMinuteRow._fields, "minute host route")
ROUTES = Table("routes", RouteRow._fields, "host route")
SUSPECTS = Table("suspects", SuspectRow._fields, "detector principal host route parameter")
ALERTS = Table(
    "alerts",
    ("id", "family", "principal", "severity", "score", "first_seen", "last_seen", "closed", "host", "route", "body"),
    "id",
)
ALERT_CLIENTS = Table("alert_clients", ("client", "alert_id"), "client alert_id")
DECLARED = Table("declared", DeclaredRow._fields, "host route")
EVIDENCE = Table("evidence", EvidenceRow._fields, "alert_id slot")
BOARD_MINUTES = Table("board_minutes", ClientMinuteRow._fields, "minute client part")
BOARD_FLOORS = Table("board_floors", ("minute", "requests", "miss", "deny", "err", "bytes"), "minute")
TAIL = Table("tail", ("slot", "seq", "seen", "body"), "slot")
POINTS = Table("points", PointsRow._fields, "principal host route parameter")
RECENT = Table("recent", ("client", "last_seen"), "client")
