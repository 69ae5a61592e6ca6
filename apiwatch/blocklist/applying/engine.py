"""Applying a list: snapshot, dead-man, apply, read back, and then somebody keeps it or it is taken back.

Whatever is killed, and whenever: the target holds the old list or the new one, and an apply that nobody has kept is
taken back, by its dead-man or by the next command that looks at the target.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.audit import capped, entries_of
from apiwatch.blocklist.applying.deadman import arm
from apiwatch.blocklist.applying.records import KEPT, ROLLED_BACK, Record
from apiwatch.blocklist.applying.site import Prepared, Site, prepare, read_back, sum_of
from apiwatch.blocklist.applying.stored import plan_at, stored, unstored
from apiwatch.blocklist.everybody import spare
from apiwatch.blocklist.guard import Guard
from apiwatch.blocklist.planning import Plan, plan
from apiwatch.errors import ApplyBusy, ApplyError
from apiwatch.model.condition import parse_condition
from apiwatch.store.views import BlockEntry, ImpactView

__all__ = ["Applied", "apply_list", "keep", "roll_back", "settle", "shrink", "undo"]

_MARGIN_S = 15.0
"""How much longer than the dead-man the kernel waits before it lets go by itself."""

_GRACE_S = 20.0
"""After its deadline a dead-man has so long for its work before somebody else does it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended."""

    id: str
    """'' when there was nothing to do."""
    kept: bool
    why: str
    """Half a sentence."""
    held: Mapping[str, Held]
    """What the target holds now."""
    plan: Plan


def apply_list(
    site: Site, prepared: Prepared, keep_for: float | None, confirm: Callable[[Record], str | None], op: str = "apply"
) -> Applied:
    """Put a prepared list into force; the caller holds `Records.lock`.

    With `keep_for` it is taken back after so many seconds unless `confirm`, which is called once the list is in force
    and read back, returns how it was confirmed; None: not. Without, the read-back alone decides. Raises ApplyError when
    it failed; then the old list is in force again, or the text says that it is not.
    """
    if prepared.difference.empty and not _ends_unseen(site):
        return Applied("", True, "it holds this list already", prepared.held, prepared.plan)
    snapshot = site.applier.snapshot()
    at = site.clock()
    record = _record(site, prepared, snapshot, at, keep_for)
    site.records.add(record, snapshot)
    about = _about(record, prepared)
    site.audit.write(op, "attempt", site.target.name, at, **about)
    longest = keep_for + _MARGIN_S if keep_for is not None and site.applier.expires else None
    if keep_for is not None:
        _arm(site, record, about, op)
    try:
        site.applier.apply(prepared.artifacts, prepared.plan, site.clock(), longest=longest)
        held = read_back(site, prepared.plan, trial=longest is not None)
    except ApplyError as error:
        _undo_failed(site, record, error, op)
        raise ApplyError(f"{error}; the old list is in force again") from None
    way = "read back" if keep_for is None else confirm(record)
    if way is None:
        decided = site.records.outcome(record.id)
        if decided == KEPT:
            return Applied(record.id, True, "it was confirmed elsewhere", site.applier.read(), prepared.plan)
        if decided is None:
            roll_back(site, record, "nobody confirmed it in time")
        else:
            # The dead-man may still be at it, and what is read below must be the old list.
            with contextlib.suppress(ApplyError):
                site.applier.restore(site.records.snapshot(record))
        return Applied(record.id, False, "nobody confirmed it in time", site.applier.read(), prepared.plan)
    if keep_for is not None:
        return keep(site, record, way)
    site.records.decide(record.id, KEPT)
    site.audit.write(op, "outcome", site.target.name, site.clock(), apply=record.id, result=KEPT, verified=True)
    return Applied(record.id, True, way, held, prepared.plan)


def _ends_unseen(site: Site) -> bool:
    """Whether entries end in the target by themselves, and it does not tell when: then each apply renews them."""
    return site.target.caps.ttl and not site.applier.expires


def _record(site: Site, prepared: Prepared, snapshot: bytes, at: float, keep_for: float | None) -> Record:
    return Record(
        id=secrets.token_hex(4),
        target=site.target.name,
        options=dict(site.options),
        allow=site.allow,
        plan=stored(prepared.plan),
        at=at,
        keep_for=keep_for,
        sha256=hashlib.sha256(snapshot).hexdigest(),
        artifact_sha256=sum_of(prepared.artifacts),
        audit=str(site.audit.path),
        db=site.db,
        actor=site.actor,
        origin=site.origin,
    )


def _about(record: Record, prepared: Prepared) -> dict[str, Any]:
    """What a line of the audit log says about an apply."""
    check = prepared.check
    return {
        "apply": record.id,
        "revision": prepared.plan.revision,
        **entries_of(prepared.plan),
        "added": len(prepared.difference.added),
        "removed": capped(prepared.difference.removed),
        "foreign": capped(prepared.difference.foreign),
        "overrides": list(prepared.overrides),
        "impact": None if prepared.impact is None else _told(prepared.impact.hour),
        "artifact_sha256": record.artifact_sha256,
        "snapshot_sha256": record.sha256,
        "validator": {"tool": check.tool, "ran": check.available, "ok": check.ok},
        "keep_for": record.keep_for,
        "undo": f"apiwatch block undo {record.id}",
    }


def _told(view: ImpactView) -> dict[str, float | None]:
    """What the last hour says about the networks that are added; None where it cannot tell."""
    known = view.held_minutes > 0
    return {
        "window_s": 60 * view.held_minutes,
        "clients": view.clients if known else None,
        "collateral_clients": view.without_alert if known else None,
        "requests_share": round(view.requests / view.all_requests, 4) if known and view.all_requests else None,
    }


def _arm(site: Site, record: Record, about: Mapping[str, Any], op: str) -> None:
    try:
        arm(site.records, record)
    except ApplyError as error:
        site.records.decide(record.id, ROLLED_BACK)
        site.audit.write(
            op, "outcome", site.target.name, site.clock(), apply=about["apply"], result="failed", error=str(error)
        )
        raise


def _undo_failed(site: Site, record: Record, error: ApplyError, op: str) -> None:
    site.audit.write(
        op,
        "outcome",
        site.target.name,
        site.clock(),
        apply=record.id,
        result="failed",
        error=str(error),
        verified=False,
    )
    if site.records.decide(record.id, ROLLED_BACK):
        _restore(site, record, str(error))


def keep(site: Site, record: Record, way: str) -> Applied:
    """Keep an apply: decide it, and give its networks the time that they were meant to have.

    ApplyError when it was decided otherwise, or when the list could not be put into force for good: then the old one
    is.
    """
    made = plan_at(unstored(record.plan), site.clock())
    if not site.records.decide(record.id, KEPT):
        decided = site.records.outcome(record.id)
        if decided == KEPT:
            return Applied(record.id, True, "it was kept before", site.applier.read(), made)
        raise ApplyError(f"apply {record.id} was {decided} already; `apiwatch block apply` applies it again")
    try:
        if record.keep_for is not None and site.applier.expires:
            site.applier.apply(tuple(site.target.render(made, record.allow)), made, site.clock())
        held = read_back(site, made)
    except ApplyError as error:
        _restore(site, record, str(error))
        raise ApplyError(f"{error}; the old list is in force again") from None
    site.audit.write(
        "confirm", "outcome", site.target.name, site.clock(), apply=record.id, result=KEPT, way=way, verified=True
    )
    return Applied(record.id, True, way, held, made)


def roll_back(site: Site, record: Record, why: str) -> bool:
    """Take back an undecided apply; False when it was kept. What was rolled back is restored once more: no harm."""
    if not site.records.decide(record.id, ROLLED_BACK) and site.records.outcome(record.id) == KEPT:
        return False
    _restore(site, record, why)
    return True


def undo(site: Site, record: Record) -> dict[str, Held]:
    """Bring back what was there before an apply, kept or not; returns what the target holds then."""
    snapshot = site.records.snapshot(record)
    entries = len(record.plan.entries)
    site.audit.write("undo", "attempt", site.target.name, site.clock(), apply=record.id, entries_total=entries)
    site.records.decide(record.id, ROLLED_BACK)
    site.applier.restore(snapshot)
    held = site.applier.read()
    site.audit.write(
        "undo", "outcome", site.target.name, site.clock(), apply=record.id, result="restored", networks=len(held)
    )
    return held


def _restore(site: Site, record: Record, why: str) -> None:
    """The old list; when that cannot be had, no list at all: better everybody is let in than the operator locked out.

    The audit log comes second here: a full disk must not keep a list in force that nobody wanted.
    """
    result = ROLLED_BACK
    try:
        site.applier.restore(site.records.snapshot(record))
    except ApplyError as error:
        why = f"{why}; the old list cannot be restored ({error}), so all of ours was taken away"
        result = "removed"
        site.applier.remove()
    site.audit.write("rollback", "outcome", site.target.name, site.clock(), apply=record.id, result=result, why=why)


def settle(site: Site) -> list[str]:
    """Take back applies that nobody kept and whose dead-man did not live to do it; returns their ids.

    The caller holds the lock. ApplyBusy when one still waits for its confirmation.
    """
    late: list[str] = []
    for record in site.records.undecided(site.target.name):
        if record.keep_for is not None and site.clock() < site.records.deadline(record) + _GRACE_S:
            raise ApplyBusy(
                f"apply {record.id} to {site.target.name} still waits: confirm it with `apiwatch block confirm "
                f"{record.id}`, or take it back with `apiwatch block rollback --apply {record.id}`"
            )
        roll_back(site, record, "its rollback was lost")
        late.append(record.id)
    return late


def shrink(site: Site, entries: Iterable[BlockEntry], guard: Guard, op: str) -> Applied:
    """Take away what has expired or was withdrawn, and add nothing: queued is not yet approved for a firewall.

    What the rails refuse by now goes as well: an operator has come from there since. The caller holds the lock. For
    targets that do not expire entries by themselves, and for the undo of an entry.
    """
    settle(site)
    known = [structs.replace(entry, state="withdrawn") if _is_refused(entry, guard) else entry for entry in entries]
    held = site.applier.read()
    made = spare(plan(known, site.clock()), guard)
    rows = tuple(row for row in made.rows if row.key in held)
    ids = {name for row in rows for name in row.ids}
    made = replace(made, rows=rows, entries=tuple(entry for entry in made.entries if entry.id in ids))
    if not held:
        return Applied("", True, "it holds nothing", held, made)
    prepared = prepare(site, made, guard, known)
    if not prepared.difference.removed:
        return Applied("", True, "nothing has ended", held, made)
    return apply_list(site, prepared, None, lambda _record: None, op)


def _is_refused(entry: BlockEntry, guard: Guard) -> bool:
    final = (
        finding.hard and not finding.overridable for finding in guard.check(entry.net, parse_condition(entry.condition))
    )
    return entry.state == "queued" and any(final)
