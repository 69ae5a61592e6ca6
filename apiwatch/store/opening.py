"""Opening a state file for a viewer."""

import sqlite3
from pathlib import Path

from apiwatch.errors import StoreBusyError, StoreError, StoreVersionError
from apiwatch.store.files import connect, connect_to, identify, name_of, translated, uri, will_connect
from apiwatch.store.locks import Lock
from apiwatch.store.schema import VERSION, migrate

__all__ = ["is_resting", "open_connection", "open_resting"]

_CACHE_KIB = 16_384


def open_connection(path: Path, mode: str, *, migrates: bool = True) -> sqlite3.Connection:
    """A connection ('ro' or 'rw') to a state file of the current version; an older file is migrated first.

    Without `migrates` an older one is refused. Raises StoreError and StoreVersionError.
    """
    version = identify(path)
    if version is None:
        raise StoreError(
            f"there is nothing in the state file {name_of(path)} yet; start a collector with `apiwatch collect PATH`, "
            "or name another file with --db"
        )
    if version < VERSION:
        if not migrates:
            raise StoreVersionError(
                f"the state file {name_of(path)} has schema version {version}, this program has {VERSION}: let its "
                "owner open it once with `apiwatch attach`, which brings it up to date"
            )
        _migrate(path, version)
    with translated(path):
        return _opened(path, uri(path, mode), mode)


def open_resting(path: Path) -> sqlite3.Connection:
    """A connection to a state file that nobody has open, for a user who may only read it. Raises sqlite3.Error.

    SQLite makes a file beside one that is in WAL mode before it reads it, unless it is told that nobody writes
    (https://www.sqlite.org/wal.html, section 6: read-only databases).
    """
    return _opened(path, f"{uri(path, 'ro')}&immutable=1", "ro")


def is_resting(path: Path) -> bool:
    """Whether nobody has a state file open: then it has no write-ahead log."""
    return not path.with_name(f"{path.name}-wal").exists()


def _opened(path: Path, address: str, mode: str) -> sqlite3.Connection:
    will_connect(path)
    connection = connect_to(address)
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        if mode == "ro":
            connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT COUNT(*) FROM shards").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(path: Path, version: int) -> None:
    try:
        lock = Lock(path)
    except StoreBusyError as error:
        raise StoreVersionError(
            f"the state file {name_of(path)} has schema version {version}, this program has {VERSION}, and an older "
            f"collector still works on it: restart that one ({error})"
        ) from None
    try:
        with translated(path):
            connection = connect(path)
            try:
                migrate(connection)
            finally:
                connection.close()
    finally:
        lock.release()
