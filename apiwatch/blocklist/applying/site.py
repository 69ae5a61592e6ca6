"""One target of this machine with all that is needed to change it, and what a change of it would be."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apiwatch.blocklist.applying.applier import Applier, Held
from apiwatch.blocklist.applying.audit import Audit
from apiwatch.blocklist.applying.comparing import Difference, compare, unexplained, wrong
from apiwatch.blocklist.applying.records import Record, Records
from apiwatch.blocklist.applying.run import Run, run
from apiwatch.blocklist.exporting import export
from apiwatch.blocklist.guard import Finding, Guard
from apiwatch.blocklist.impact import Impact
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.review import suited
from apiwatch.blocklist.target import Artifact, CheckResult, Target
from apiwatch.errors import ApplyError, GuardError, UsageError
from apiwatch.model.condition import parse_condition
from apiwatch.store.views import BlockEntry
from apiwatch.text import one_line

__all__ = ["Prepared", "Site", "applier_of", "prepare", "read_back", "site_of", "sum_of"]


@dataclass(frozen=True, slots=True)
class Site:
    """A target, its applier, and where an apply leaves its traces."""

    target: Target
    applier: Applier
    options: Mapping[str, str]
    records: Records
    audit: Audit
    allow: tuple[str, ...]
    actor: str
    origin: str
    db: str
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Prepared:
    """A list that passed the rails, was rendered, and compared with what the target holds."""

    plan: Plan
    artifacts: tuple[Artifact, ...]
    check: CheckResult
    held: Mapping[str, Held]
    difference: Difference
    overrides: tuple[dict[str, str], ...]
    """What a rail said about an entry, and somebody typed away."""
    left_out: tuple[Finding, ...] = ()
    """Entries that the target cannot hold."""
    impact: Impact | None = None
    """Whom the added networks would cut off; None: not looked up, or nothing is added."""


def applier_of(target: Target, options: Mapping[str, str], runs: Run = run) -> Applier:
    """What applies the lists of a target; UsageError when it is not configured right, or nothing can."""
    if target.applier is None:
        raise UsageError(
            f"apiwatch does not apply {target.name} lists by itself: write one with `apiwatch block export --target "
            f"{target.name} -o FILE` and run the commands that it prints"
        )
    return target.applier(options, runs)


def site_of(record: Record, records: Records, target: Target, actor: str, origin: str, runs: Run = run) -> Site:
    """The site of an apply, for who changes it now: all else is what its record says.

    No settings are read, so that no mistake in them matters.
    """
    return Site(
        target,
        applier_of(target, record.options, runs),
        record.options,
        records,
        Audit(Path(record.audit), actor, origin),
        record.allow,
        actor,
        origin,
        record.db,
    )


def prepare(
    site: Site, plan: Plan, guard: Guard, entries: Iterable[BlockEntry], *, withdraw_all: bool = False
) -> Prepared:
    """Pass the rails, render, validate, and compare with what the target holds. Changes nothing.

    `entries` are all that were ever queued: what they do not name was written by hand. Raises GuardError when a rail
    refuses (H6 too: much would go that nobody has ended), ApplyError when the target cannot be read or its validator
    objects.
    """
    plan, left_out = suited(site.target, plan, guard)
    artifacts = tuple(export(site.target, plan, guard, None))
    check = site.target.validate(artifacts)
    if check.available and not check.ok:
        raise ApplyError(f"{check.tool} does not accept the list, so nothing was changed: {_line(check.output)}")
    held = site.applier.read()
    known = list(entries)
    planned = site.target.planned(plan)
    difference = compare(planned, plan, held, {entry.key for entry in known}, site.clock())
    refusal = "" if withdraw_all else unexplained(site.target.name, plan, held, difference, known)
    if refusal:
        raise GuardError(f"nothing was changed: {refusal} --withdraw-all says that they shall go (rail H6)")
    return Prepared(plan, artifacts, check, held, difference, tuple(_overrides(plan, guard)), tuple(left_out))


def _overrides(plan: Plan, guard: Guard) -> Iterable[dict[str, str]]:
    for entry in plan.entries:
        for finding in guard.check(entry.net, parse_condition(entry.condition)):
            if finding.hard and finding.overridable:
                yield {"code": finding.code, "net": entry.key, "text": one_line(finding.text, 200)}


def read_back(site: Site, plan: Plan, *, trial: bool = False) -> dict[str, Held]:
    """What the target holds now; ApplyError when it is not the plan."""
    held = site.applier.read()
    text = wrong(site.target.planned(plan), plan, held, site.clock(), expires=site.applier.expires, trial=trial)
    if text:
        raise ApplyError(f"{site.target.name} does not hold what was applied: {text}")
    return held


def sum_of(artifacts: Sequence[Artifact]) -> str:
    """SHA-256 of the files of a list."""
    return hashlib.sha256(b"".join(artifact.content for artifact in artifacts)).hexdigest()


def _line(text: str) -> str:
    return one_line(" ".join(text.split()), 300)
