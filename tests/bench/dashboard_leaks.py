"""What stays behind: widgets, memory, tasks and descriptors of a dashboard that is used for hours.

Run: python -m tests.bench.dashboard_leaks [--changes 1000] [--hours 6] [--step 30]

The real application on a real state file, without a terminal. First views and screens are changed by key presses, then
hours pass in steps of simulated seconds, in each of which 30 % of the rows change and the lists are read anew. Each
phase begins after a round to warm up. Budget: no growth of widgets, tasks and descriptors; memory within a few MiB.
"""

import argparse
import asyncio
import contextlib
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from textual import events
from textual.widget import Widget

from apiwatch.config.settings import Dashboard, Settings
from apiwatch.store import open_control, open_reader
from apiwatch.tui import ApiwatchApp
from tests.bench.traffic import fill
from tests.tui import guards

SIZE = (120, 40)
_DEADLINE_S = 20.0
_REST_S = 1.0

ROUND = (
    "2", "enter", "3", "escape", "1", "enter", "6", "0", "escape", "3", "enter", "escape", "4", "8", "question_mark",
    "escape", "7", "5", "6", "1",
)  # fmt: skip
"""Keys that go through the views, into a row, through the views inside it, to the help and back."""


class Held(NamedTuple):
    """What a process holds."""

    widgets: int
    objects: int
    tasks: int
    threads: int
    descriptors: int
    mib: float


async def held() -> Held:
    """What is held once screens that were left are gone, and after a full collection of garbage."""
    await asyncio.sleep(_REST_S)
    gc.unfreeze()
    gc.collect()
    return Held(
        sum(isinstance(thing, Widget) for thing in gc.get_objects()),
        len(gc.get_objects()),
        len(asyncio.all_tasks()),
        threading.active_count(),
        *process(),
    )


def process() -> tuple[int, float]:
    """Open descriptors, and resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(list(Path("/proc/self/fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Clock:
    """Simulated time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; ends the benchmark when it does not come."""
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain for {what}")
        await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def running(db: Path, clock: Clock) -> AsyncIterator[ApiwatchApp]:
    """The application on a state file; it reads when it is woken."""
    reader, control = await open_reader(db), await open_control(db)
    app = ApiwatchApp(
        reader,
        control,
        settings=Settings(db=str(db), dashboard=Dashboard(refresh=10.0)),
        actor="oncall@gw1",
        guard=guards.make_guard,
        compare=guards.compare,
        ended=lambda: None,
        owns_collector=False,
        clock=clock,
    )
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.session.overview is not None, "the first read")
        await pilot.pause()
        yield app
    await control.close()
    await reader.close()


async def change(app: ApiwatchApp, keys: tuple[str, ...], count: int) -> None:
    """Press keys round and round, each when the screen before has settled."""
    for number in range(count):
        key = keys[number % len(keys)]
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        await asyncio.sleep(0)
        await until(lambda: app.screen.is_running and bool(getattr(app.screen, "loaded", True)), f"'{key}'")
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.3)
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await asyncio.sleep(0.1)


def collect(db: Path, now: float, orders: Connection) -> None:
    """A collector's process: fills a state file, and changes it at each simulated time that it is told."""
    site = fill(db, now=now)
    with site.collector:
        orders.send(now)
        while (at := orders.recv()) is not None:
            site.tick(at, 0.3)
            orders.send(at)


@contextlib.contextmanager
def collecting(db: Path, now: float) -> Iterator[Connection]:
    """The collector in a process of its own, so that what it holds does not count."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=collect, args=(db, now, theirs))
    process.start()
    ours.recv()
    try:
        yield ours
    finally:
        ours.send(None)
        process.join()


async def pass_time(app: ApiwatchApp, orders: Connection, clock: Clock, seconds: float, step: float) -> None:
    """Let simulated time pass: the rows change, and the dashboard reads them."""
    for _ in range(int(seconds / step)):
        clock.now += step
        orders.send(clock.now)
        await asyncio.to_thread(orders.recv)
        app.session.wake.set()

        def seen() -> bool:
            overview = app.session.overview
            return overview is not None and overview.health is not None and overview.health.heartbeat >= clock.now

        await until(seen, "a read")


def show(name: str, seconds: float, before: Held, after: Held) -> None:
    changes = "  ".join(f"{old:>9.6g} -> {new:<9.6g}" for old, new in zip(before, after, strict=True))
    print(f"{name:34} {seconds:6.1f} s  {changes}", flush=True)


async def measure(db: Path, options: argparse.Namespace) -> None:
    clock = Clock(time.time())
    with collecting(db, clock.now) as orders:
        async with running(db, clock) as app:
            print(f"{'':34} {'':8}  " + "  ".join(f"{name:22}" for name in Held._fields))
            await change(app, ROUND, 10 * len(ROUND))
            begin, before = time.perf_counter(), await held()
            await change(app, ROUND, options.changes)
            show(f"{options.changes} changes of screens and views", time.perf_counter() - begin, before, await held())
            await pass_time(app, orders, clock, 600, options.step)
            begin, before = time.perf_counter(), await held()
            await pass_time(app, orders, clock, options.hours * 3600, options.step)
            show(f"{options.hours:g} simulated hours", time.perf_counter() - begin, before, await held())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--step", type=float, default=30.0, help="simulated seconds between two reads")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        asyncio.run(measure(Path(directory) / "state.db", options))


if __name__ == "__main__":
    main()
