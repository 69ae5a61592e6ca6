"""A collector of this machine whose process is gone is known at once; a silent one is not accused."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from apiwatch.tui.owner import SILENT_S, holder, vanished
from tests.tui import fakes

HERE = f"oncall@{socket.gethostname()}"
LATE = fakes.NOW - SILENT_S - 0.1


def ended_pid() -> int:
    """Id of a process that has just ended and been waited for."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
        return process.pid


def test_process_that_is_gone_is_named() -> None:
    pid = ended_pid()
    said = vanished(fakes.health(pid=pid, owner=HERE, heartbeat=LATE), fakes.NOW)
    assert said is not None
    assert f"(pid {pid}) has died" in said


def test_living_process_is_only_silent() -> None:
    assert vanished(fakes.health(pid=os.getpid(), owner=HERE, heartbeat=LATE), fakes.NOW) is None


def test_process_of_another_user_lives() -> None:
    assert vanished(fakes.health(pid=1, owner=HERE, heartbeat=LATE), fakes.NOW) is None


def test_recent_heartbeat_is_believed() -> None:
    assert vanished(fakes.health(pid=ended_pid(), owner=HERE, heartbeat=fakes.NOW - 0.5), fakes.NOW) is None


def test_who_keeps_the_collector_from_writing_is_named(tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA journal_mode=WAL');"
        "c.execute('CREATE TABLE t (x)'); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); input()"
    )
    assert holder(str(db), 1) == holder(None, 1) == ""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(str(db), 1) == f"{Path(f'/proc/{process.pid}/comm').read_text().strip()} (pid {process.pid})"
        assert holder(str(db), process.pid) == "", "the collector itself"
        process.communicate("\n")
    assert holder(str(db), 1) == ""


def test_other_hosts_are_not_judged() -> None:
    assert vanished(fakes.health(pid=ended_pid(), owner="oncall@elsewhere", heartbeat=LATE), fakes.NOW) is None


def test_an_ordered_end_is_told_by_the_state() -> None:
    assert vanished(fakes.health(pid=ended_pid(), owner=HERE, heartbeat=LATE, state="stopped"), fakes.NOW) is None
