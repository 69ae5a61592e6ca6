"""The dashboard on a real terminal: starts, shows, ends, and leaves nothing behind."""

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.logs import WALKER, incident, text_of
from tests.cli.program import collector, command, environment, is_alive, run, wait_for
from tests.cli.pseudo import Terminal, on_terminal

RESTORED = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?25h")


@contextmanager
def dashboard(home: Path, *arguments: str, stdin: int | None = None, stdout: int | None = None) -> Iterator[Terminal]:
    with on_terminal(command(*arguments), environment(home), stdin=stdin, stdout=stdout) as terminal:
        yield terminal


def collector_pid(db: Path) -> int:
    """Process id of the collector that owns a state file, 0 when none does."""
    from apiwatch.store import live_owner

    found = re.search(r"pid (\d+)", live_owner(db) or "")
    return int(found[1]) if found else 0


def quit_dashboard(terminal: Terminal) -> int:
    terminal.send("q")
    terminal.wait_for(lambda text: "Quit the dashboard?" in text, "the question")
    terminal.send("y")
    return terminal.wait_end()


def test_dashboard_shows_the_attack_and_takes_its_collector_along(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with dashboard(home, f"--db={db}", "--since=start", str(incident_log)) as terminal:
        terminal.wait_for(lambda text: WALKER in text, "the walker's alert")
        pid = collector_pid(db)
        assert is_alive(pid)
        assert quit_dashboard(terminal) == 0
        assert not is_alive(pid)
        for sequence in RESTORED:
            assert sequence in terminal.raw
    assert collector_pid(db) == 0
    assert WALKER in run(home, "alerts", "--all", f"--db={db}").stdout


def test_collector_holds_nothing_of_the_terminal(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with dashboard(home, f"--db={db}", "--since=start", str(incident_log)) as terminal:
        terminal.wait_for(lambda text: "LIVE" in text, "a live collector")
        own = Path("/proc") / str(pid := collector_pid(db))
        held = [str(path.readlink()) for path in (own / "fd").iterdir()]
        assert [name for name in held if name.startswith(("/dev/pts", "/dev/tty", "/dev/ptmx"))] == []
        assert sorted(os.path.realpath(own / "fd" / number) for number in "012") == [
            os.devnull, *2 * [str(db.with_name("one.db.collector.log"))]
        ]  # fmt: skip
        assert os.getsid(pid) == pid
        assert stat.S_IMODE(db.with_name("one.db.collector.log").stat().st_mode) == 0o600
        assert (own / "comm").read_text().strip() == "apiwatch collec"
        assert quit_dashboard(terminal) == 0


def test_killed_collector_is_seen_within_seconds(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with dashboard(home, f"--db={db}", "--since=start", str(incident_log)) as terminal:
        terminal.wait_for(lambda text: "LIVE" in text, "a live collector")
        os.kill(collector_pid(db), signal.SIGKILL)
        terminal.wait_for(lambda text: "STALE" in text, "STALE", deadline_s=4.0)
        assert quit_dashboard(terminal) == 1
        assert b"SIGKILL" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_collector_ends_with_its_dashboard(home: Path, incident_log: Path, number: signal.Signals) -> None:
    db = home / "one.db"
    with dashboard(home, f"--db={db}", "--since=start", str(incident_log)) as terminal:
        terminal.wait_for(lambda text: "LIVE" in text, "a live collector")
        pid = collector_pid(db)
        terminal.kill(number)
        code = terminal.wait_end()
        wait_for(lambda: not is_alive(pid), "the end of the collector", 10.0)
        if number != signal.SIGKILL:
            assert code == 0
            for sequence in RESTORED:
                assert sequence in terminal.raw


def test_log_on_standard_input_and_keys_from_the_terminal(home: Path) -> None:
    db = home / "one.db"
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        with dashboard(home, f"--db={db}", "-", stdin=server.stdout.fileno()) as terminal:
            server.stdin.write(text_of(incident()).encode())
            server.stdin.flush()
            terminal.wait_for(lambda text: WALKER in text, "the walker's alert")
            assert quit_dashboard(terminal) == 0
        server.stdin.close()


def test_redirected_output_does_not_swallow_the_picture(home: Path, incident_log: Path) -> None:
    db, path = home / "one.db", home / "out.txt"
    with (
        path.open("wb") as out,
        dashboard(home, f"--db={db}", "--since=start", str(incident_log), stdout=out.fileno()) as terminal,
    ):
        terminal.wait_for(lambda text: WALKER in text, "the walker's alert")
        assert quit_dashboard(terminal) == 0
    assert b"\x1b" not in path.read_bytes()


def test_running_collector_is_joined_and_goes_on(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with collector(home, db, "--since=start", str(incident_log)) as running:
        for arguments in ([str(incident_log)], ["attach"]):
            with dashboard(home, *arguments, f"--db={db}") as terminal:
                terminal.wait_for(lambda text: WALKER in text, "the walker's alert")
                assert quit_dashboard(terminal) == 0
            assert running.poll() is None


def test_collector_that_cannot_start_says_why(home: Path) -> None:
    db = home / "foreign.db"
    db.write_text("Dear diary,\n" * 100)
    log = home / "access.log"
    log.write_text(text_of(incident(10, 1)))
    with dashboard(home, f"--db={db}", str(log)) as terminal:
        assert terminal.wait_end() == 3
        assert "foreign.db" in terminal.text.replace("\n", "")
        assert b"\x1b[?1049h" not in terminal.raw
    assert db.read_text().startswith("Dear diary")


def test_dumb_terminal_is_refused(home: Path, incident_log: Path) -> None:
    with on_terminal(command(str(incident_log)), environment(home, TERM="dumb")) as terminal:
        assert terminal.wait_end() == 2
        assert "apiwatch collect" in terminal.text.replace("\n", "")


def test_demo_raises_alerts_within_seconds_and_leaves_nothing(home: Path) -> None:
    own = home / "tmp"
    own.mkdir()
    with on_terminal(command("demo"), environment(home, TMPDIR=str(own)), columns=120, rows=40) as terminal:
        terminal.wait_for(lambda text: "enumeration" in text or "CRIT" in text or "HIGH" in text, "an alert", 25.0)
        assert quit_dashboard(terminal) == 0
    assert list(own.iterdir()) == []
