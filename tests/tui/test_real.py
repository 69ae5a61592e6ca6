"""The real program in a real terminal: log, collector, store, detectors, guard, file; nothing is faked."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.tui import hostile
from tests.tui.terminal import ROOT, Terminal
from tests.tui.test_pty import assert_restored, words

WALKER = "203.0.113.7"


def at_end(text: str) -> bool:
    """A document is scrolled to its last line."""
    return re.search(r"lines \d+-(\d+) of \1 ", text) is not None


def stamp(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def walk(now: float, path: str = "/api/orders/{}", agent: str = "python-httpx/0.27") -> bytes:
    """Some ordinary users, and one who reads 60 object ids in a row."""
    lines: list[str] = []
    for number in range(300):
        when = stamp(now - 300 + number)
        user, item = f"198.51.100.{number % 40 + 1}", (number * 37) % 12 + 500
        lines.append(f'{user} - - [{when}] "GET /api/orders/{item} HTTP/1.1" 200 512 "-" "Mozilla/5.0"')
        if number >= 240:
            target = path.format(1_000_000 + number)
            lines.append(f'{WALKER} - - [{when}] "GET {target} HTTP/1.1" 404 90 "-" "{agent}"')
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}


def watching(home: Path, *arguments: str, size: tuple[int, int] = (80, 24)) -> Terminal:
    return Terminal([*arguments, f"--db={home / 'state.db'}"], size, environment(home), module="apiwatch")


@contextmanager
def collecting(home: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A collector of its own, as a service would run it."""
    command = [sys.executable, "-m", "apiwatch", "collect", f"--db={home / 'state.db'}", "--since=start", str(log)]
    with (
        (home / "collector.log").open("wb") as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment(home)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        ) as process,
    ):
        until = time.monotonic() + 30
        while not (home / "state.db").exists():
            assert process.poll() is None, (home / "collector.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(20)


def test_an_alert_is_opened_queued_and_exported(tmp_path: Path) -> None:
    log, out = tmp_path / "access.log", tmp_path / "block.nft"
    log.write_bytes(walk(time.time()))
    with watching(tmp_path, "--since=start", str(log)) as terminal:
        terminal.wait(lambda text: WALKER in text and "[1 Alerts" in text, 40)
        terminal.keys("\r")
        terminal.wait("why its score is")
        terminal.wait("/api/orders/")
        terminal.keys("b")
        terminal.wait("Enter queue")
        terminal.keys("\r")
        terminal.wait(f"queued {WALKER}/32 for")
        terminal.wait("queued for blocking as")
        terminal.keys("B")
        terminal.wait(f"{WALKER}/32")
        terminal.wait("guard ok")
        terminal.keys("o")
        terminal.wait("Write the nftables export")
        terminal.keys(f"{out}\r")
        terminal.wait("nothing is applied yet")
        assert WALKER in out.read_text()
        terminal.keys("\x03\x03")
        assert terminal.wait_exit(30) == 0
        assert_restored(terminal)
        assert f"wrote {out}".replace(" ", "") in words(terminal).replace(" ", "")


def test_a_terminal_that_was_only_inherited_is_enough(tmp_path: Path) -> None:
    """As behind `su -c`, which takes the controlling terminal away."""
    log = tmp_path / "access.log"
    log.write_bytes(walk(time.time()))
    apart = [f"--db={tmp_path / 'state.db'}", "--since=start", str(log)]
    with Terminal(apart, (80, 24), environment(tmp_path), module="tests.tui.apart") as terminal:
        terminal.wait(lambda text: WALKER in text and "[1 Alerts" in text, 40)
        terminal.keys("\x03\x03")
        assert terminal.wait_exit(30) == 0
        assert_restored(terminal)


def test_a_hostile_log_reaches_the_terminal_on_no_view(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    text = hostile.TEXT.replace("\n", "").replace("\r", "").replace('"', "")
    lines = walk(time.time(), "/api/[red]orders[/x]" + text[:400] + "/{}", text[:600] + "\u202e")
    log.write_bytes(lines + b"\x1b[2J\x9b not a log line \xff\xfe \x00\n" + b"A" * 70_000 + b"\n")
    with watching(tmp_path, "--since=start", str(log)) as terminal:
        terminal.wait(lambda text: WALKER in text, 40)
        terminal.keys("1")
        terminal.wait("[1 Alerts(")
        for key, wanted in (
            ("2", "[2 Clients]"),
            ("3", "[3 Routes"),
            ("4", "[4 Auth"),
            ("1", "[1 Alerts("),
            ("d", "lines 1-"),
            ("G", "end"),
            ("\x1b", "[1 Alerts("),
            ("l", "original lines of"),
            ("\x1b", "[1 Alerts("),
            ("\r", "lines 1-"),
            ("G", "end"),
            ("b", "Enter queue"),
            ("\r", "queued"),
            ("\x1b", "[1 Alerts("),
            ("8", "[8 S"),
            ("\r", "lines that match no format"),
            ("\x1b", "[8 S"),
            ("1", "[1 Alerts("),
            ("B", "[7 Block"),
            ("?", "on this screen"),
        ):
            terminal.keys(key)
            terminal.wait(at_end if wanted == "end" else wanted)
        raw = bytes(terminal.raw)
        for wrong in hostile.FORBIDDEN:
            assert wrong.encode("utf-8", "surrogatepass") not in raw, repr(wrong)
        assert b"\\x1b" in raw


def test_a_log_that_shows_the_proxy_is_told_until_it_shows_a_client(tmp_path: Path) -> None:
    log, now = tmp_path / "access.log", time.time()
    proxied = (f'10.0.0.5 - - [{stamp(now - 250 + n)}] "GET /about HTTP/1.1" 200 9 "-" "-"\n' for n in range(240))
    log.write_text("".join(proxied) + "GET|/x|200\n" * 40)
    with watching(tmp_path, "--since=start", str(log)) as terminal:
        terminal.wait("the log shows the proxy instead of the clients;", 40)
        terminal.wait("--trusted-proxy 10.0.0.5")
        terminal.keys("8")
        terminal.wait("(1!)]")
        terminal.wait("every request comes from 10.0.0.5")
        terminal.wait("14% of its lines (40 of 280) match no format")
        terminal.keys("\r")
        terminal.wait("lines that match no format, the first 20 of 40")
        with log.open("a") as file:
            file.write(f'{WALKER} - - [{stamp(now)}] "GET /about HTTP/1.1" 200 9 "-" "-"\n')
        terminal.wait(lambda text: "241 requests" in text and "10.0.0.5" not in text)
        terminal.keys("\x1b")
        terminal.wait("(1!)]")
        terminal.keys("2")
        terminal.wait("[2 Clients]")


def test_a_killed_collector_is_stale_on_an_attached_dashboard_within_two_seconds(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(walk(time.time()))
    with collecting(tmp_path, log) as collector, watching(tmp_path, "attach") as terminal:
        terminal.wait(lambda text: "LIVE" in text and WALKER in text, 40)
        terminal.pump_for(1.0)
        os.kill(collector.pid, signal.SIGKILL)
        collector.wait()
        began = time.monotonic()
        terminal.wait("STALE", 10)
        sys.stdout.write(f"STALE was shown {time.monotonic() - began:.2f} s after the collector was killed\n")
        assert WALKER in terminal.wait("has died; start it again with")
        terminal.keys("q")
        terminal.wait("the collector has ended already")
        terminal.keys("y")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_a_small_terminal_that_grows(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(walk(time.time()))
    with watching(tmp_path, "--since=start", str(log), size=(59, 14)) as terminal:
        terminal.wait("needs 60x15", 40)
        terminal.resize(120, 40)
        terminal.wait(lambda text: "window 5m" in text and WALKER in text, 40)
        terminal.resize(80, 24)
        terminal.wait(lambda text: re.search(r"\[[12] (Alerts|Clients)", text) is not None)
        terminal.kill(signal.SIGTERM)
        assert terminal.wait_exit(30) == 0
        assert_restored(terminal)
        assert "ended by SIGTERM; the collector stops cleanly" in words(terminal)


def test_a_log_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with watching(tmp_path, "--since=start", str(log)) as terminal:
        terminal.wait("NO DATA", 40)
        terminal.wait("nothing read yet. Watching:")
        log.write_bytes(walk(time.time()))
        terminal.wait(lambda text: "LIVE" in text and WALKER in text, 40)
