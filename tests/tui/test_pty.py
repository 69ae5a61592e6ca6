"""The dashboard in a real terminal: whatever ends it, the terminal is given back and a sentence says why."""

import os
import re
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.cli.pseudo import on_terminal
from tests.tui import hostile
from tests.tui.terminal import ROOT, Terminal

RESTORED = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?25h")
FULL, MOUSE_ON = b"\x1b[?1049h", b"\x1b[?1000h"
COLOUR = re.compile(rb"\x1b\[[0-9;]*\b(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;|m)")


def assert_restored(terminal: Terminal) -> None:
    raw = bytes(terminal.raw)
    for sequence in RESTORED:
        assert sequence in raw
    assert raw.rindex(FULL) < raw.rindex(b"\x1b[?1049l")
    assert raw.rindex(MOUSE_ON) < raw.rindex(b"\x1b[?1000l")


def words(terminal: Terminal) -> str:
    """What was written after the screen was given back, as one line."""
    tail = bytes(terminal.raw).rpartition(b"\x1b[?1049l")[2].decode("utf-8", "replace")
    return " ".join(re.sub(r"\x1b\[[0-9;?>=]*[A-Za-z]", "", tail).split())


def start(tmp_path: Path, *arguments: str, size: tuple[int, int] = (80, 24), **environment: str) -> Terminal:
    name, *options = arguments or ("incident",)
    return Terminal([name, f"db={tmp_path / 'state.db'}", *options], size, environment)


def test_q_and_y_end_it(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("q")
        terminal.wait("Quit the dashboard?")
        terminal.keys("y")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert words(terminal) == ""
    assert list(tmp_path.glob("dashboard-*.log")) == []


def test_keys_that_are_no_text_end_nothing_and_esc_alone_goes_back(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        os.write(terminal.fd, b"\xff\xfe\xc3")
        terminal.keys("q")
        terminal.wait("Quit the dashboard?")
        terminal.keys("\x1b")
        terminal.wait(lambda text: "Quit the dashboard?" not in text)
        terminal.keys("\x1b[B")
        terminal.wait("> CRIT !!    91")
        terminal.keys("q")
        terminal.wait("Quit the dashboard?")
        terminal.keys("y")
        assert terminal.wait_exit() == 0


def test_a_command_that_is_pasted_or_typed_ahead_is_typed_whole(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys(":group net\r")
        terminal.wait("networks of the busiest clients")
        terminal.keys("/client:203.0.113.0/24\r")
        terminal.wait("filter: client:203.0.113.0/24")
        terminal.keys(":group none\r")
        terminal.wait(lambda text: "top 200" in text or "by score" in text)


def test_ctrl_c_twice_ends_it(tmp_path: Path) -> None:
    with start(tmp_path, "incident", "owns=yes") as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("\x03")
        terminal.wait("the collector stops cleanly")
        terminal.keys("\x03")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


UNFLUSHED = 120
"""Exit code of a Python whose standard streams were gone when it wanted to flush them."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_it_and_are_told(number: signal.Signals, tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.kill(number)
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert f"ended by {number.name}; the collector keeps running" in words(terminal)


def test_closing_terminal_ends_it(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.hang_up()
        assert terminal.wait_exit() in (0, 128 + signal.SIGHUP, UNFLUSHED)


def test_crash_in_a_screen_gives_the_terminal_back_and_names_the_log(tmp_path: Path) -> None:
    with start(tmp_path, "crash") as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("\r")
        assert terminal.wait_exit() == 1
        assert_restored(terminal)
        said = words(terminal)
        log = next(tmp_path.glob("dashboard-*.log"))
        assert "apiwatch: the dashboard crashed (TypeError" in said
        assert str(log) in said.replace(" ", "") or log.name in said
        assert "Traceback" not in said
        assert "the collector keeps running; nothing recorded is lost" in said
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "TypeError" in log.read_text()
    assert "203.0.113.7" not in log.read_text()


def test_dead_collector_is_told_while_the_picture_stays(tmp_path: Path) -> None:
    flag = tmp_path / "dead"
    with start(tmp_path, "incident", f"ended={flag}", "owns=yes") as terminal:
        terminal.wait("203.0.113.64")
        flag.touch()
        text = terminal.wait("STALE")
        assert "203.0.113.64" in text
        terminal.wait("the collector was killed by signal 9")
        terminal.keys("q")
        terminal.wait("the collector has ended already")
        terminal.keys("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_resizing_redraws_at_the_new_size(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.resize(120, 40)
        terminal.wait("window 5m")
        terminal.wait(lambda text: "WHY    walks object ids in order" in text)
        terminal.resize(59, 14)
        terminal.wait("needs 60x15")
        terminal.resize(80, 24)
        terminal.wait("[1 Alerts(5)]")
        terminal.keys("2")
        terminal.wait("[2 Clients]")


def test_a_terminal_of_59x14_gets_one_line_and_obeys_q(tmp_path: Path) -> None:
    with start(tmp_path, size=(59, 14)) as terminal:
        terminal.wait("needs 60x15")
        terminal.keys("qy")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_no_color_sends_no_colour(tmp_path: Path) -> None:
    with start(tmp_path, NO_COLOR="1") as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("\r")
        terminal.wait("why its score is 97")
        terminal.keys("\x1b")
        terminal.wait("[1 Alerts(5)]")
        terminal.keys("q")
        terminal.wait("Quit the dashboard?")
        found = COLOUR.search(bytes(terminal.raw))
        assert found is None, found
        assert re.search(rb"\x1b\[(?:[0-9;]*;)?7[;m]", bytes(terminal.raw)) is not None


def test_the_pattern_for_colours_finds_them(tmp_path: Path) -> None:
    with start(tmp_path, NO_COLOR="") as terminal:
        terminal.wait("203.0.113.64")
        assert COLOUR.search(bytes(terminal.raw)) is not None


def test_ascii_sends_no_byte_above_127(tmp_path: Path) -> None:
    with start(tmp_path, "hostile", "ascii=yes", size=(120, 40)) as terminal:
        terminal.wait("CRIT !!")
        for key in ("\r", "\x1b", "B", "\x1b", "?", "\x1b", "s"):
            terminal.keys(key)
            terminal.pump_for(0.3)
        terminal.wait("alerts by")
        assert max(terminal.raw) < 0x80


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    with start(tmp_path, "hostile") as terminal:
        terminal.wait("CRIT !!")
        for key, wanted in (
            ("2", "[2 Clients]"),
            ("3", "[3 Routes"),
            ("0", "[0 "),
            ("4", "[4 Auth"),
            ("1", "[1 Alerts"),
            ("\r", "lines 1-"),
            ("\x1b", "[1 Alerts"),
            ("d", "why:"),
            ("\x1b", "[1 Alerts"),
            ("l", "original lines"),
            ("\x1b", "[1 Alerts"),
            ("B", "[7 Block"),
            ("\x1b", "[1 Alerts"),
            ("b", "refused"),
            ("?", "on this screen"),
            ("G", "messages"),
        ):
            terminal.keys(key)
            terminal.wait(wanted)
        raw = bytes(terminal.raw)
        for wrong in hostile.FORBIDDEN:
            assert wrong.encode("utf-8", "surrogatepass") not in raw, repr(wrong)
        assert b"\\x1b]52" in raw


def test_mouse_selects(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("\x1b[<0;20;9M\x1b[<0;20;9m")
        terminal.wait(lambda text: any(line.startswith("> HIGH !     74") for line in text.splitlines()))


def test_columns_stand_below_each_other_whatever_is_written_in_them(tmp_path: Path) -> None:
    pictures = []
    for name in ("narrow", "wide"):
        with start(tmp_path, name, "clock=frozen", size=(120, 40)) as terminal:
            terminal.wait("CRIT !!")
            while terminal.pump_for(0.5):
                pass
            pictures.append([[terminal.screen.buffer[y][x].data for x in range(120)] for y in range(40)])
            assert b"\x1b[8l" in terminal.raw
            terminal.keys("\x03\x03")
            assert terminal.wait_exit() == 0
            assert terminal.raw.rindex(b"\x1b[8h") > terminal.raw.rindex(b"\x1b[8l")
    narrow, wide = pictures
    assert sum(len(cell) == 1 and not cell.isascii() and cell.isalpha() for row in wide for cell in row) > 100
    for one, other in zip(narrow, wide, strict=True):
        cells = [(a, b) for a, b in zip(one, other, strict=True) if a.isalnum() or (b.isascii() and b.isalnum())]
        assert [a for a, _ in cells] == [b for _, b in cells], "".join(other)


@pytest.mark.parametrize("end", ["hang up", "SIGTERM"])
def test_a_terminal_that_takes_nothing_keeps_nobody(end: str, tmp_path: Path) -> None:
    """As behind a broken connection: what is drawn fills the terminal's queue, for nobody reads it."""
    with start(tmp_path, size=(200, 60)) as terminal:
        terminal.wait("203.0.113.64")
        for key in "1234567812345678":
            terminal.keys(key)
            time.sleep(0.1)
        if end == "hang up":
            terminal.hang_up()
        else:
            terminal.kill(signal.SIGTERM)
        began = time.monotonic()
        while os.waitpid(terminal.pid, os.WNOHANG) == (0, 0):
            assert time.monotonic() - began < 15, "it waits for the terminal"
            time.sleep(0.05)
        terminal.exit_code = 0


def test_a_pasted_log_line_types_text_and_presses_no_key(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys("a")
        terminal.wait("Enter acknowledge")
        terminal.keys("\x1b[200~abc \x1b[31mdef\rghi\x1b[201~")
        terminal.wait("abc [31mdef")
        assert "Enter acknowledge" in terminal.text


def wait_stopped(terminal: Terminal) -> None:
    """Wait until it has stopped, and leave nothing of its picture, as the shell might."""
    until = time.monotonic() + 15
    while os.waitid(os.P_PID, terminal.pid, os.WSTOPPED | os.WNOHANG) is None:
        assert time.monotonic() < until, "it does not stop"
        terminal.pump(0.01)
    terminal.pump_for(0.05)
    terminal.screen.reset()


def rest(terminal: Terminal) -> str:
    """The screen, once nothing more is written."""
    while terminal.pump_for(0.5):
        pass
    return terminal.text


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
@pytest.mark.parametrize(("key", "shown"), [("", "203.0.113.64"), ("q", "Quit the dashboard?")])
def test_the_whole_screen_is_drawn_again_after_every_suspension(
    key: str, shown: str, number: signal.Signals, tmp_path: Path
) -> None:
    with start(tmp_path, "incident", "clock=frozen") as terminal:
        terminal.wait("203.0.113.64")
        terminal.keys(key)
        terminal.wait(shown)
        before = rest(terminal)
        for _ in range(5):
            terminal.kill(number)
            wait_stopped(terminal)
            terminal.kill(signal.SIGCONT)
            terminal.wait(lambda text: text == before, 5)


def test_a_size_that_changed_during_a_suspension_is_drawn_whole(tmp_path: Path) -> None:
    with start(tmp_path, "incident", "clock=frozen") as terminal:
        for size in ((160, 45), (80, 24)):
            terminal.wait("203.0.113.64")
            terminal.keys("\x1a")
            wait_stopped(terminal)
            terminal.resize(*size)
            terminal.kill(signal.SIGCONT)
            resumed = rest(terminal)
            assert "203.0.113.64" in resumed
            terminal.keys("\x0c")
            assert rest(terminal) == resumed


def test_sigcont_alone_does_not_take_the_terminal_twice(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.wait("203.0.113.64")
        terminal.kill(signal.SIGCONT)
        terminal.keys("qy")
        assert terminal.wait_exit() == 0
        assert bytes(terminal.raw).count(FULL) == 1


def test_in_a_shell_fg_brings_it_back_also_after_bg(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "PS1": "$ ", "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(ROOT)
    with on_terminal(["/bin/bash", "--norc", "--noprofile", "-i"], environment) as terminal:
        terminal.send(f"cd {ROOT}; {sys.executable} -m tests.tui.program incident db={tmp_path}/x clock=frozen\n")
        terminal.wait_for(lambda text: "203.0.113.64" in text, "the dashboard")
        for commands in (("fg",), ("bg", "fg"), ("bg", "bg", "fg")):
            terminal.send("\x1a")
            terminal.wait_for(lambda text: "Stopped" in text, "the shell")
            for command in commands:
                terminal.send(f"clear; {command}\n")
                time.sleep(0.5)
            terminal.wait_for(lambda text: "[1 Alerts(5)]" in text and "203.0.113.64" in text, " ".join(commands))
            terminal.send("2")
            terminal.wait_for(lambda text: "[2 Clients]" in text, "a key")
            terminal.send("1")
            terminal.wait_for(lambda text: "[1 Alerts(5)]" in text, "a key")
