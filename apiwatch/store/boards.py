"""Leaderboards that the writer keeps up: the busiest clients of each minute, and the latest clients of all.

A reader sums the `board_minutes` of a window instead of all `client_minutes`. Every client of a minute is on its
board while they are at most `LIMIT`. Beyond that a minute keeps the `KEPT` clients with the most requests, misses,
denials, errors and bytes each, and its floors tell what the others have at most: a client that is in none of the
minutes of a window among those cannot be seen on the boards of that window.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest, nsmallest
from operator import attrgetter

from apiwatch.model import ClientMinuteRow, ClientRow
from apiwatch.store.tables import BOARD_FLOORS, BOARD_MINUTES, RECENT

__all__ = ["BOARD_MINUTES_KEPT", "KEPT", "LIMIT", "RECENT_KEPT", "WINDOW", "Boards", "fill_boards"]

LIMIT = 1500
"""Clients of one minute up to which all of them are on its board."""

KEPT = 250
"""Clients that a fuller board keeps for each measure; more than the 200 that a list shows."""

RECENT_KEPT = 256
"""Latest clients kept."""

WINDOW = 60
"""Minutes of the longest window that boards are read for."""

BOARD_MINUTES_KEPT = 180
"""Minutes with boards: about as long as the counts of every client are kept, so that one can look back."""

_OPEN_MINUTES = 4
"""Newest minutes that stay in memory; older ones hardly change any more."""

_MEASURES: tuple[Callable[[ClientMinuteRow], int], ...] = tuple(
    attrgetter(name) for name in ("requests", "miss", "deny", "err", "bytes")
)

_Key = tuple[str, int]


class _Board:
    """One minute: its rows by (client, part), and the floors once it was full."""

    def __init__(self, rows: dict[_Key, ClientMinuteRow], floors: tuple[int, ...] | None) -> None:
        self.rows = rows
        self.floors = floors

    def enter(self, rows: Iterable[ClientMinuteRow]) -> tuple[list[ClientMinuteRow], list[_Key]]:
        """Take rows in; returns those to write and the keys of those to remove."""
        known = self.rows
        if self.floors is not None:
            a, b, c, d, e = self.floors
            rows = [
                row
                for row in rows
                if row[3] > a or row[5] > b or row[6] > c or row[8] > d or row[10] > e or (row[1], row[2]) in known
            ]
        changed = {(row[1], row[2]): row for row in rows}
        stored = set(known) if len(known) + len(changed) > LIMIT else set()
        known.update(changed)
        if len(known) <= LIMIT:
            return list(changed.values()), []
        self._prune()
        return [row for key, row in changed.items() if key in self.rows], [
            key for key in stored if key not in self.rows
        ]

    def _prune(self) -> None:
        rows = list(self.rows.values())
        kept: dict[_Key, ClientMinuteRow] = {}
        floors: list[int] = []
        for measure in _MEASURES:
            top = [row for row in nlargest(KEPT, rows, key=measure) if measure(row) > 0]
            kept.update(((row[1], row[2]), row) for row in top)
            floors.append(measure(top[-1]) if len(top) == KEPT else 0)
        self.rows = kept
        self.floors = tuple(floors)


class Boards:
    """The leaderboards of one shard, kept equal to its rows of clients within the same transactions."""

    def __init__(self, connection: sqlite3.Connection, shard: int) -> None:
        self._connection = connection
        self._shard = shard
        self._boards: dict[int, _Board] = {}
        found = connection.execute("SELECT client, last_seen FROM recent WHERE shard = ?", (shard,))
        self._recent: dict[str, int] = dict(found.fetchall())

    def enter(self, rows: Sequence[ClientMinuteRow], newest: int) -> None:
        """Take in rows that are written now; `newest` is the minute of the newest event."""
        oldest = newest - BOARD_MINUTES_KEPT
        by_minute: dict[int, list[ClientMinuteRow]] = {
            minute: [] for minute in {row[0] for row in rows} if minute > oldest
        }
        for row in rows:
            if row[0] > oldest:
                by_minute[row[0]].append(row)
        written: list[ClientMinuteRow] = []
        for minute, some in by_minute.items():
            board = self._boards.get(minute) or self._load(minute)
            floors = board.floors
            put, gone = board.enter(some)
            written += put
            self._connection.executemany(
                "DELETE FROM board_minutes WHERE minute = ? AND client = ? AND shard = ? AND part = ?",
                [(minute, client, self._shard, part) for client, part in gone],
            )
            if board.floors is not None and board.floors != floors:
                BOARD_FLOORS.write(self._connection, self._shard, [(minute, *board.floors)])
        BOARD_MINUTES.write(self._connection, self._shard, written)
        self._boards = {minute: board for minute, board in self._boards.items() if minute > newest - _OPEN_MINUTES}

    def enter_recent(self, rows: Sequence[ClientRow]) -> None:
        """Take in rows of clients that are written now."""
        recent = self._recent
        last = sorted([row[3] for row in rows])[-RECENT_KEPT:][0] if rows else 0
        latest = dict.fromkeys(nsmallest(RECENT_KEPT, [row[0] for row in rows if row[3] == last]), last)
        for row in rows:
            if row[3] > last:
                latest[row[0]] = max(row[3], latest.get(row[0], 0))
        merged = {**recent, **{client: max(seen, recent.get(client, 0)) for client, seen in latest.items()}}
        kept = dict(nsmallest(RECENT_KEPT, merged.items(), key=lambda item: (-item[1], item[0])))
        self._drop_recent([client for client in recent if client not in kept])
        changed = [(client, seen) for client, seen in kept.items() if recent.get(client) != seen]
        RECENT.write(self._connection, self._shard, changed)
        self._recent = kept

    def removed(self, clients: Iterable[str]) -> None:
        """Take note of clients whose rows went away."""
        gone = [client for client in clients if client in self._recent]
        self._drop_recent(gone)
        for client in gone:
            del self._recent[client]

    def _drop_recent(self, clients: Sequence[str]) -> None:
        self._connection.executemany(
            "DELETE FROM recent WHERE client = ? AND shard = ?", [(client, self._shard) for client in clients]
        )

    def _load(self, minute: int) -> _Board:
        rows = self._connection.execute(
            "SELECT minute, client, part, requests, ok, miss, deny, limited, err, neutral, bytes FROM board_minutes "
            "WHERE minute = ? AND shard = ?",
            (minute, self._shard),
        )
        floors = self._connection.execute(
            "SELECT requests, miss, deny, err, bytes FROM board_floors WHERE minute = ? AND shard = ?",
            (minute, self._shard),
        ).fetchone()
        board = _Board({(row[1], row[2]): ClientMinuteRow(*row) for row in rows}, floors)
        self._boards[minute] = board
        return board


def fill_boards(connection: sqlite3.Connection) -> None:
    """Make the leaderboards of a state file that has none from its rows of clients."""
    for (shard,) in connection.execute("SELECT shard FROM shards").fetchall():
        boards = Boards(connection, shard)
        (newest,) = connection.execute(
            "SELECT COALESCE(MAX(minute), 0) FROM client_minutes WHERE shard = ?", (shard,)
        ).fetchone()
        for minute in range(newest - BOARD_MINUTES_KEPT + 1, newest + 1):
            rows = connection.execute(
                "SELECT minute, client, part, requests, ok, miss, deny, limited, err, neutral, bytes "
                "FROM client_minutes WHERE minute = ? AND shard = ?",
                (minute, shard),
            )
            boards.enter([ClientMinuteRow(*row) for row in rows], newest)
        latest = connection.execute(
            "SELECT client, MAX(last_seen) FROM clients WHERE shard = ? GROUP BY client "
            "ORDER BY MAX(last_seen) DESC, client LIMIT ?",
            (shard, RECENT_KEPT),
        ).fetchall()
        RECENT.write(connection, shard, latest)
