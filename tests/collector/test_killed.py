"""`kill -9` at any moment: nothing lost, nothing counted twice."""

import contextlib
import random
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.cli.logs import benign, text_of, walk
from tests.cli.program import collector, start_collector, wait_for
from tests.collector.picture import counted, lines_read, picture
from tests.collector.writing import Server

KILLS = 12


def make_log(home: Path) -> tuple[Path, list[str]]:
    """A log of twenty minutes that still is to be written, and its lines."""
    source = home / "source.log"
    events = sorted([*benign(1200, per_second=16), *walk(300)])
    lines = [line for _, line in events]
    source.write_text(text_of(lines))
    return source, lines


def finish(home: Path, db: Path, log: Path, lines: int) -> None:
    """Let a collector read to the end of the log, and stop it in order."""
    with collector(home, db, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(db) >= lines, "the end of the log")
        process.terminate()
        assert process.wait(20) == 0


def test_killed_at_random_moments_counts_as_an_uninterrupted_run(home: Path) -> None:
    source, lines = make_log(home)
    log, killed, whole = home / "access.log", home / "killed.db", home / "whole.db"
    log.touch()
    chance = random.Random(20)  # noqa: S311  test data
    server = Server(source.read_bytes(), log, seed=1)
    server.start()
    progress: set[int] = set()
    for kill in range(KILLS):
        process, ready = start_collector(home, killed, "--since=start", str(log))
        assert ready
        before = lines_read(killed)
        server.allow((kill + 1) / KILLS)
        if kill % 2:
            wait_for(lambda before=before: lines_read(killed) > before, "a commit")  # type: ignore[misc]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.0, 0.6))
        process.kill()
        assert process.wait() == -9
        progress.add(lines_read(killed))
    server.join(60)
    assert not server.is_alive()
    assert len(progress) > KILLS // 3, f"hardly any kill hit a collector at work: {sorted(progress)}"
    finish(home, killed, log, len(lines))
    finish(home, whole, log, len(lines))

    found, expected = picture(killed), picture(whole)
    assert {key: mix.requests for key, mix in found.client_minutes.items()} == dict(counted(lines))
    assert found == expected
    assert len(expected.alerts) >= 1


@pytest.mark.parametrize("table", ["offsets", "state"])
def test_the_comparison_sees_a_restart_that_forgets(home: Path, table: str) -> None:
    """Negative control: without the stored offset lines count twice; without the state absolute rows go wrong."""
    source, lines = make_log(home)
    log, broken = home / "access.log", home / "broken.db"
    half = source.read_bytes()
    log.write_bytes(half[: len(half) // 2])
    with collector(home, broken, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(broken) > 0, "the first commit")
        process.kill()
        process.wait()
    forget(broken, table)
    log.write_bytes(half)
    with collector(home, broken, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(broken) >= len(lines) // 2 - 1, "the rest of the log")
        process.terminate()
        process.wait(20)
    found = picture(broken)
    assert {key: mix.requests for key, mix in found.client_minutes.items()} != dict(counted(lines))


def forget(db: Path, table: str) -> None:
    with sqlite3.connect(db) as file:
        file.execute(f"DELETE FROM {table}")  # noqa: S608  our own words
    file.close()
