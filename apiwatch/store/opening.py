"""Opening a state file for a viewer."""

from pathlib import Path

import aiosqlite

from apiwatch.errors import StoreBusyError, StoreError, StoreVersionError
from apiwatch.store.files import connect, identify, name_of, translated, uri, will_connect
from apiwatch.store.locks import Lock
from apiwatch.store.schema import VERSION, migrate

__all__ = ["open_connection"]

_WAIT_S = 10.0
_CACHE_KIB = 16_384


async def open_connection(path: Path, mode: str) -> aiosqlite.Connection:
    """A connection ('ro' or 'rw') to a state file of the current version; an older file is migrated first.

    Raises StoreError and StoreVersionError.
    """
    version = identify(path)
    if version is None:
        raise StoreError(
            f"there is nothing in the state file {name_of(path)} yet; start a collector with `apiwatch collect PATH`, "
            "or name another file with --db"
        )
    if version < VERSION:
        _migrate(path, version)
    will_connect(path)
    with translated(path):
        connection = await aiosqlite.connect(
            uri(path, mode), uri=True, isolation_level=None, timeout=_WAIT_S, cached_statements=256
        )
        try:
            await connection.execute_fetchall(f"PRAGMA cache_size = -{_CACHE_KIB}")
            await connection.execute_fetchall("PRAGMA temp_store = MEMORY")
            if mode == "ro":
                await connection.execute_fetchall("PRAGMA query_only = ON")
            await connection.execute_fetchall("SELECT COUNT(*) FROM shards")
        except BaseException:
            await connection.close()
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
