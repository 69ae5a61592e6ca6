"""A collector of this machine whose process is gone is known at once; a silent one is not accused."""

import os
import socket
import subprocess

from apiwatch.tui.owner import SILENT_S, vanished
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


def test_other_hosts_are_not_judged() -> None:
    assert vanished(fakes.health(pid=ended_pid(), owner="oncall@elsewhere", heartbeat=LATE), fakes.NOW) is None


def test_an_ordered_end_is_told_by_the_state() -> None:
    assert vanished(fakes.health(pid=ended_pid(), owner=HERE, heartbeat=LATE, state="stopped"), fakes.NOW) is None
