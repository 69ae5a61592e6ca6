"""The SQLite writer: one fenced transaction per commit.

The file is in WAL mode with synchronous=NORMAL. A commit survives the end of the process at any moment, `kill -9`
included. Loss of power, or a crash of the system, may take back the newest commits, always as wholes and in order:
offsets, state and rows still agree, and the logs are read again from there.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from apiwatch.config.settings import Retention
from apiwatch.errors import Fenced, StoreError
from apiwatch.model import Action, Alert, ClientRow, DeclaredRow, Delta, StateRow
from apiwatch.store import tables
from apiwatch.store.activity import Activity
from apiwatch.store.boards import Boards
from apiwatch.store.clean import clean, clean_row, pack
from apiwatch.store.files import (
    connect,
    create,
    discard_log,
    identify,
    make_directory,
    name_of,
    place_of,
    require_place,
    translated,
)
from apiwatch.store.locks import Lock
from apiwatch.store.protocol import Acquired, Writer
from apiwatch.store.retention import Sweeper
from apiwatch.store.schema import migrate, rank_of
from apiwatch.store.tail import Tail
from apiwatch.store.views import HealthView, SourceView

__all__ = ["SqliteWriter", "open_writer"]

_ACTIONS = 1_000
"""Actions that are read at once."""

_CACHE_KIB = 32_768
_PAGE = 4096
_CHECKPOINT_PAGES = 100, 16_000
"""Fewest and most pages that the write-ahead log holds before they go into the file; between them a sixteenth of what
is free, so that where there is little room it is not the log that fills it."""

_WAL_BYTES = 128 << 20

_SOURCE_FIELDS = SourceView.__struct_fields__
_NEVER_SHOWN = frozenset({"state", "events", "sources", "health"})
"""What a delta always brings, or never to a picture."""

_LISTS = ("clients", "client_minutes", "client_routes", "client_facets", "minutes", "routes", "route_minutes",
          "suspects", "points", "evidence", "unparsed", "state")  # fmt: skip


def open_writer(path: Path, *, retention: Retention) -> Writer:
    """Open a state file for writing, and keep others from doing so; it is made when absent and migrated when older.

    Raises StoreBusyError when a live collector owns it, StoreVersionError when it is newer than this program, and
    StoreError for a file that is not ours, damaged, or not writable.
    """
    identify(path)
    make_directory(path)
    lock = Lock(path)
    try:
        create(path)
        return SqliteWriter(path, lock, retention)
    except BaseException:
        lock.release()
        raise


class SqliteWriter:
    """See `apiwatch.store.protocol.Writer`."""

    def __init__(self, path: Path, lock: Lock, retention: Retention) -> None:
        self._path = path
        self._lock = lock
        self._retention = retention
        self._shards: dict[int, _Shard] = {}
        self._open: sqlite3.Connection | None = None
        with translated(path):
            identify(path)
            connection = connect(path)
            try:
                migrate(connection)
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                for setting in (
                    "synchronous = NORMAL",
                    "temp_store = MEMORY",
                    f"cache_size = -{_CACHE_KIB}",
                    f"wal_autocheckpoint = {_pages(path)}",
                    f"journal_size_limit = {_WAL_BYTES}",
                ):
                    connection.execute(f"PRAGMA {setting}").fetchall()
                connection.execute("SELECT COUNT(*) FROM shards").fetchall()
            except BaseException:
                connection.close()
                raise
        self._open = connection
        self._place = place_of(path)

    def acquire(self, shard: int, owner: str) -> Acquired:
        """See `Writer.acquire`."""
        with self._transaction() as connection:
            (epoch,) = connection.execute(
                "INSERT INTO shards (shard, epoch, owner) VALUES (?, 1, ?) "
                "ON CONFLICT (shard) DO UPDATE SET epoch = shards.epoch + 1, owner = excluded.owner RETURNING epoch",
                (shard, clean(owner)),
            ).fetchone()
            offsets = connection.execute("SELECT source, next FROM offsets WHERE shard = ?", (shard,)).fetchall()
            state = connection.execute("SELECT key, blob FROM state WHERE shard = ? ORDER BY key", (shard,)).fetchall()
        with translated(self._path):
            self._lock.name(owner)
        return Acquired(epoch, dict(offsets), [StateRow(key, blob) for key, blob in state])

    def commit(
        self,
        shard: int,
        epoch: int,
        offsets: Mapping[str, str],
        delta: Delta | None,
        health: HealthView,
        sources: Sequence[SourceView],
    ) -> None:
        """See `Writer.commit`. Raises StoreError when the disk refuses; then nothing was written, try again."""
        rows = [tuple(getattr(source, name) for name in _SOURCE_FIELDS) for source in sources]
        positions = list(offsets.items())
        try:
            self._commit(shard, epoch, positions, delta, health, rows)
        except (ValueError, OverflowError):
            positions = [clean_row(row) for row in positions]
            rows = [clean_row(row) for row in rows]
            try:
                self._commit(shard, epoch, positions, None if delta is None else _cleaned(delta), health, rows)
            except (ValueError, OverflowError) as error:
                raise StoreError(f"the state file {name_of(self._path)} does not take a value: {error}") from error

    def said(self, after: int) -> list[Action]:
        """See `Writer.said`. Raises StoreError when the file cannot be read."""
        connection = self._open
        if connection is None:
            raise StoreError(f"the state file {name_of(self._path)} was closed")
        with translated(self._path):
            found = connection.execute(
                "SELECT seq, id, time, actor, kind, subject, expires, note, entry, condition FROM actions "
                "WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, _ACTIONS),
            ).fetchall()
        return [Action(*row) for row in found]

    def close(self) -> None:
        """See `Writer.close`; safe to call twice."""
        connection, self._open = self._open, None
        if connection is None:
            return
        try:
            if place_of(self._path) != self._place:
                discard_log(self._path)
                return
            with translated(self._path):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
            self._lock.release()

    def _commit(
        self,
        shard: int,
        epoch: int,
        offsets: Sequence[tuple[Any, ...]],
        delta: Delta | None,
        health: HealthView,
        sources: Sequence[tuple[Any, ...]],
    ) -> None:
        with self._transaction() as connection:
            # Writing it to itself takes the lock and tells, in one step, whether the shard still is ours.
            fence = connection.execute(
                "UPDATE shards SET epoch = ? WHERE shard = ? AND epoch = ?", (epoch, shard, epoch)
            )
            if fence.rowcount != 1:
                raise Fenced(
                    f"another collector has taken over the state file {name_of(self._path)}; this one stops, and what "
                    "it has not stored is read by the other"
                )
            parts = self._shards.get(shard) or self._shards.setdefault(
                shard, _Shard(connection, shard, self._retention)
            )
            tables.OFFSETS.write(connection, shard, offsets)
            if delta is not None:
                parts.write(delta, health.watermark)
            tables.SOURCES.write(connection, shard, sources)
            body = pack(replace(health, changed=parts.changed(health.heartbeat, delta, sources)))
            tables.HEALTH.write(connection, shard, [(health.heartbeat, health.watermark, body)])
            parts.sweeper.sweep(health.watermark, len(delta.client_minutes) if delta is not None else 0)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction; whatever is raised inside rolls it back, and the writer stays usable."""
        connection = self._open
        if connection is None:
            raise StoreError(f"the state file {name_of(self._path)} was closed")
        require_place(self._path, self._place, "the collector stops: what it holds lies in the old file only")
        with translated(self._path):
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.IntegrityError as error:
                self._roll_back(connection)
                raise ValueError(str(error)) from error
            except BaseException:
                self._roll_back(connection)
                raise

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        self._shards.clear()
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _pages(path: Path) -> int:
    least, most = _CHECKPOINT_PAGES
    found = os.statvfs(path)
    return max(least, min(found.f_bavail * found.f_frsize // 16 // _PAGE, most))


class _Shard:
    """What the writer remembers of one shard, to write less; it is made anew after a transaction that failed."""

    def __init__(self, connection: sqlite3.Connection, shard: int, retention: Retention) -> None:
        self._connection = connection
        self._shard = shard
        self._activity = Activity(connection, shard)
        self._boards = Boards(connection, shard)
        self._tail = Tail(connection, shard)
        self.sweeper = Sweeper(connection, shard, retention, self._activity, self._boards)
        self._members: dict[str, int] = {}
        """Alert id -> number of its clients that are stored."""
        self._changed = 0.0
        self._sources: Sequence[tuple[Any, ...]] = ()

    def write(self, delta: Delta, watermark: float) -> None:
        """All rows of a delta."""
        connection, shard = self._connection, self._shard
        self._write_state(delta.state)
        self._write_clients(delta.clients)
        oldest = self.sweeper.oldest_minute(watermark)
        minutes = [row for row in delta.client_minutes if row[0] >= oldest]
        tables.CLIENT_MINUTES.write(connection, shard, minutes)
        self._boards.enter(minutes, int(watermark) // 60)
        tables.CLIENT_ROUTES.write(connection, shard, delta.client_routes)
        tables.CLIENT_FACETS.write(connection, shard, delta.client_facets)
        tables.MINUTES.write(connection, shard, delta.minutes)
        tables.ROUTES.write(connection, shard, delta.routes)
        tables.ROUTE_MINUTES.write(connection, shard, delta.route_minutes)
        if delta.declared is not None:
            connection.execute("DELETE FROM declared WHERE shard = ?", (shard,))
            tables.DECLARED.write(connection, shard, list(dict.fromkeys(delta.declared)))
        tables.SUSPECTS.write(connection, shard, delta.suspects)
        tables.POINTS.write(connection, shard, delta.points)
        self._write_alerts(delta.alerts)
        tables.EVIDENCE.write(connection, shard, delta.evidence)
        tables.UNPARSED.write(connection, shard, delta.unparsed)
        self._tail.write(delta.lines, delta.lines_seen)

    def changed(self, heartbeat: float, delta: Delta | None, sources: Sequence[tuple[Any, ...]]) -> float:
        """`HealthView.changed` of a commit."""
        brings = delta is not None and any(
            getattr(delta, name) for name in delta.__struct_fields__ if name not in _NEVER_SHOWN
        )
        if brings or sources != self._sources or not self._changed:
            self._changed, self._sources = heartbeat, sources
        return self._changed

    def _write_state(self, rows: Sequence[StateRow]) -> None:
        deleted = [(self._shard, row[0]) for row in rows if row[1] is None]
        self._connection.executemany("DELETE FROM state WHERE shard = ? AND key = ?", deleted)
        tables.STATE.write(self._connection, self._shard, [row for row in rows if row[1] is not None])

    def _write_clients(self, rows: Sequence[ClientRow]) -> None:
        self._activity.before(rows)
        tables.CLIENTS.write(self._connection, self._shard, rows)
        self._boards.enter_recent(rows)
        self._connection.executemany(
            "UPDATE clients SET ranked = ? WHERE client = ? AND shard = ? AND part = ?",
            [(rank_of(row.score, row.scored_at), row.client, self._shard, row.part) for row in rows if row.score > 0],
        )

    def _write_alerts(self, alerts: Sequence[Alert]) -> None:
        rows: list[tuple[Any, ...]] = []
        members: list[tuple[Any, ...]] = []
        for alert in alerts:
            severity, first, last = int(alert.severity), int(alert.first_seen), int(alert.last_seen)
            row = (
                alert.id, alert.family, alert.principal, severity, alert.score, first, last, int(alert.closed),
                alert.host, alert.route,
            )  # fmt: skip
            rows.append((*clean_row(row), pack(alert)))
            known = self._members.get(alert.id, 0)
            members += [clean_row((client, alert.id)) for client in alert.clients[known:]]
            if alert.client and alert.client not in alert.clients:
                members.append(clean_row((alert.client, alert.id)))
            self._members[alert.id] = len(alert.clients)
        tables.ALERTS.write(self._connection, self._shard, rows)
        tables.ALERT_CLIENTS.write(self._connection, self._shard, members)


def _cleaned(delta: Delta) -> Delta:
    """A delta with values that every database takes; alerts are cleaned as they are written."""
    changes = {name: [type(row)(*clean_row(row)) for row in getattr(delta, name)] for name in _LISTS}
    if delta.declared is not None:
        changes["declared"] = [DeclaredRow(*clean_row(row)) for row in delta.declared]
    return msgspec.structs.replace(delta, **changes)
