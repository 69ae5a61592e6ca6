"""From a key press to its paint, while a real collector takes in a flood at full speed on the same machine.

Run: python -m tests.bench.dashboard_keys [--presses 24] [--dashboards 2] [--calm]

A log is written into `apiwatch collect -` as fast as it takes it; the dashboard is attached to the state file. Each key
is pressed at a random moment of the second; `first` is the time until the first byte of a picture that follows (of a
row, not of the shape of the pointer), `done` until the last byte before 20 ms of silence. The peer in the same run,
under the same load: j and k in vim, on a text file. All but the digits are pressed in the list of clients. A key that
paints nothing counts the next paint, up to a second. Afterwards the size of the write-ahead log, which would grow if a
dashboard kept the collector from a checkpoint.

Budget: 50 ms (p95).
"""

import argparse
import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.counted import Counted, dashboard, measure, percentile
from tests.bench.traffic import FIRST, changing, flooded, log_line, stored_lines

SIZE = (120, 40)
_SILENCE_S = 0.02
_LONGEST_S = 3.0
_NO_PICTURE = (b"\x1b]22;default\x07",)
"""What Textual writes when a screen is left, before it draws the next one."""

KEYS: dict[str, Sequence[str]] = {
    "j k": ("j", "j", "k"),
    "1 to 8": ("2", "3", "4", "5", "6", "7", "8", "1"),
    "Tab": ("\t",),
    "Enter": ("\r",),
    "Esc": ("\x1b",),
    "? and Esc": ("?", "\x1b"),
}


def press(program: Counted, key: str, chance: random.Random) -> tuple[float, float] | None:
    """Milliseconds until the first byte and until the last one of a paint; None when nothing was painted."""
    until = time.perf_counter() + chance.uniform(0.05, 0.35)
    while (left := until - time.perf_counter()) > 0:
        program.read(left)
    program.quiet(_SILENCE_S, 0.5)
    begin = time.perf_counter()
    program.type(key)
    while found := program.read(_LONGEST_S):
        if found not in _NO_PICTURE:
            break
    else:
        return None
    first = last = time.perf_counter()
    while program.read(_SILENCE_S):
        last = time.perf_counter()
    return 1000 * (first - begin), 1000 * (last - begin)


def press_all(name: str, program: Counted, presses: int) -> None:
    """Press the keys of each kind, and print what they took."""
    chance = random.Random(9)  # noqa: S311  test data
    for kind, keys in KEYS.items():
        taken: list[tuple[float, float]] = []
        silent = 0
        program.type("2")
        measure([program], 1.5)
        for number in range(presses):
            if kind == "Esc":
                press(program, "\r", chance)
            found = press(program, keys[number % len(keys)], chance)
            if kind == "Enter":
                press(program, "\x1b", chance)
            if found is None:
                silent += 1
            else:
                taken.append(found)
        show(f"{name} {kind}", taken, silent)


def show(name: str, taken: Sequence[tuple[float, float]], silent: int) -> None:
    if not taken:
        print(f"{name:38} nothing was painted")
        return
    first, done = [pair[0] for pair in taken], [pair[1] for pair in taken]
    figures = " ".join(f"{percentile(one, part):7.1f}" for one in (first, done) for part in (0.5, 0.95, 1.0))
    print(f"{name:38} {figures}{f'   {silent} without a paint' if silent else ''}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=24, help="presses of each kind of key")
    parser.add_argument("--dashboards", type=int, default=2, help="dashboards that are attached at the same time")
    parser.add_argument("--calm", action="store_true", help="without the flood")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        db, text = home / "state.db", home / "text"
        chance = random.Random(1)  # noqa: S311  test data
        text.write_text("".join(log_line(chance, time.time()) for _ in range(2000)))
        stack.enter_context(changing(db, 0.3) if options.calm else flooded(db, home))
        programs = [stack.enter_context(Counted(dashboard(db), SIZE, home)) for _ in range(options.dashboards)]
        for program in programs:
            program.wait_for(FIRST.encode())
        measure(programs, 3.0)
        print(f"{'':38} {'first p50':>7} {'p95':>5} {'max':>7} {'done p50':>7} {'p95':>6} {'max':>7}  ms")
        before, begin = stored_lines(db), time.perf_counter()
        press_all("apiwatch", programs[0], options.presses)
        speed = (stored_lines(db) - before) / (time.perf_counter() - begin)
        if shutil.which("vim"):
            vim = stack.enter_context(Counted(["vim", "-n", "-u", "NONE", str(text)], SIZE, home))
            vim.wait_for(b"curl")
            vim.quiet(0.5)
            taken = [press(vim, "jk"[number % 2], chance) for number in range(options.presses)]
            show("peer: vim j k", [pair for pair in taken if pair is not None], taken.count(None))
        wal = db.with_name(f"{db.name}-wal")
        sizes = [wal.stat().st_size / 1e6 if wal.exists() else 0.0]
        for _ in range(5):
            measure(programs, 1.0)
            sizes.append(wal.stat().st_size / 1e6 if wal.exists() else 0.0)
        if not options.calm:
            print(f"collector: {speed:,.0f} lines/s meanwhile, on {os.cpu_count()} cores")
        print(f"write-ahead log with {options.dashboards} dashboards: largest {max(sizes):.0f} MB; budget 128 MB")


if __name__ == "__main__":
    main()
