"""What rsyslogd writes to files and journalctl prints, and what comes out of it."""

import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwatch.formats.envelopes import Envelopes, Peeled
from tests.formats.kit import CLOCK, TIME

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin:/lib/systemd:/usr/lib/systemd"
LINES = [
    f'192.0.2.7 - - [{CLOCK}] "GET /a?b=[1]:2 HTTP/1.1" 200 12 "-" "curl/8 (x; \\"y\\")"',
    f'2001:db8::7 - alice [{CLOCK}] "GET /q\\"u\\\\o HTTP/1.1" 404 -',
    '{"time":"2026-11-24T03:10:54Z","remote_addr":"203.0.113.7","request":"GET / HTTP/1.1","status":200}',
]


def program(name: str) -> str:
    """Its path; the test is skipped when it is not installed."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def peeled(line: str) -> Peeled:
    found = Envelopes().peel(line)
    assert found is not None, line
    return found


RSYSLOG = """
global(workDirectory="{directory}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{directory}/socket" Annotate="off")
{actions}
"""
TEMPLATES = {
    "RSYSLOG_TraditionalFileFormat": False,
    "RSYSLOG_FileFormat": True,
    "RSYSLOG_SyslogProtocol23Format": True,
}
"""Template -> whether its times have a zone."""


def test_files_of_rsyslogd(tmp_path: Path) -> None:
    rsyslogd, logger = program("rsyslogd"), program("logger")
    actions = "\n".join(
        f'action(type="omfile" File="{tmp_path}/{template}" Template="{template}" asyncWriting="off")'
        for template in TEMPLATES
    )
    settings = tmp_path / "rsyslog.conf"
    settings.write_text(RSYSLOG.format(directory=tmp_path, actions=actions))
    with (tmp_path / "output").open("wb") as output:
        daemon = subprocess.Popen(
            [rsyslogd, "-n", "-f", str(settings), "-i", str(tmp_path / "pid")], stdout=output, stderr=output
        )
    try:
        wait_for(daemon, lambda: (tmp_path / "socket").exists())
        for number, line in enumerate(LINES):
            identity = ["-t", "nginx", f"--id={number + 70}"] if number else ["-t", "web/nginx"]
            subprocess.run([logger, "-u", str(tmp_path / "socket"), *identity, "--", line], check=True)
        wait_for(daemon, lambda: all(len(written(tmp_path / template)) >= len(LINES) for template in TEMPLATES))
    finally:
        daemon.terminate()
        daemon.wait(timeout=10)
    now = time.time()
    for template, zoned in TEMPLATES.items():
        found = [peeled(line) for line in written(tmp_path / template)]
        assert [each.text for each in found if each.text in LINES] == LINES, template
        for each in found:
            assert (each.moment is not None) == zoned
            assert each.moment is None or abs(each.moment[0] - now) < 60


def written(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def wait_for(daemon: "subprocess.Popen[bytes]", done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert daemon.poll() is None, "rsyslogd has ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def journal(directory: Path, *entries: list[bytes]) -> Path:
    """A journal with one entry for each list of messages."""
    remote = program("systemd-journal-remote")
    exported = b""
    for number, messages in enumerate(entries):
        exported += (
            f"__CURSOR=c{number}\n__REALTIME_TIMESTAMP={int(TIME * 1e6) + 250_000}\n__MONOTONIC_TIMESTAMP={number}\n"
            f"_BOOT_ID={1:032x}\n_HOSTNAME=web-0\nPRIORITY=6\nSYSLOG_IDENTIFIER=nginx\n_PID=12\n"
        ).encode()
        for message in messages:
            exported += b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n"
        exported += b"\n"
    (directory / "exported").write_bytes(exported)
    subprocess.run(
        [remote, f"--output={directory}/x.journal", str(directory / "exported")], check=True, capture_output=True
    )
    return directory / "x.journal"


def printed(path: Path, *options: str) -> list[str]:
    journalctl = program("journalctl")
    command = [journalctl, "--file", str(path), "--no-pager", "--quiet", "--utc", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def test_json_of_journalctl(tmp_path: Path) -> None:
    odd = b"caf\xc3\xa9 \x1b[0m \xff"
    path = journal(tmp_path, *([line.encode()] for line in LINES), [odd], [b"one", b"two"], [b"x" * 5_000])
    lines = printed(path, "-o", "json")
    found = [peeled(line) for line in lines[:5]]
    assert [each.text for each in found] == [*LINES, odd.decode("utf-8", "surrogateescape"), "one"]
    assert all(each.moment == (TIME + 0.25, 0) for each in found)
    assert json.loads(lines[5])["MESSAGE"] is None
    assert Envelopes().peel(lines[5]) is None
    assert peeled(printed(path, "-o", "json", "--all")[5]).text == "x" * 5_000


@pytest.mark.parametrize(
    "style", ["short", "short-precise", "short-iso", "short-iso-precise", "short-full", "short-unix", "with-unit"]
)
def test_text_of_journalctl(tmp_path: Path, style: str) -> None:
    lines = printed(journal(tmp_path, *([line.encode()] for line in LINES)), "-o", style)
    found = [peeled(line) for line in lines]
    assert [each.text for each in found] == LINES
    told = style not in {"short", "short-precise"}
    assert all((each.moment is not None and int(each.moment[0]) == TIME) == told for each in found)
