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
@click.option("--hours", type=click.FloatRange(0, 24 * 30), help="The same in hours.")
@click.option(
    "--rate", type=click.FloatRange(0.5, 1_000), default=5.0, show_default=True, help="Normal requests per second."
)
@click.option(
    "--history", type=click.FloatRange(0, 60), default=8.0, show_default=True, help="Days of thinned traffic before."
)
@click.option(
    "--topology",
    type=click.Choice(["by-seed", "A", "B", "C", "all"]),
    default="by-seed",
    show_default=True,
    help="The API: A for odd and B for even seeds, and for all of them C, the hold-out; or as said.",
)
@click.option(
    "--shares", default="0.05,0.1,0.2,0.4,0.8", show_default=True, help="Attackers' shares of a route's clients in g4."
)
@click.option(
    "--ablation", is_flag=True, help="Also measure what the pieces of the design are worth, on the first seed."
)
@click.option(
    "--curve", is_flag=True, help="Also try other thresholds: false alerts against requests before the alert."
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes (default: one per processor).")
@click.option("--json", "json_file", metavar="FILE", help="Also write everything as JSON.")
@click.option("--config", metavar="FILE", help="Settings file: measure other thresholds.")
def bench(
    seeds: str,
    replays: str,
    grades: str,
    minutes: float,
    hours: float | None,
    rate: float,
    history: float,
    topology: str,
    shares: str,
    ablation: bool,
    curve: bool,
    jobs: int | None,
    json_file: str | None,
    config: str | None,
) -> int:
    """Play published incidents to the detectors, and print what they find, how soon, and what they accuse wrongly.

    Other tools' published rules see the same requests. Nothing is read from this machine.
    """
    from apiwatch.bench import Plan
    from apiwatch.bench import bench as measure
    from apiwatch.cli.ending import ended_by_signals
    from apiwatch.cli.output import put, say, table
    from apiwatch.simulate import GRADES, REPLAYS, TOPOLOGIES

    minutes = minutes if hours is None else 60 * hours
    plan = Plan(
        seeds=_seeds(seeds),
        replays=() if replays == "none" else _chosen("--replays", replays, tuple(REPLAYS)),
        grades=_chosen("--grades", grades, GRADES),
        settings=load_settings(config),
        minutes=minutes,
        rate=rate,
        history_days=history,
        layouts={"by-seed": (), "all": tuple(TOPOLOGIES)}.get(topology, (topology,)),
        hold_out=topology == "by-seed",
        shares=_shares(shares),
        ablation=ablation,
        curve=curve,
        stored=minutes > 0,
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
    if found.interrupted:
        say(f"interrupted: these are the figures of {found.done} of {found.jobs} jobs")
    return found.interrupted


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


def _shares(typed: str) -> tuple[float, ...]:
    found: list[float] = []
    for part in filter(None, typed.split(",")):
        try:
            share = float(part)
        except ValueError:
            share = 0.0
        if not 0.01 <= share <= 0.95:
            raise UsageError(f"--shares: `{plain(part)}` is not a share from 0.01 to 0.95")
        found.append(share)
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
