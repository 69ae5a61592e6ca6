"""A command of this program in a process that is forked from this one: what is imported already need not be again.

Half of the time that a collector needs to start would be the start of another interpreter and of its command line.
"""

import contextlib
import fcntl
import gc
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

__all__ = ["Forked", "fork_command"]

_EVERY_S = 0.01
_DESCRIPTORS = 4096


class Forked:
    """The process, as its parent sees it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def code(self, seconds: float = 0.0) -> int | None:
        """Its exit code, or minus the signal that killed it; None when it still lives after so many seconds."""
        until = time.monotonic() + seconds
        while self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= until:
                break
            else:
                time.sleep(_EVERY_S)
        return self._code

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.code() is None:
            os.kill(self.pid, number)


def fork_command(arguments: Sequence[str], *, stdin: int, output: int, keep: Sequence[int]) -> Forked:
    """Run a command in a session of its own; of this process' descriptors it has those that are named here.

    Only for a process with one thread and without an event loop. Raises OSError when no process can be made.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        return Forked(pid)
    code = 1
    try:
        _become(arguments[0], (stdin, output, output), keep)
        _run(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        # The stack of the parent is never unwound here: its temporary files and its terminal are not ours.
        os._exit(code)


def _become(name: str, streams: Sequence[int], keep: Sequence[int]) -> None:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for standard, above in enumerate([fcntl.fcntl(descriptor, fcntl.F_DUPFD, 3) for descriptor in streams]):
        os.dup2(above, standard)
    for descriptor in _descriptors():
        if descriptor > 2 and descriptor not in keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  they live as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    # A file of the parent that is found to be garbage would close a descriptor that is another's by then.
    gc.freeze()
    gc.enable()
    with contextlib.suppress(OSError):
        # For `top` and `pgrep`; the command line stays that of the parent.
        Path("/proc/self/comm").write_text(f"apiwatch {name}", encoding="utf-8")


def _descriptors() -> Iterable[int]:
    try:
        return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        return range(_DESCRIPTORS)


def _run(arguments: Sequence[str]) -> NoReturn:
    from apiwatch.cli.run import main

    try:
        main(arguments)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
