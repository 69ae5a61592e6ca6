"""Which jobs a bench consists of, and how they are spread over processes."""

import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context

import msgspec
from msgspec.structs import replace

from apiwatch.bench.report import Report, report
from apiwatch.bench.running import Job, Outcome, run
from apiwatch.bench.tables import VARIANT_HEADERS, Table, variant_row
from apiwatch.bench.variants import ABLATED_GRADES, ABLATED_REPLAYS, ABLATIONS, CURVE
from apiwatch.config import Settings
from apiwatch.simulate import HOLD_OUT, REPLAYS, TOPOLOGIES

__all__ = ["Plan", "Progress", "bench"]

Progress = Callable[[int, int, Job], None]
"""(jobs done, jobs in all, the job that was done)."""

_TUNED = tuple(name for name in TOPOLOGIES if name != HOLD_OUT)
_STORED_MINUTES = 60.0
_INTERRUPTED = 130


class Plan(msgspec.Struct, frozen=True):
    """What to measure."""

    seeds: tuple[int, ...]
    replays: tuple[str, ...]
    grades: tuple[str, ...]
    settings: Settings
    minutes: float = 120.0
    """Of normal traffic, and of normal traffic with traps, per seed, for the false alerts."""
    rate: float = 5.0
    """Normal requests per second."""
    history_days: float = 8.0
    layouts: tuple[str, ...] = ()
    """Empty: A for odd and B for even seeds."""
    hold_out: bool = False
    """Also everything on the topology that nobody tunes on."""
    shares: tuple[float, ...] = ()
    """Shares of a route's clients at which g4 is played, if it is among the grades."""
    ablation: bool = False
    curve: bool = False
    """Also other thresholds: false alerts against requests before the alert."""
    stored: bool = False
    """Also how large the state file becomes."""
    processes: int = 2


def bench(plan: Plan, progress: Progress) -> Report:
    """Run it all. The same plan gives the same report, except for time and memory.

    Interrupted from the keyboard, or told to exit, it reports what is done, and says so (`Report.interrupted`).
    """
    jobs = list(_all_jobs(plan))
    outcomes: dict[int, Outcome] = {}
    interrupted = 0
    try:
        for done, (number, outcome) in enumerate(_results(plan, jobs), 1):
            outcomes[number] = outcome
            progress(done, len(jobs), jobs[number])
    except KeyboardInterrupt:
        interrupted = _INTERRUPTED
    except SystemExit as told:
        interrupted = told.code if isinstance(told.code, int) else 1
    by_variant: dict[str, list[Outcome]] = {}
    for number in sorted(outcomes):
        by_variant.setdefault(jobs[number].variant, []).append(outcomes[number])
    found = report(by_variant.get("", []))
    found.interrupted = interrupted
    found.done, found.jobs = len(outcomes), len(jobs)
    replays = ", ".join(replay for replay in ABLATED_REPLAYS if replay in plan.replays)
    for title, variants in ((f"ablation ({replays}; first seed)", ABLATIONS), (f"curve ({replays})", CURVE)):
        rows = [variant_row(name, by_variant[name]) for name in variants if name in by_variant]
        if rows:
            found.tables.append(Table(title, VARIANT_HEADERS, rows))
            found.variants.update({row[0]: dict(zip(VARIANT_HEADERS[1:], row[1:], strict=True)) for row in rows})
    return found


def _all_jobs(plan: Plan) -> Iterator[Job]:
    yield from _jobs(plan, "", plan.seeds, plan.replays, plan.grades)
    variants = (*(ABLATIONS if plan.ablation else ()), *(CURVE if plan.curve else ()))
    replays = tuple(replay for replay in ABLATED_REPLAYS if replay in plan.replays)
    grades = tuple(grade for grade in ABLATED_GRADES if grade in plan.grades)
    for variant in variants:
        yield from _jobs(plan, variant, plan.seeds[:1], replays, grades)


def _jobs(
    plan: Plan, variant: str, seeds: Sequence[int], replays: Sequence[str], wanted: Sequence[str]
) -> Iterator[Job]:
    """Those of the hold-out come last in each seed; variants are measured on what is tuned."""
    for seed in seeds:
        tuned = plan.layouts or (_TUNED[(seed + 1) % len(_TUNED)],)
        for layout in (*tuned, *((HOLD_OUT,) if plan.hold_out and not variant else ())):
            base = Job(seed, layout, plan.rate, plan.history_days, plan.settings, variant=variant)
            for replay in replays:
                grades = tuple(grade for grade in REPLAYS[replay].grades if grade in wanted)
                shares = plan.shares if "g4" in grades and not variant else ()
                yield replace(base, replay=replay, grades=grades, shares=shares)
            if plan.minutes > 0:
                yield replace(base, minutes=plan.minutes)
                yield replace(base, minutes=plan.minutes, traps=True)
            if plan.stored and not variant and seed == seeds[0]:
                yield replace(base, minutes=min(plan.minutes, _STORED_MINUTES), stored=True)


def _results(plan: Plan, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
    """(number of the job, outcome), as they come."""
    numbered = list(enumerate(jobs))
    if plan.processes == 1:
        yield from map(_run, numbered)
        return
    # Fresh interpreters: a fork would carry the threads of whoever calls.
    with get_context("spawn").Pool(plan.processes, _begin) as pool:
        yield from pool.imap_unordered(_run, numbered)


def _run(numbered: tuple[int, Job]) -> tuple[int, Outcome]:
    number, job = numbered
    return number, run(job)


def _begin() -> None:
    """A worker looks for cycles seldom; only the caller is interrupted, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
