"""Lines per second and peak memory of `apiwatch replay` against GoAccess, on the same file in the same run.

    python -m tests.bench.replay_goaccess [--lines 1000000] [--runs 3] [--format combined]

Each run starts both programs once, one after the other, so that a change in the load of the machine hits both. The
ratio is that of the medians. GoAccess (Debian's package `goaccess`) writes its report as JSON; apiwatch has all
detectors on and keeps its state in SQLite.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from apiwatch.simulate import generate
from tests.bench import goaccess
from tests.bench.goaccess import Figure, measure

START = 1_760_000_000.0
RATE = 50.0
"""Benign requests per second of event time, as in the evaluation of detectors."""


def write_log(path: Path, lines: int, format_name: str) -> int:
    """A simulated incident of about so many lines; returns how many there are."""
    minutes = lines / RATE / 60
    events = generate("incident", seed=7, minutes=minutes, rate=RATE, start=START, format=format_name)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            file.write(event.line + "\n")
            count += 1
    return count


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", choices=sorted(goaccess.FORMATS), default="combined")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        log = Path(directory) / "access.log"
        lines = write_log(log, options.lines, options.format)
        print(f"{lines} lines, {log.stat().st_size / 1e6:.0f} MB, format {options.format}, {options.runs} runs")
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
