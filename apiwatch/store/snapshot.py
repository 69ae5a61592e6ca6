"""One read transaction: every query inside sees the same commit."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from apiwatch.errors import StoreError
from apiwatch.store.files import name_of, place_of, require_place, translated

__all__ = ["Rows", "Snapshot", "Snapshots", "marks", "pieces"]

Rows = list[tuple[Any, ...]]
_Answer = TypeVar("_Answer")
_PIECE = 400


def marks(values: Sequence[object]) -> str:
    """Placeholders for the values of an IN list."""
    return ", ".join("?" * len(values)) or "NULL"


def pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Values in lists that are short enough for `marks`."""
    for begin in range(0, len(values), _PIECE):
        yield values[begin : begin + _PIECE]


class Snapshot:
    """The state file as of one commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Sequence[object] = ()) -> Rows:
        """All rows of a query."""
        return self._connection.execute(sql, _bindable(values)).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        """The only row of an aggregate."""
        return self.rows(sql, values)[0]


class Snapshots:
    """One long-lived connection that answers one question at a time, each as a whole in a thread of its own.

    A question asks a dozen queries; a way to the thread and back for each would cost more than they do. Every method
    raises StoreError when the file cannot be read or written, or was closed.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._place = place_of(path)
        self._connection = connection
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state-file")

    async def read(self, ask: Callable[[Snapshot], _Answer]) -> _Answer:
        """What `ask` makes of one commit. It runs in another thread, and must not touch what others may change."""
        return await self._answer(lambda connection: _transaction(connection, "BEGIN", ask))

    async def change(self, make: Callable[[Snapshot], _Answer]) -> _Answer:
        """As `read`, in a transaction that may write: it stands as a whole, or not at all when `make` raises."""
        return await self._answer(lambda connection: _transaction(connection, "BEGIN IMMEDIATE", make))

    async def ask(self, sql: str) -> Rows:
        """All rows of one query, which is a transaction of its own."""
        return await self._answer(lambda connection: connection.execute(sql).fetchall())

    async def close(self) -> None:
        """Close the connection once what was asked is answered; safe to call twice."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown(wait=False)

    async def _answer(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        if self._closed:
            raise StoreError(f"the state file {name_of(self._path)} was closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._worked, work)

    def _worked(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        require_place(self._path, self._place, "nothing more of it can be seen or changed here: quit, and start again")
        with translated(self._path):
            return work(self._current())

    def _current(self) -> sqlite3.Connection:
        """The connection for the next transaction."""
        return self._connection

    def _close(self) -> None:
        self._connection.close()


def _transaction(connection: sqlite3.Connection, begin: str, work: Callable[[Snapshot], _Answer]) -> _Answer:
    connection.execute(begin)
    try:
        answer = work(Snapshot(connection))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return answer


def _bindable(values: Sequence[object]) -> list[object]:
    """Values as SQLite takes them: a text or a number that cannot be stored matches nothing and raises nothing."""
    return [_value(value) for value in values]


def _value(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-(1 << 63), min((1 << 63) - 1, value))
    return value
