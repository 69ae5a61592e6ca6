"""Lines per second and peak memory of `apiwatch replay` against GoAccess, on the same file in the same run.

    python -m tests.bench.replay_goaccess [--traffic benign|incident|flood] [--lines 1000000] [--runs 3]

`flood` is benign traffic of so many lines, over which a million addresses come once each, within an hour. Each run
starts both programs once, one after the other, so that a change in the load of the machine hits both. The ratio is that
of the medians. GoAccess (Debian's package `goaccess`) writes its report as JSON; apiwatch has all detectors on and
keeps its state in SQLite.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from apiwatch.simulate import generate, joined, topology, writer
from apiwatch.simulate.model import Hit, Stage
from tests.bench import goaccess
from tests.bench.goaccess import Figure, measure

START = 1_760_000_000.0
RATE = 50.0
"""Benign requests per second of event time, as in the evaluation of detectors."""


FLOOD = 1_000_000
"""Addresses of a flood."""

FLOOD_S = 3_600.0


def write_log(path: Path, traffic: str, lines: int, format_name: str) -> int:
    """Simulated traffic of about so many lines, in a flood more; returns how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for line in _flood(lines, format_name) if traffic == "flood" else _simulated(traffic, lines, format_name):
            file.write(line + "\n")
            count += 1
    return count


def _simulated(traffic: str, lines: int, format_name: str) -> Iterator[str]:
    minutes = lines / RATE / 60
    for event in generate(traffic, seed=7, minutes=minutes, rate=RATE, start=START, format=format_name):
        yield event.line


def _flood(lines: int, format_name: str) -> Iterator[str]:
    """Each address asks for one page or object and never comes back."""
    stage, write = Stage(7, START, lines / RATE, RATE), writer(format_name, users_logged=False)
    for hit in joined(topology("A").population(stage), _once_each()):
        yield write(START + hit.time, hit)


def _once_each() -> Iterator[Hit]:
    chance = Random(7)  # noqa: S311  not for secrets
    first = chance.randrange(1 << 32)
    for number in range(FLOOD):
        # An odd factor modulo 2^32 visits each address once, in an order that looks random.
        value = (first + number * 2_654_435_761) % (1 << 32)
        address = f"{value >> 24 & 63 | 64}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
        target = chance.choice(("/", "/api/config", f"/api/products/{chance.randrange(50_000)}", "/api/search?q=a"))
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{chance.randrange(110, 140)}.0) Gecko/20100101 Firefox/130.0"
        time, size = FLOOD_S * number / FLOOD, chance.randrange(200, 9_000)
        yield Hit(time, address, None, "GET", target, 200, size, None, agent, 0.02)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--traffic", choices=("benign", "incident", "flood"), default="benign")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", choices=sorted(goaccess.FORMATS), default="combined")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        log = Path(directory) / "access.log"
        lines = write_log(log, options.traffic, options.lines, options.format)
        size = log.stat().st_size / 1e6
        print(f"{options.traffic}: {lines} lines, {size:.0f} MB, format {options.format}, {options.runs} runs")
        commands = {
            "goaccess": goaccess.command(log, options.format),
            "apiwatch": [sys.executable, "-m", "apiwatch", "replay", "--json", str(log)],
        }
        variables = goaccess.environment(directory)
        figures: dict[str, list[Figure]] = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                figures[name].append(measure(command, variables))
        print_table(figures, lines)


def print_table(figures: dict[str, list[Figure]], lines: int) -> None:
    """One row per program, and the ratios."""
    print(f"{'program':10} {'seconds: min':>13} {'median':>8} {'max':>8} {'lines/s':>10} {'peak RSS':>10}")
    medians: dict[str, Figure] = {}
    for name, runs in figures.items():
        seconds = sorted(run.seconds for run in runs)
        median = statistics.median(seconds)
        peak = max(run.peak_mb for run in runs)
        medians[name] = Figure(median, peak)
        print(f"{name:10} {seconds[0]:13.2f} {median:8.2f} {seconds[-1]:8.2f} {lines / median:10,.0f} {peak:7.0f} MiB")
    ours, theirs = medians["apiwatch"], medians["goaccess"]
    print(f"apiwatch reads {theirs.seconds / ours.seconds:.2f} x as many lines per second as goaccess")
    print(f"apiwatch needs {ours.peak_mb / theirs.peak_mb:.2f} x the memory of goaccess")


if __name__ == "__main__":
    main()
