"""The block queue, derived from what operators said."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from apiwatch.store.clean import unpack
from apiwatch.store.snapshot import Rows, Snapshot, marks
from apiwatch.store.views import BlockEntry

__all__ = ["BlockData", "all_entries", "blocked_before", "fold", "live_entries", "live_entry"]

_COLUMNS = "entry, kind, subject, note, actor, time, expires, data, condition"
_KINDS = "kind IN ('block', 'unblock') AND entry <> ''"


class BlockData(msgspec.Struct, frozen=True):
    """What a block action holds beside its columns."""

    alert_ids: tuple[str, ...] = ()
    addr_source: str = ""


class _Said(Struct, frozen=True):
    entry: str
    kind: str
    net: str
    note: str
    actor: str
    time: float
    expires: float | None
    data: bytes
    condition: str


def fold(actions: Iterable[Sequence[object]], now: float) -> list[BlockEntry]:
    """Entries from their actions (rows of `_COLUMNS`) in the order in which they were said; by network, then age.

    The first action of an entry makes it, later ones renew it: they set its expiry, reason and actor, and add alerts.
    """
    entries: dict[str, BlockEntry] = {}
    for row in actions:
        said = _Said(*row)  # type: ignore[arg-type]  # columns of the schema
        known = entries.get(said.entry)
        if said.kind == "unblock":
            if known is not None:
                entries[said.entry] = replace(known, state="withdrawn", ended_by=said.actor, ended=said.time)
            continue
        data = unpack(said.data, BlockData)
        if known is None:
            entries[said.entry] = BlockEntry(
                said.entry,
                said.net,
                said.note,
                data.alert_ids,
                said.actor,
                said.time,
                said.expires,
                "queued",
                condition=said.condition,
                addr_source=data.addr_source,
            )
        else:
            entries[said.entry] = replace(
                known,
                reason=said.note or known.reason,
                alert_ids=tuple(dict.fromkeys((*known.alert_ids, *data.alert_ids))),
                actor=said.actor,
                expires=said.expires,
                renewed=said.time,
                addr_source=data.addr_source or known.addr_source,
            )
    aged = [
        replace(entry, state="expired")
        if entry.state == "queued" and entry.expires is not None and entry.expires <= now
        else entry
        for entry in entries.values()
    ]
    return sorted(aged, key=lambda entry: (entry.net, entry.condition, entry.created, entry.id))


def live_entries(snapshot: Snapshot, now: float) -> list[BlockEntry]:
    """The entries that are queued at `now`; reads only those that may be."""
    actions = snapshot.rows(
        f"SELECT {_COLUMNS} FROM actions WHERE entry IN ("  # noqa: S608  own names
        "  SELECT entry FROM actions WHERE kind = 'block' AND expires > ?"
        "  UNION SELECT entry FROM actions WHERE kind = 'block' AND expires IS NULL"
        ") AND entry <> '' ORDER BY seq",
        (now,),
    )
    return [entry for entry in fold(actions, now) if entry.state == "queued"]


def all_entries(snapshot: Snapshot, now: float) -> list[BlockEntry]:
    """All entries that ever were."""
    return fold(snapshot.rows(f"SELECT {_COLUMNS} FROM actions WHERE {_KINDS} ORDER BY seq"), now)  # noqa: S608


def blocked_before(snapshot: Snapshot, net: str, now: float) -> int:
    """How many entries of exactly this network have run out, whatever their condition.

    What was withdrawn was a mistake, or is settled: nobody came back after it.
    """
    actions = snapshot.rows(
        f"SELECT {_COLUMNS} FROM actions WHERE {_KINDS} AND subject = ? ORDER BY seq",  # noqa: S608  own names
        (net,),
    )
    return sum(entry.state == "expired" for entry in fold(actions, now))


def live_entry(
    snapshot: Snapshot, now: float, *, net: str = "", condition: str = "", entry_id: str = ""
) -> BlockEntry | None:
    """The entry of a network and a condition, or of an id, that is queued at `now`."""
    subjects: Rows = (
        [(entry_id,)]
        if entry_id
        else snapshot.rows(
            "SELECT DISTINCT entry FROM actions WHERE subject = ? AND condition = ? AND kind = 'block' AND entry <> ''",
            (net, condition),
        )
    )
    ids = [entry for (entry,) in subjects]
    actions = snapshot.rows(
        f"SELECT {_COLUMNS} FROM actions WHERE entry IN ({marks(ids)}) AND {_KINDS} ORDER BY seq",  # noqa: S608
        ids,
    )
    queued = [entry for entry in fold(actions, now) if entry.state == "queued"]
    return queued[-1] if queued else None
