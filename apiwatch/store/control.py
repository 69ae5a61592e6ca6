"""What operators say: appended to the `actions` of the state file, never changed."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from apiwatch.model import ActionKind
from apiwatch.store.allowing import allow_entries
from apiwatch.store.applying import record_applications, record_failure
from apiwatch.store.blocks import BlockData, live_entry
from apiwatch.store.clean import clean, pack
from apiwatch.store.impact import addr_source
from apiwatch.store.opening import open_connection
from apiwatch.store.protocol import Control
from apiwatch.store.snapshot import Snapshot, Snapshots
from apiwatch.store.views import Application

__all__ = ["SqliteControl", "open_control"]


async def open_control(path: Path) -> Control:
    """Open a state file for operators' actions; an older one is migrated while no collector owns it.

    Raises StoreError when there is none, or when it is not ours, damaged or not writable; StoreVersionError when it
    is newer than this program, or older and owned.
    """
    return SqliteControl(Snapshots(path, await asyncio.to_thread(open_connection, path, "rw")))


class SqliteControl:
    """See `apiwatch.store.protocol.Control`. Every method raises StoreError when it could not be written."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def acknowledge(self, alert_id: str, actor: str, note: str, now: float) -> None:
        """See `Control.acknowledge`."""
        await self._append("acknowledge", alert_id, actor, note, now)

    async def say(
        self, kind: ActionKind, alert_id: str, actor: str, note: str, now: float, expires: float | None = None
    ) -> None:
        """See `Control.say`."""
        await self._append(kind, alert_id, actor, note, now, expires)

    async def allow(self, target: str, reason: str, actor: str, now: float, expires: float | None) -> str:
        """See `Control.allow`."""

        def make(snapshot: Snapshot) -> str:
            known = [entry for entry in allow_entries(snapshot, now) if entry.target == clean(target)]
            entry = known[-1].id if known else os.urandom(4).hex()
            _append(snapshot, "allow", target, actor, reason, now, expires=expires, entry=entry)
            return entry

        return await self._snapshots.change(make)

    async def disallow(self, entry_id: str, actor: str, now: float) -> bool:
        """See `Control.disallow`."""

        def make(snapshot: Snapshot) -> bool:
            known = [entry for entry in allow_entries(snapshot, now) if entry.id == entry_id]
            if known:
                _append(snapshot, "disallow", known[0].target, actor, "", now, entry=entry_id)
            return bool(known)

        return await self._snapshots.change(make)

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
        """See `Control.block`."""

        def make(snapshot: Snapshot) -> str:
            data = pack(BlockData(tuple(alert_ids), source))
            known = live_entry(snapshot, now, net=net, condition=clean(condition))
            entry = known.id if known is not None else os.urandom(4).hex()
            _append(
                snapshot, "block", net, actor, reason, now,
                expires=expires, entry=entry, data=data, condition=condition,
            )  # fmt: skip
            return entry

        source = await self._snapshots.read(lambda snapshot: addr_source(snapshot, net))
        return await self._snapshots.change(make)

    async def unblock(self, entry_id: str, actor: str, now: float) -> bool:
        """See `Control.unblock`."""

        def make(snapshot: Snapshot) -> bool:
            known = live_entry(snapshot, now, entry_id=entry_id) if entry_id else None
            if known is not None:
                _append(snapshot, "unblock", known.net, actor, "", now, entry=known.id, condition=known.condition)
            return known is not None

        return await self._snapshots.change(make)

    async def applied(self, target: str, host: str, applications: Sequence[Application], now: float) -> None:
        """See `Control.applied`."""
        await self._snapshots.change(lambda snapshot: record_applications(snapshot, target, host, applications, now))

    async def not_applied(self, target: str, host: str, entry_ids: Sequence[str], error: str, now: float) -> None:
        """See `Control.not_applied`."""
        await self._snapshots.change(lambda snapshot: record_failure(snapshot, target, host, entry_ids, error, now))

    async def _append(
        self, kind: str, subject: str, actor: str, note: str, now: float, expires: float | None = None
    ) -> None:
        await self._snapshots.change(
            lambda snapshot: _append(snapshot, kind, subject, actor, note, now, expires=expires)
        )

    async def close(self) -> None:
        """See `Control.close`."""
        await self._snapshots.close()


def _append(
    snapshot: Snapshot,
    kind: str,
    subject: str,
    actor: str,
    note: str,
    now: float,
    *,
    expires: float | None = None,
    entry: str = "",
    data: bytes = b"",
    condition: str = "",
) -> None:
    snapshot.rows(
        "INSERT INTO actions (id, seq, time, actor, kind, subject, expires, note, entry, data, condition) "
        "SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM actions",
        (
            os.urandom(8).hex(),
            now,
            clean(actor),
            kind,
            clean(subject),
            expires,
            clean(note),
            entry,
            data,
            clean(condition),
        ),
    )
