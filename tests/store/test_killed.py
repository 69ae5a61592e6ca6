"""SIGKILL in the middle of commits: every commit is there as a whole or not at all."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.store.endless import names
from tests.store.looking import reading
from tests.store.rows import MINUTE, NOW, Collector

CLIENTS = 300
KILLS = 12


def killed_after(db: Path, seconds: float) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.store.endless", str(db), str(CLIENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.wait() == -9


async def numbers_in(db: Path) -> set[int]:
    """The numbers of the commits that the parts of the state file are of."""
    found: set[int] = set()
    async with reading(db) as reader:
        seen = await reader.overview(5, NOW)
        assert seen.health is not None
        found.add(seen.health.lines)
        found.add(seen.total.requests // CLIENTS)
        assert seen.clients_total == seen.clients_window == CLIENTS
        views = await reader.clients(5, sort="requests", limit=CLIENTS, now=NOW)
        assert len(views) == CLIENTS
        found |= {view.requests for view in views} | {view.window.requests for view in views}
        (alert,) = await reader.alerts()
        found.add(alert.alert.count)
        found.add(max(line.line for line in await reader.evidence("a1")))
    with Collector(db) as collector:
        found.add(int(collector.offsets["log"]))
        blobs = dict(collector.state)
        assert len(blobs) == 2
        found.add(int(blobs["n"] or b"0"))
        found |= {int(key.removeprefix("p/")) for key in blobs if key != "n"}
    return found


async def test_commits_are_whole_after_a_kill_at_any_moment(db: Path) -> None:
    chance = random.Random(9)  # noqa: S311  test data
    reached = [0]
    for _ in range(KILLS):
        killed_after(db, chance.uniform(0.02, 0.4))
        (number,) = await numbers_in(db)
        assert number >= reached[-1]
        reached.append(number)
    assert len(set(reached)) > KILLS // 2, f"hardly any kill hit a collector at work: {reached}"
    with sqlite3.connect(db) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    file.close()


async def test_the_comparison_sees_a_torn_commit(db: Path) -> None:
    """Negative control: one row of another commit is enough."""
    killed_after(db, 0.3)
    with sqlite3.connect(db) as file:
        file.execute(
            "UPDATE client_minutes SET requests = requests - 1 WHERE minute = ? AND client = ?", (MINUTE, names(3)[2])
        )
        file.execute("UPDATE board_minutes SET requests = requests - 1 WHERE client = ?", (names(3)[2],))
    file.close()
    assert len(await numbers_in(db)) == 2
