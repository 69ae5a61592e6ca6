"""What an apply would change, for somebody who only looks: nothing is written, saved or armed."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from apiwatch.blocklist.applying.comparing import Difference, compare, unexplained
from apiwatch.blocklist.applying.run import Run, run, said
from apiwatch.blocklist.applying.site import applier_of
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import CheckResult, Target
from apiwatch.config.settings import Block
from apiwatch.errors import ApplyError, UsageError
from apiwatch.store.views import BlockEntry
from apiwatch.text import plain

__all__ = ["Comparison", "look"]

_PATIENCE_S = 60.0
_OUTPUT = 2000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A target as it was read, against a plan."""

    held: int
    """Networks that it holds."""
    difference: Difference
    refusal: str = ""
    """Why an apply would refuse it, as `comparing.unexplained` says; ''."""
    check: CheckResult | None = None
    """What the target's own validator said to whoever read it; None: it was not asked."""


class _Said(msgspec.Struct):
    """A line of `apiwatch block plan --json`."""

    type: str = ""
    target: str = ""
    held: int | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    validator: "_Validator | None" = None


class _Validator(msgspec.Struct):
    tool: str
    ran: bool
    ok: bool
    output: str


def look(
    settings: Block, target: Target, plan: Plan, entries: Sequence[BlockEntry], at: float, runs: Run = run
) -> Comparison:
    """Read a target and compare it with a plan; `entries` are all that were ever queued. Blocks.

    `block.plan_command` is asked if it speaks of this target, for it may read what this process may not; else the
    target is read with its options in `block.targets`. Raises UsageError when nothing can read the target, ApplyError
    when it cannot be read.
    """
    told = _told(settings.plan_command, runs) if settings.plan_command else None
    if told is not None and told.target == target.name and told.held is not None:
        difference = Difference(*(_texts(nets) for nets in (told.added, told.removed, told.renewed, told.foreign)))
        return Comparison(told.held, difference, check=_checked(told.validator))
    if target.applier is None:
        raise UsageError(f"apiwatch does not read {target.name}: somebody else applies its list")
    held = applier_of(target, settings.targets.get(target.name, {}), runs).read()
    difference = compare(target.planned(plan), plan, held, {entry.key for entry in entries}, at)
    return Comparison(len(held), difference, unexplained(target.name, plan, held, difference, entries))


def _told(command: Sequence[str], runs: Run) -> _Said:
    ran = runs(command, timeout=_PATIENCE_S)
    for line in ran.out.splitlines():
        try:
            found = msgspec.json.decode(line, type=_Said)
        except msgspec.DecodeError:
            continue
        if found.type == "plan":
            return found
    raise ApplyError(f"`block.plan_command` tells no plan: {said(ran)}")


def _texts(nets: Sequence[str]) -> tuple[str, ...]:
    return tuple(plain(net) for net in nets)


def _checked(validator: _Validator | None) -> CheckResult | None:
    if validator is None:
        return None
    return CheckResult(validator.ran, validator.ok, plain(validator.tool, 40), plain(validator.output, _OUTPUT))
