"""What firewalls hold of the block queue, as far as apiwatch has applied it and read it back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from apiwatch.store.clean import clean
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.views import Application, BlockEntry

__all__ = ["applications", "record_applications", "record_failure", "with_applications"]

_COLUMNS = "entry, target, host, revision, applied_at, verified_at, expires, dropped, error"
_MARKS = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = 500
"""Rows of one statement: a list of 100 000 networks must not keep the collector from its next commit."""

_KEPT_S = 7 * 86_400.0
"""After its end an application that nobody has replaced is forgotten."""


def applications(snapshot: Snapshot, now: float) -> list[Application]:
    """Applications that still last at `now`, or that failed, by target, host and entry."""
    found = snapshot.rows(
        f"SELECT {_COLUMNS} FROM applications "  # noqa: S608  own names
        "WHERE expires IS NULL OR expires > ? ORDER BY target, host, entry",
        (now,),
    )
    return [Application(*row) for row in found]


def with_applications(snapshot: Snapshot, entries: Iterable[BlockEntry], now: float) -> list[BlockEntry]:
    """The entries with where they are in force."""
    known = list(entries)
    by_entry: defaultdict[str, list[Application]] = defaultdict(list)
    for application in applications(snapshot, now) if known else ():
        by_entry[application.entry].append(application)
    if not by_entry:
        return known
    return [replace(entry, applications=tuple(by_entry.get(entry.id, ()))) for entry in known]


def record_applications(snapshot: Snapshot, target: str, host: str, found: Sequence[Application], now: float) -> None:
    """Put down what a target of a host holds, instead of what it held before."""
    snapshot.rows("DELETE FROM applications WHERE target = ? AND host = ?", (clean(target), clean(host)))
    snapshot.rows("DELETE FROM applications WHERE expires < ?", (now - _KEPT_S,))
    rows = [
        (
            each.entry,
            target,
            host,
            each.revision,
            each.applied_at,
            each.verified_at,
            each.expires,
            each.dropped,
            each.error,
        )
        for each in found
    ]
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        snapshot.rows(
            f"INSERT INTO applications ({_COLUMNS}) VALUES {', '.join([_MARKS] * len(some))} "  # noqa: S608
            "ON CONFLICT (entry, target, host) DO NOTHING",
            [clean(value) for row in some for value in row],
        )


def record_failure(
    snapshot: Snapshot, target: str, host: str, entry_ids: Sequence[str], error: str, now: float
) -> None:
    """Put down that entries did not get into a target; what it holds of them stays as it is."""
    for entry in entry_ids:
        snapshot.rows(
            f"INSERT INTO applications ({_COLUMNS}) "  # noqa: S608
            "VALUES (?, ?, ?, 0, ?, 0, ?, NULL, ?) "
            "ON CONFLICT (entry, target, host) DO UPDATE SET error = excluded.error",
            (clean(entry), clean(target), clean(host), now, now + _KEPT_S, clean(error)),
        )
