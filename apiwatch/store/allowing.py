"""The allow-list, derived from what operators said."""

from collections.abc import Mapping

from msgspec.structs import replace

from apiwatch.store.snapshot import Snapshot
from apiwatch.store.views import AllowEntry

__all__ = ["MOST", "allow_entries"]

MOST = 200
"""Live entries of an allow-list; more are refused by those who add them."""

_NOTHING = (0, 0)


def allow_entries(
    snapshot: Snapshot, now: float, counts: Mapping[str, tuple[int, int]] | None = None, *, include_ended: bool = False
) -> list[AllowEntry]:
    """Entries by age, those that count at `now` or all of them; `counts`: entry -> alerts and signals suppressed.

    The first action of an entry makes it, later ones renew it: they set its expiry, reason and actor.
    """
    said = snapshot.rows(
        "SELECT entry, kind, subject, note, actor, time, expires FROM actions "
        "WHERE kind IN ('allow', 'disallow') AND entry <> '' ORDER BY seq"
    )
    entries: dict[str, AllowEntry] = {}
    for entry, kind, subject, note, actor, time, expires in said:
        known = entries.get(entry)
        if kind == "disallow":
            if known is not None:
                entries[entry] = replace(known, state="removed", ended_by=actor, ended=time)
        elif known is not None:
            entries[entry] = replace(known, reason=note or known.reason, actor=actor, expires=expires, renewed=time)
        else:
            alerts, signals = (counts or {}).get(entry, _NOTHING)
            entries[entry] = AllowEntry(entry, subject, note, actor, time, expires, "live", alerts, signals)
    aged = [
        replace(entry, state="expired")
        if entry.state == "live" and entry.expires is not None and entry.expires <= now
        else entry
        for entry in entries.values()
    ]
    return [entry for entry in aged if include_ended or entry.state == "live"]
