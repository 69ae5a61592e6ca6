"""How long the dashboard takes from the start of the program to the first useful frame: the alerts are on the screen.

Run: python -m tests.bench.dashboard_start [--runs 20] [--clients 20000] [--imports 25]

`attach` opens a state file; `watch` starts a collector of its own first, on a log of an attack. The peers in the same
run: top, vim on the same log, GoAccess on the same log (until its panels are there), and `python -c pass`.
`--imports N` prints the N most expensive imports of `attach` instead. Budget: 0.6 s.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.counted import Counted, dashboard, percentile
from tests.bench.traffic import FIRST, fill, log_line

SIZE = (120, 40)
_LINES = 20_000


def started(words: Sequence[str], home: Path, wanted: Sequence[bytes]) -> tuple[float, float]:
    """Milliseconds until a program has written these bytes, and milliseconds of processor time until then."""
    with Counted(words, SIZE, home) as program:
        return 1000 * program.wait_for(*wanted), 1000 * program.processor


def show(name: str, found: Sequence[tuple[float, float]]) -> None:
    taken, processor = [wall for wall, _ in found], [spent for _, spent in found]
    print(
        f"{name:40} {percentile(taken, 0.5):8.0f} {percentile(taken, 0.95):8.0f} {min(taken):8.0f} {max(taken):8.0f} "
        f"{percentile(processor, 0.5):8.0f}",
        flush=True,
    )


def imports(db: Path, home: Path, shown: int) -> None:
    """The imports that take longest by themselves, and the sum of all."""
    words = dashboard(db, python=("-X", "importtime"))
    with Counted(words, SIZE, home) as program:
        program.wait_for(FIRST.encode())
        lines = program.raw.decode(errors="replace").split("\n")
    found = [line.partition("import time:")[2].split("|") for line in lines if "import time:" in line]
    rows = [(int(alone), int(whole), name.rstrip()) for alone, whole, name in found if alone.strip().isdigit()]
    print(f"{len(rows)} modules, {sum(row[0] for row in rows) / 1000:.0f} ms (measuring them adds about half)")
    for alone, whole, name in sorted(rows, reverse=True)[:shown]:
        print(f"{alone / 1000:8.1f} ms alone {whole / 1000:8.1f} ms with what it imports  {name.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--imports", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        home = Path(directory)
        db, log = home / "state.db", home / "access.log"
        fill(db, clients=options.clients).stop(time.time())
        chance = random.Random(1)  # noqa: S311  test data
        log.write_text("".join(log_line(chance, time.time() - 200 + n / 100) for n in range(_LINES)))
        if options.imports:
            imports(db, home, options.imports)
            return
        alerts = (FIRST.encode(), b"CRIT !!")

        def watched() -> tuple[float, float]:
            own = home / "watched"
            shutil.rmtree(own, ignore_errors=True)
            words = dashboard(own / "state.db", str(log), command="watch")
            return started(words, home, (b" open ", FIRST.encode()))

        cases: list[tuple[str, Callable[[], tuple[float, float]]]] = [
            ("apiwatch attach", lambda: started(dashboard(db), home, alerts)),
            ("apiwatch watch, with its collector", watched),
            ("peer: top", lambda: started(["top"], home, (b"PID",))),
            ("python, which imports asyncio", lambda: started(python, home, (b"ready",))),
        ]
        if shutil.which("vim"):
            cases.append(("peer: vim on the log", lambda: started(["vim", "-n", str(log)], home, (FIRST.encode(),))))
        if shutil.which("goaccess"):
            words = ["goaccess", str(log), "--log-format=COMBINED", "--no-global-config"]
            cases.append(("peer: goaccess on the log", lambda: started(words, home, (b"Unique visitors",))))
        python = [sys.executable, "-c", "import asyncio, sqlite3; print('ready'); input()"]
        print(
            f"{'exec to first useful frame, 120x40':40} {'p50 ms':>8} {'p95 ms':>8} {'min':>8} {'max':>8} {'cpu ms':>8}"
        )
        for name, case in cases:
            case()
            show(name, [case() for _ in range(options.runs)])


if __name__ == "__main__":
    main()
