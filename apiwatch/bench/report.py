"""From outcomes to tables of text, and to one JSON document with the tables and every attempt behind them."""

from collections.abc import Sequence

import msgspec

from apiwatch.bench.running import Attempt, Outcome, Quiet
from apiwatch.bench.tables import (
    Table,
    baseline_table,
    detector_table,
    grade_table,
    quiet_table,
    replay_table,
    share_table,
)
from apiwatch.bench.targets import judge
from apiwatch.simulate import HOLD_OUT

__all__ = ["Report", "report"]


class Report(msgspec.Struct):
    """All that a bench run says."""

    tables: list[Table]
    attempts: list[Attempt]
    quiet: list[Quiet]
    events: int
    us_per_event: float
    peak_mb: float
    stored_bytes_per_event: float | None = None
    """Growth of the state file."""
    variants: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Rows of the ablation table and of the curve."""
    interrupted: int = 0
    """Exit code, if it ended before it was done."""
    done: int = 0
    jobs: int = 0


def report(outcomes: Sequence[Outcome]) -> Report:
    """The tables of all outcomes, those on the hold-out apart."""
    attempts = [each for outcome in outcomes for each in outcome.attempts]
    quiet = [each for outcome in outcomes for each in outcome.quiet if not outcome.stored_events]
    attempts.sort(key=lambda each: (int(each.replay[1:]), each.grade, each.share or 0.0, each.seed, each.layout))
    quiet.sort(key=lambda each: (len(each.name), each.name, each.seed, each.layout))
    events = sum(outcome.events for outcome in outcomes)
    cost = 1e6 * sum(outcome.cpu_s for outcome in outcomes) / max(1, events)
    peak = max((outcome.peak_mb for outcome in outcomes), default=0.0)
    stored_events = sum(outcome.stored_events for outcome in outcomes)
    stored = sum(outcome.stored_bytes for outcome in outcomes) / stored_events if stored_events else None
    tables: list[Table] = []
    held_out = {layout == HOLD_OUT for layout in (*(a.layout for a in attempts), *(q.layout for q in quiet))}
    for apart in sorted(held_out):
        where = f", topology {HOLD_OUT} (hold-out)" if apart else ", topologies A and B" if len(held_out) == 2 else ""
        ours = [each for each in attempts if (each.layout == HOLD_OUT) == apart]
        calm = [each for each in quiet if (each.layout == HOLD_OUT) == apart]
        tables += _group(ours, calm, where)
    growth = "-" if stored is None else f"{stored:.0f}"
    row = (str(events), f"{cost:.1f}", f"{peak:.0f}", growth)
    tables.append(Table("cost", ("events", "us per event", "peak MiB", "bytes stored per event"), [row]))
    return Report([each for each in tables if each.rows], attempts, quiet, events, cost, peak, stored)


def _group(found: Sequence[Attempt], quiet: Sequence[Quiet], where: str) -> list[Table]:
    attempts = [each for each in found if each.share is None]
    shared = [each for each in found if each.share is not None]
    words = {None: "-", True: "reached", False: "MISSED"}
    rows: list[tuple[str, ...]] = [
        (words[line.reached], line.item, line.target, line.measured) for line in judge(attempts, quiet, shared)
    ]
    return [
        replay_table(attempts, where),
        grade_table(attempts, where),
        detector_table(attempts, quiet, where),
        quiet_table(quiet, where),
        baseline_table(attempts, quiet, where),
        share_table(shared, where),
        Table(f"targets{where}", ("reached", "item", "target", "measured"), rows),
    ]
