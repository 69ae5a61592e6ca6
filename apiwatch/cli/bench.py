"""`apiwatch bench`: detection quality and speed on the simulator, as tables and JSON."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import load_settings
from apiwatch.errors import UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.bench import Job, Report

__all__ = ["bench"]

_SEEDS = 1_000


@click.command()
@click.option(
    "--seeds", default="101-102", show_default=True, help="Seeds: 101, 101-103 or 101,105. 1-20 are for tuning."
)
@click.option("--replays", default="all", show_default=True, help="Which, such as R1,R4; `none` for false alerts only.")
@click.option("--grades", default="g0,g1,g2,g3,g4", show_default=True, help="Which grades of stealth.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 60 * 24 * 30),
    default=120.0,
    show_default=True,
    help="Normal traffic per seed, for the false alerts; and as long again with traps.",
)
@click.option(
    "--rate", type=click.FloatRange(0.5, 1_000), default=5.0, show_default=True, help="Normal requests per second."
)
@click.option(
    "--history", type=click.FloatRange(0, 60), default=8.0, show_default=True, help="Days of thinned traffic before."
)
@click.option(
    "--topology",
    type=click.Choice(["by-seed", "A", "B", "both"]),
    default="by-seed",
    show_default=True,
    help="Layout of the API: A for odd and B for even seeds, or as said.",
)
@click.option(
    "--ablation", is_flag=True, help="Also measure what the pieces of the design are worth, on the first seed."
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes (default: one per processor).")
@click.option("--json", "json_file", metavar="FILE", help="Also write everything as JSON.")
@click.option("--config", metavar="FILE", help="Settings file: measure other thresholds.")
def bench(
    seeds: str,
    replays: str,
    grades: str,
    minutes: float,
    rate: float,
    history: float,
    topology: str,
    ablation: bool,
    jobs: int | None,
    json_file: str | None,
    config: str | None,
) -> None:
    """Play published incidents to the detectors, and print what they find, how soon, and what they accuse wrongly.

    Other tools' published rules see the same requests. Nothing is read from this machine.
    """
    from apiwatch.bench import Plan
    from apiwatch.bench import bench as measure
    from apiwatch.cli.ending import ended_by_signals
    from apiwatch.cli.output import put, table
    from apiwatch.simulate import GRADES, REPLAYS, TOPOLOGIES

    plan = Plan(
        seeds=_seeds(seeds),
        replays=() if replays == "none" else _chosen("--replays", replays, tuple(REPLAYS)),
        grades=_chosen("--grades", grades, GRADES),
        settings=load_settings(config),
        minutes=minutes,
        rate=rate,
        history_days=history,
        layouts={"by-seed": (), "both": tuple(TOPOLOGIES)}.get(topology, (topology,)),
        ablation=ablation,
        processes=jobs or os.cpu_count() or 1,
    )
    if json_file is not None:
        _write(json_file, b"")
    with ended_by_signals():
        found = measure(plan, _Progress())
    for each in found.tables:
        put(each.title.upper())
        table(each.headers, each.rows)
        put()
    if json_file is not None:
        _write(json_file, _document(found, plan.seeds))


class _Progress:
    """A line on standard error: rewritten on a terminal, else one per job."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._end = "\r\x1b[K" if sys.stderr.isatty() else "\n"

    def __call__(self, done: int, total: int, job: "Job") -> None:
        name = job.replay or ("traps" if job.traps else "benign")
        spent = time.monotonic() - self._started
        text = f"{done}/{total} {name}, seed {job.seed}, topology {job.layout}; {spent:.0f} s"
        print(text, end=self._end, file=sys.stderr, flush=True)


def _seeds(typed: str) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for part in typed.split(","):
        first, _, last = part.partition("-")
        if not first.isascii() or not first.isdigit() or (last and not (last.isascii() and last.isdigit())):
            raise UsageError(f"--seeds: `{plain(part)}` is neither a number nor a range such as 101-103")
        low, high = int(first), int(last or first)
        if high < low or high - low >= _SEEDS or high >= 2**31:
            raise UsageError(f"--seeds: `{plain(part)}` has to go upwards, over less than {_SEEDS} seeds below 2^31")
        found.update(dict.fromkeys(range(low, high + 1)))
    return tuple(found)


def _chosen(option: str, typed: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Names of a list, in the order in which they are known."""
    if typed == "all":
        return known
    wanted = [name.strip() for name in typed.split(",")]
    for name in wanted:
        if name not in known:
            raise UsageError(f"{option}: there is no `{plain(name)}`; choose from {', '.join(known)}")
    return tuple(name for name in known if name in wanted)


def _document(found: "Report", seeds: tuple[int, ...]) -> bytes:
    import msgspec

    fields = msgspec.to_builtins(found)
    fields["tables"] = {
        each.title: [dict(zip(each.headers, row, strict=True)) for row in each.rows] for each in found.tables
    }
    return msgspec.json.format(msgspec.json.encode({"seeds": seeds, **fields}), indent=1) + b"\n"


def _write(name: str, document: bytes) -> None:
    try:
        Path(name).write_bytes(document)
    except OSError as error:
        raise UsageError(f"--json: {plain(name)} cannot be written: {error.strerror}") from None
