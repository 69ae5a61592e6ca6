"""One read transaction: every query inside sees the same commit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from apiwatch.errors import StoreError
from apiwatch.store.files import name_of, translated

__all__ = ["Rows", "Snapshot", "Snapshots", "marks"]

Rows = list[tuple[Any, ...]]


def marks(values: Sequence[object]) -> str:
    """Placeholders for the values of an IN list."""
    return ", ".join("?" * len(values)) or "NULL"


class Snapshot:
    """The state file as of one commit."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, values: Sequence[object] = ()) -> Rows:
        """All rows of a query."""
        return [tuple(row) for row in await self._connection.execute_fetchall(sql, _bindable(values))]

    async def one(self, sql: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        """The only row of an aggregate."""
        return (await self.rows(sql, values))[0]


class Snapshots:
    """One long-lived connection that hands out a snapshot at a time."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = connection
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def take(self, begin: str = "BEGIN") -> AsyncIterator[Snapshot]:
        """A transaction that is committed at the end, and rolled back when something is raised."""
        async with self._turn:
            with translated(self._path):
                connection = await self._current()
                if connection is None:
                    raise StoreError(f"the state file {name_of(self._path)} was closed")
                try:
                    await connection.execute_fetchall(begin)
                    yield Snapshot(connection)
                    await connection.execute_fetchall("COMMIT")
                except BaseException:
                    # A cancelled statement still runs, in its turn; the rollback stands in the queue behind it.
                    await asyncio.shield(connection.rollback())
                    raise

    async def _current(self) -> aiosqlite.Connection | None:
        """The connection for the next transaction; None once it is closed."""
        return self._connection

    async def ask(self, sql: str) -> Rows:
        """All rows of one query, which is a transaction of its own."""
        async with self._turn:
            connection = await self._current()
            if connection is None:
                raise StoreError(f"the state file {name_of(self._path)} was closed")
            with translated(self._path):
                return [tuple(row) for row in await connection.execute_fetchall(sql)]

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()


def _bindable(values: Sequence[object]) -> list[object]:
    """Values as SQLite takes them: a text or a number that cannot be stored matches nothing and raises nothing."""
    return [_value(value) for value in values]


def _value(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-(1 << 63), min((1 << 63) - 1, value))
    return value
