"""Lines per second of the line parser for every format, against whole runs of GoAccess on combined lines.

    python -m tests.bench.parse_lines [--lines 100000] [--runs 3] [--format NAME]... [--profile NAME]

Both are measured in processor time, in turns, so that other work on the machine hits both. The lines are written by the
writers of the tests: the same requests in every format.
"""

import argparse
import cProfile
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from apiwatch.formats import FORMATS, LineParser
from apiwatch.model import Request
from tests.bench import goaccess
from tests.formats.writers import WRITERS, ZONE, Sample, Writer

BATCH = 2_000
RECEIVED = 1_795_500_000.0
BUDGETS = {"combined": 4.0, "json": 4.0}
"""Least ratio to GoAccess's whole run."""


def requests(count: int, seed: int = 7) -> Iterator[Sample]:
    """Requests to a small shop, 300 a second: 250 clients, 40 agents, one of 20 000 orders each."""
    chance = random.Random(seed)  # noqa: S311
    agents = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 Safari/537.36"
        for version in range(90, 130)
    ]
    for index in range(count):
        order = chance.randrange(20_000)
        yield Sample(
            moment=1_795_489_854_000_000 + index * 3_333,
            offset=0,
            address=IPv4Address(f"203.0.113.{chance.randrange(250)}"),
            port=chance.randrange(1_024, 65_536),
            method="GET",
            target=f"/api/v1/orders/{order}" + (f"?page={order % 7}" if order % 4 == 0 else ""),
            status=chance.choice((200, 200, 200, 304, 404)),
            size=chance.randrange(200, 9_000),
            agent=chance.choice(agents),
            referer="https://shop.example.com/orders",
            user=None,
            host="api.example.com",
            duration=chance.randrange(900, 90_000),
        )


def written(writer: Writer, samples: Sequence[Sample]) -> list[bytes]:
    """The lines of a writer, behind its header."""
    lines = [writer.line(writer.tame(sample)).encode() for sample in samples]
    return lines if writer.header is None else [writer.header.encode(), *lines]


def parse(lines: Sequence[bytes]) -> float:
    """Seconds of processor time for all the lines, found out and read by one parser."""
    parser = LineParser(salt=b"bench", time_zone=ZONE)
    start = time.process_time()
    for first in range(0, len(lines), BATCH):
        records = parser.parse(lines[first : first + BATCH], first + 1, RECEIVED)
        if not isinstance(records[-1], Request):
            raise SystemExit(f"not parsed: {records[-1]!r}")
    return time.process_time() - start


def profile(lines: Sequence[bytes]) -> None:
    """Print where the time goes."""
    with cProfile.Profile() as profiler:
        parse(lines)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(15)


_TOGETHER = 10
"""Formats between two runs of GoAccess: the machine's mood changes."""


def main() -> None:
    """Measure and print the table."""
    names = [info.name for info in FORMATS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", action="append", choices=names, metavar="NAME")
    parser.add_argument("--profile", choices=names, metavar="NAME")
    options = parser.parse_args()
    samples = list(requests(options.lines))
    writers = {writer.format: writer for writer in reversed(WRITERS)}
    if options.profile is not None:
        profile(written(writers[options.profile], samples))
        return
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        log = Path(directory) / "access.log"
        log.write_bytes(b"\n".join(written(writers["combined"], samples)) + b"\n")
        command, variables = goaccess.command(log, "combined"), goaccess.environment(directory)
        theirs: list[float] = []
        ours: dict[str, list[float]] = {name: [] for name in options.format or names}
        for index, (name, seconds) in enumerate(ours.items()):
            if index % _TOGETHER == 0:
                theirs.append(goaccess.measure(command, variables).processor)
            lines = written(writers[name], samples)
            seconds.extend(parse(lines) for _ in range(options.runs))
            print(f"{index + 1} of {len(ours)}: {name}", file=sys.stderr)
    print_table(ours, theirs, options.lines)


def print_table(ours: dict[str, list[float]], theirs: Sequence[float], count: int) -> None:
    """One row per format, the fastest first; the ratio is that of the medians."""
    peer = count / statistics.median(theirs)
    print(f"goaccess, whole run on combined: {peer:,.0f} lines/s ({len(theirs)} runs of {count} lines)")
    print(f"{'format':24}{'lines/s':>12}{'us/line':>10}{'x goaccess':>12}")
    for name, runs in sorted(ours.items(), key=lambda entry: statistics.median(entry[1])):
        seconds = statistics.median(runs)
        ratio = count / seconds / peer
        short = f"  below {BUDGETS[name]:.0f} x" if ratio < BUDGETS.get(name, 0.0) else ""
        print(f"{name:24}{count / seconds:12,.0f}{seconds / count * 1e6:10.2f}{ratio:12.2f}{short}")


if __name__ == "__main__":
    main()
