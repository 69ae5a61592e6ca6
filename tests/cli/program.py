"""The real program as a child process, away from the user's own files."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.forking import Forks

DEADLINE_S = 30.0


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh user whose home is `home`."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "PYTHONPATH"}}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "TERM": "xterm-256color",
        "PYTHONWARNINGS": "error",
        **more,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "apiwatch", *arguments]


def run(home: Path, *arguments: str, stdin: bytes = b"", **more: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end, without a terminal; with variables of its own in a new interpreter."""
    if not more:
        forks = Forks.of_this_process(os.getpid())
        code, out, err = forks.run(arguments, stdin, environment(home), DEADLINE_S)
        return subprocess.CompletedProcess(command(*arguments), code, out.decode("utf-8"), err.decode("utf-8"))
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        timeout=DEADLINE_S,
        env=environment(home, **more),
        start_new_session=True,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def refused(home: Path, code: int, *arguments: str, stdin: bytes = b"") -> str:
    """Run what must be refused: checks exit code, one sentence and no traceback; returns the sentence."""
    done = run(home, *arguments, stdin=stdin)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("apiwatch: "), done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    return lines[0]


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def wait_for(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Look until the condition holds; fails after the deadline."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        time.sleep(0.02)


@contextmanager
def collector(
    home: Path, db: Path, *arguments: str, stdin: int | None = None, stderr: Path | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A collector that has taken its state file and opened its sources; it is killed at the end if it still lives."""
    process, ready = start_collector(home, db, *arguments, stdin=stdin, stderr=stderr)
    try:
        assert ready == b"ready\n", stderr.read_text() if stderr is not None else "see standard error"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def start_collector(
    home: Path, db: Path, *arguments: str, stdin: int | None = None, stderr: Path | None = None
) -> "tuple[subprocess.Popen[bytes], bytes]":
    """Start a collector, and wait until it is ready (`ready`) or has ended (nothing)."""
    read_end, write_end = os.pipe()
    with (stderr or Path(os.devnull)).open("ab") as messages:
        process = subprocess.Popen(
            command("collect", f"--db={db}", f"--ready={write_end}", *arguments),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=messages,
            stderr=messages,
            pass_fds=(write_end,),
            env=environment(home),
            start_new_session=True,
        )
    os.close(write_end)
    try:
        return process, os.read(read_end, 16)
    finally:
        os.close(read_end)


def is_alive(pid: int) -> bool:
    """Whether a process that is not our child runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
