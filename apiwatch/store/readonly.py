"""Looking at a state file without the right, or without the wish, to change it."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apiwatch.errors import StoreError
from apiwatch.model import ActionKind
from apiwatch.store.opening import is_resting, open_connection, open_resting
from apiwatch.store.protocol import Control
from apiwatch.store.snapshot import Snapshots
from apiwatch.store.views import Application

__all__ = ["NOTHING_CHANGES", "open_snapshots", "read_only_control"]

NOTHING_CHANGES = "this dashboard is read-only and changes nothing; open one without --read-only to act"
"""The sentence for whoever tries."""


async def open_snapshots(path: Path, *, migrates: bool = True) -> Snapshots:
    """Snapshots of a state file. A user who may read the file, but not write beside it, sees it, too.

    Raises StoreError and StoreVersionError.
    """
    return await asyncio.to_thread(_open, path, migrates)


def _open(path: Path, migrates: bool) -> Snapshots:
    try:
        return Snapshots(path, open_connection(path, "ro", migrates=migrates))
    except StoreError as error:
        if not isinstance(error.__cause__, sqlite3.OperationalError) or not is_resting(path):
            raise
        try:
            return _RestingSnapshots(path, open_resting(path))
        except sqlite3.Error:
            raise error from None


class _RestingSnapshots(Snapshots):
    """Of a file that nobody has open; as soon as somebody writes again, it is read as others read it."""

    _rests = True

    def _current(self) -> sqlite3.Connection:
        if self._rests and not is_resting(self._path):
            writing = open_connection(self._path, "ro", migrates=False)
            self._connection.close()
            self._connection, self._rests = writing, False
        return self._connection


def read_only_control() -> Control:
    """A control that refuses everything. Every method raises StoreError."""
    return _ReadOnlyControl()


class _ReadOnlyControl:
    async def acknowledge(self, alert_id: str, actor: str, note: str, now: float) -> None:
        _refuse()

    async def say(
        self, kind: ActionKind, alert_id: str, actor: str, note: str, now: float, expires: float | None = None
    ) -> None:
        _refuse()

    async def allow(self, target: str, reason: str, actor: str, now: float, expires: float | None) -> str:
        _refuse()

    async def disallow(self, entry_id: str, actor: str, now: float) -> bool:
        _refuse()

    async def block(
        self,
        net: str,
        reason: str,
        alert_ids: Sequence[str],
        actor: str,
        now: float,
        expires: float | None,
        condition: str = "",
    ) -> str:
        _refuse()

    async def unblock(self, entry_id: str, actor: str, now: float) -> bool:
        _refuse()

    async def applied(self, target: str, host: str, applications: Sequence[Application], now: float) -> None:
        _refuse()

    async def not_applied(self, target: str, host: str, entry_ids: Sequence[str], error: str, now: float) -> None:
        _refuse()

    async def close(self) -> None:
        """Nothing is open."""


def _refuse() -> NoReturn:
    raise StoreError(NOTHING_CHANGES)
