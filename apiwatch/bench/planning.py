"""Which jobs a bench consists of, and how they are spread over processes."""

import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context

import msgspec

from apiwatch.bench.report import Report, Table, ablation_row, report
from apiwatch.bench.running import Job, Outcome, run
from apiwatch.bench.variants import ABLATED_GRADES, ABLATED_REPLAYS, VARIANTS
from apiwatch.config import Settings
from apiwatch.simulate import REPLAYS, TOPOLOGIES

__all__ = ["Plan", "Progress", "bench"]

Progress = Callable[[int, int, Job], None]
"""(jobs done, jobs in all, the job that was done)."""


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
    """Empty: in turn, so that odd seeds have the first topology and even ones the second."""
    ablation: bool = False
    processes: int = 2


def bench(plan: Plan, progress: Progress) -> Report:
    """Run it all. The same plan gives the same report, except for time and memory."""
    jobs = [(name, job) for name, settings, form in _variants(plan) for job in _jobs(plan, name, settings, form)]
    by_variant: dict[str, list[Outcome]] = {}
    for done, ((name, job), outcome) in enumerate(zip(jobs, _results(plan, [job for _, job in jobs]), strict=True), 1):
        by_variant.setdefault(name, []).append(outcome)
        progress(done, len(jobs), job)
    found = report(by_variant.pop(""))
    if by_variant:
        rows = [ablation_row(name, outcomes) for name, outcomes in by_variant.items()]
        grades = [grade for grade in ABLATED_GRADES if grade in plan.grades]
        headers = ("variant", "false per day", "twins that alert", *(f"found {grade}" for grade in grades), "req p50")
        title = f"ablation ({', '.join(replay for replay in ABLATED_REPLAYS if replay in plan.replays)}; first seed)"
        found.tables.append(Table(title, headers, rows))
    return found


def _variants(plan: Plan) -> Iterator[tuple[str, Settings, str]]:
    """(name, settings, format of the log); the bench itself has no name."""
    yield "", plan.settings, "nginx_json"
    if plan.ablation:
        for name, (change, form) in VARIANTS.items():
            yield name, change(plan.settings), form


def _jobs(plan: Plan, variant: str, settings: Settings, form: str) -> Iterator[Job]:
    names = tuple(TOPOLOGIES)
    for seed in plan.seeds[:1] if variant else plan.seeds:
        for layout in plan.layouts or (names[(seed + 1) % len(names)],):
            base = Job(seed, layout, plan.rate, plan.history_days, settings, log_format=form)
            for replay in plan.replays:
                if variant and replay not in ABLATED_REPLAYS:
                    continue
                wanted = [grade for grade in plan.grades if not variant or grade in ABLATED_GRADES]
                grades = tuple(grade for grade in REPLAYS[replay].grades if grade in wanted)
                yield msgspec.structs.replace(base, replay=replay, grades=grades)
            if plan.minutes > 0:
                yield msgspec.structs.replace(base, minutes=plan.minutes)
                yield msgspec.structs.replace(base, minutes=plan.minutes, traps=True)


def _results(plan: Plan, jobs: Sequence[Job]) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs."""
    if plan.processes == 1:
        yield from map(run, jobs)
        return
    # Fresh interpreters: a fork would carry the threads of whoever calls.
    with get_context("spawn").Pool(plan.processes, _begin) as pool:
        yield from pool.imap(run, jobs)


def _begin() -> None:
    """A worker looks for cycles seldom; only the caller is interrupted, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
