"""The collector process: signals, lifeline, a full disk, a newer owner, the end of its input."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwatch.store import HealthView, TailView, open_control, open_reader
from tests.cli.logs import incident, text_of
from tests.cli.program import collector, command, environment, run, start_collector, wait_for
from tests.collector.picture import health, lines_read, picture

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def log(home: Path) -> Path:
    path = home / "access.log"
    path.write_text(text_of(incident(300)))
    return path


def seen(db: Path, condition: Callable[[HealthView], bool]) -> Callable[[], bool]:
    """Whether the last heartbeat satisfies a condition."""

    def look() -> bool:
        found = health(db)
        return found is not None and condition(found)

    return look


async def newest_lines(db: Path) -> TailView:
    reader = await open_reader(db)
    try:
        return await reader.tail()
    finally:
        await reader.close()


def known_health(db: Path) -> HealthView:
    found = health(db)
    assert found is not None
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_commits_what_was_read_and_ends_with_0(home: Path, log: Path, number: signal.Signals) -> None:
    db, messages = home / "one.db", home / "messages"
    with collector(home, db, "--since=start", str(log), stderr=messages) as process:
        wait_for(lambda: lines_read(db) > 0, "the first lines")
        with log.open("a") as file:
            file.write(text_of(incident(20, 1)))
        process.send_signal(number)
        assert process.wait(20) == 0
    last = known_health(db)
    assert (last.state, last.message) == ("stopped", f"stopped by {number.name}")
    assert last.requests == last.lines
    assert picture(db).total.requests == last.requests - last.late
    newest = asyncio.run(newest_lines(db))
    assert newest.lines[0].line == last.lines
    assert 0 < newest.kept <= newest.seen <= last.requests
    begun, ended = messages.read_text().splitlines()
    assert str(log) in begun
    assert ended == f"apiwatch: stopped by {number.name}; {last.requests} requests are on record in {db}"


def test_heartbeat_goes_on_while_nothing_happens(home: Path, log: Path) -> None:
    db = home / "one.db"
    with collector(home, db, "--since=start", str(log)):
        wait_for(seen(db, lambda one: one.lines == len(log.read_text().splitlines())), "the whole log")
        before = known_health(db)
        assert before.state == "live"
        assert before.lag_s == 0
        begin = time.monotonic()
        wait_for(seen(db, lambda one: one.heartbeat >= before.heartbeat + 2.0), "two more seconds of heartbeats")
        assert time.monotonic() - begin < 5.0
        after = known_health(db)
        assert after.heartbeat - time.time() < 2.0
        assert after.lines == before.lines


def test_closed_lifeline_stops_it_in_order(home: Path, log: Path) -> None:
    db = home / "one.db"
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        command("collect", f"--lifeline={read_end}", f"--db={db}", "--since=start", str(log)),
        pass_fds=(read_end,),
        env=environment(home),
    ) as process:
        os.close(read_end)
        wait_for(lambda: lines_read(db) > 0, "the first lines")
        assert process.poll() is None
        os.close(write_end)
        assert process.wait(20) == 0
    assert known_health(db).state == "stopped"


def test_end_of_standard_input_is_the_end(home: Path) -> None:
    db = home / "one.db"
    lines = incident(60, 1)
    done = run(home, "collect", f"--db={db}", "-", stdin=text_of(lines).encode())
    assert done.returncode == 0, done.stderr
    last = known_health(db)
    assert (last.state, last.message, last.lines) == ("stopped", "input ended", len(lines))


def test_state_file_that_cannot_grow_loses_nothing(home: Path) -> None:
    """The kernel refuses to write beyond a size, as it does on a full disk; later there is room again."""
    lines = incident(600)
    log, db, messages = home / "access.log", home / "one.db", home / "messages"
    log.write_text(text_of(lines[:500]))
    with collector(home, db, "--since=start", str(log), stderr=messages) as process:
        wait_for(lambda: lines_read(db) == 500, "the first lines")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        with log.open("a") as file:
            file.write(text_of(lines[500:]))
        wait_for(lambda: b"cannot be written" in messages.read_bytes(), "the message")
        assert process.poll() is None
        assert lines_read(db) == 500
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        wait_for(lambda: lines_read(db) == len(lines), "the rest of the lines")
        wait_for(lambda: b"can be written again" in messages.read_bytes(), "the message that it goes on")
        process.terminate()
        assert process.wait(20) == 0
    assert picture(db).total.requests == len(lines)


def test_state_file_that_stays_full_ends_it_with_an_error_and_an_intact_state(home: Path) -> None:
    lines = incident(600)
    log, db, messages = home / "access.log", home / "one.db", home / "messages"
    log.write_text(text_of(lines[:500]))
    with collector(home, db, "--since=start", str(log), stderr=messages) as process:
        wait_for(lambda: lines_read(db) == 500, "the first lines")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        with log.open("a") as file:
            file.write(text_of(lines[500:]))
        wait_for(lambda: b"cannot be written" in messages.read_bytes(), "the message")
        process.terminate()
        assert process.wait(30) == 3
        assert b"Traceback" not in messages.read_bytes()
    with collector(home, db, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(db) == len(lines), "the rest of the lines")
    assert picture(db).total.requests == len(lines)


def test_newer_owner_fences_the_older_one(home: Path, log: Path) -> None:
    db, messages = home / "one.db", home / "messages"
    with collector(home, db, "--since=start", str(log), stderr=messages) as process:
        wait_for(lambda: lines_read(db) > 0, "the first lines")
        take_over(db)
        assert process.wait(20) == 3
    _, said = messages.read_text().splitlines()
    assert "collector" in said
    assert "Traceback" not in messages.read_text()


def test_failure_is_left_in_the_last_heartbeat(home: Path) -> None:
    db, messages = home / "one.db", home / "messages"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        process, ready = start_collector(home, db, f"--syslog={address}", stderr=messages)
        assert ready == b""
        assert process.wait(20) == 3
    last = known_health(db)
    assert last.state == "failed"
    assert last.message
    assert last.message in messages.read_text()


def test_lines_are_on_record_soon_after_they_were_written(home: Path, log: Path) -> None:
    db = home / "one.db"
    with collector(home, db, "--since=start", str(log)):
        wait_for(lambda: lines_read(db) > 0, "the first lines")
        before = lines_read(db)
        with log.open("a") as file:
            file.write(text_of(incident(2, 1)))
        wait_for(lambda: lines_read(db) > before, "the new lines", 5.0)


def take_over(db: Path) -> None:
    """What another collector does when it takes the shard, without its lock: raise the epoch."""
    import sqlite3

    with sqlite3.connect(db) as file:
        file.execute("UPDATE shards SET epoch = epoch + 1")
    file.close()


def test_viewers_go_on_with_the_next_collector(home: Path, log: Path) -> None:
    """A reader and a control that stay open see what a collector writes that was started after a clean stop."""
    db = home / "one.db"
    with collector(home, db, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(db) > 0, "the first lines")
        asyncio.run(stay_open(home, db, log, process))


async def stay_open(home: Path, db: Path, log: Path, first: "subprocess.Popen[bytes]") -> None:
    reader, control = await open_reader(db), await open_control(db)
    try:
        first.terminate()
        assert first.wait(20) == 0
        before = await reader.health()
        assert before is not None
        with log.open("a") as file:
            file.write(text_of(incident(2, 1)))
        with collector(home, db, "--since=start", str(log)):
            deadline = time.monotonic() + 20
            while (health := await reader.health()) is None or health.lines <= before.lines:
                assert time.monotonic() < deadline, "the reader is stuck with the old collector"
                await asyncio.sleep(0.05)
    finally:
        await reader.close()
        await control.close()


def test_collector_whose_state_file_is_removed_stops_and_says_so(home: Path) -> None:
    db, log, messages = home / "one.db", home / "access.log", home / "messages"
    log.write_text(text_of(incident(20, 1)))
    with collector(home, db, "--since=start", str(log), stderr=messages) as process:
        wait_for(lambda: db.with_name("one.db-wal").exists(), "a commit")
        db.unlink()
        assert process.wait(10) == 3
    said = messages.read_text()
    assert "was removed while it was in use; the collector stops" in said
    assert "Traceback" not in said
