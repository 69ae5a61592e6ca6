"""What the dashboard writes to the terminal and costs while it is looked at, in a real pty.

Run: python -m tests.bench.dashboard_bytes [--seconds 8] [--sizes 80x24 120x40 200x60] [--keys 2]

A real state file is changed by another process once a second: 30 % of the rows of every list, all of them, nothing but
the collector's heartbeat, or nothing at all. The peers in the same run: top at one second, and GoAccess on a growing
log, beside a real `apiwatch collect` on the same log. Budgets at 120x40: 8 KiB/s and 2 % of a core while 30 % change,
0 B/s and 0.3 % while nothing does.
"""

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.counted import ROOT, Counted, Usage, dashboard, measure, variables
from tests.bench.traffic import FIRST, changing, fill, log_line

_SETTLE_S = 2.5
_LINES_PER_S = 300

Size = tuple[int, int]


def look(words: Sequence[str], sizes: Sequence[Size], home: Path, seconds: float, wanted: bytes, keys: str) -> None:
    """Run a program in a pty of each size at the same time, and print what each did."""
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(Counted(words, size, home)) for size in sizes]
        for program in programs:
            program.wait_for(wanted)
            if keys:
                program.type(keys)
        measure(programs, _SETTLE_S)
        for size, usage in zip(sizes, measure(programs, seconds), strict=True):
            show("", size, usage)


def show(name: str, size: Size, usage: Usage) -> None:
    """One line of the table."""
    frames = usage.frames / usage.seconds
    per_frame = usage.written / 1024 / usage.frames if usage.frames else 0.0
    print(
        f"{name:34} {size[0]:3}x{size[1]:<3} {usage.kib_per_s:8.2f} {usage.share:7.2f} {frames:8.1f} {per_frame:9.2f}",
        flush=True,
    )


@contextlib.contextmanager
def growing(log: Path) -> Iterator[None]:
    """A log that grows by some hundred lines a second while it lasts."""
    ended, chance = threading.Event(), random.Random(3)  # noqa: S311  test data

    def write() -> None:
        with log.open("a") as file:
            while not ended.wait(0.1):
                file.writelines(log_line(chance, time.time()) for _ in range(_LINES_PER_S // 10))
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def collecting(db: Path, log: Path, home: Path) -> Iterator[None]:
    """The real collector on a log."""
    process = subprocess.Popen(
        [sys.executable, "-m", "apiwatch", "collect", f"--db={db}", str(log)],
        cwd=ROOT, env=variables(home), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 20
        while not db.exists() or not db.stat().st_size:
            if time.monotonic() > until:
                sys.exit("the collector did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def size_of(text: str) -> Size:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--sizes", type=size_of, nargs="+", default=[(80, 24), (120, 40), (200, 60)])
    parser.add_argument("--keys", default="", help="keys to press before: the digit of a view")
    parser.add_argument("--only", nargs="+", default=[], help="some of: some all heartbeat idle live top goaccess")
    options = parser.parse_args()
    sizes, seconds = options.sizes, options.seconds
    print(f"{'what, terminal':34} {'size':7} {'KiB/s':>8} {'% core':>7} {'frames/s':>8} {'KiB/frame':>9}")
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        home = Path(directory)
        for name, label, share in (
            ("some", "30 % of the rows change", 0.3),
            ("all", "all rows change", 1.0),
            ("heartbeat", "only the collector's heartbeat", 0.0),
        ):
            if not options.only or name in options.only:
                print(label)
                db = home / f"{name}.db"
                with changing(db, share):
                    look(dashboard(db), sizes, home, seconds, FIRST.encode(), options.keys)
        if not options.only or "idle" in options.only:
            print("no collector runs")
            db = home / "idle.db"
            fill(db, now=time.time() - 3600).stop(time.time() - 3600)
            look(dashboard(db), sizes, home, seconds, FIRST.encode(), options.keys)
        if not options.only or "top" in options.only:
            print("peer: top -d 1")
            look(["top", "-d", "1"], sizes, home, seconds, b"PID", "")
        log, db = home / "access.log", home / "live.db"
        chance = random.Random(1)  # noqa: S311  test data
        log.write_text("".join(log_line(chance, time.time() - 60 + n / 500) for n in range(30_000)))
        with growing(log):
            if not options.only or "live" in options.only:
                print(f"a real collector, {_LINES_PER_S} lines/s")
                with collecting(db, log, home):
                    look(dashboard(db), sizes, home, seconds, FIRST.encode(), options.keys)
            if (not options.only or "goaccess" in options.only) and shutil.which("goaccess"):
                print("peer: goaccess on the same log")
                words = ["goaccess", str(log), "--log-format=COMBINED", "--no-global-config"]
                look(words, sizes, home, seconds, b"Dashboard", "")


if __name__ == "__main__":
    main()
