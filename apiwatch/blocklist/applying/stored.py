"""A plan on the disk, so that another process can confirm what this one applied."""

from dataclasses import replace

import msgspec
from msgspec import structs

from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.model.condition import parse_condition
from apiwatch.store.views import BlockEntry
from apiwatch.text import plain

__all__ = ["StoredPlan", "plan_at", "stored", "unstored"]


class StoredRow(msgspec.Struct, frozen=True):
    """`planning.Row` with its network as text."""

    net: str
    expires: float | None
    ids: tuple[str, ...]
    reason: str
    condition: str = ""


class StoredPlan(msgspec.Struct, frozen=True):
    """`planning.Plan`."""

    at: float
    revision: int
    rows: tuple[StoredRow, ...]
    entries: tuple[BlockEntry, ...]


def stored(plan: Plan) -> StoredPlan:
    """The plan as it is stored; reasons become plain text."""
    rows = tuple(StoredRow(row.net, row.expires, row.ids, plain(row.reason), str(row.condition)) for row in plan.rows)
    entries = tuple(structs.replace(entry, reason=plain(entry.reason), applications=()) for entry in plan.entries)
    return StoredPlan(plan.at, plan.revision, rows, entries)


def unstored(found: StoredPlan) -> Plan:
    """The plan that was stored; GuardError when a row holds no network or no condition."""
    rows = tuple(
        Row(parse_network(row.net), row.expires, row.ids, row.reason, parse_condition(row.condition))
        for row in found.rows
    )
    return Plan(found.at, found.revision, rows, found.entries)


def plan_at(plan: Plan, at: float) -> Plan:
    """The same plan at a later moment: without what has ended since."""
    rows = tuple(row for row in plan.rows if row.expires is None or row.expires > at)
    entries = tuple(entry for entry in plan.entries if entry.expires is None or entry.expires > at)
    return replace(plan, at=at, rows=rows, entries=entries)
