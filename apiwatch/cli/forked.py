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
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["Forked", "fork_command"]

_EVERY_S = 0.01
_DESCRIPTORS = 4096
_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP})
_OF_THE_PARENT: list[object] = []


class Forked:
    """The process, as its parent sees it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def code(self, seconds: float = 0.0) -> int | None:
        """Its exit code, or minus the signal that killed it; None when it still lives after so many seconds."""
        until = time.monotonic() + seconds
        while self._code is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = self.pid, 0
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
    # Whoever started us may have had it ignored, and then nobody could tell how a child ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        pid = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return Forked(pid)
    # From here on nothing of the parent's stack may be unwound: its temporary files and its terminal are not ours.
    code = 1
    try:
        _become(arguments, (stdin, output, output), keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = _run(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        os._exit(code)


def _become(arguments: Sequence[str], streams: Sequence[int], keep: Sequence[int]) -> None:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for standard, above in enumerate([fcntl.fcntl(descriptor, fcntl.F_DUPFD, 3) for descriptor in streams]):
        os.dup2(above, standard)
    for descriptor in _descriptors():
        if descriptor > 2 and descriptor not in keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    # A file of the parent that is thrown away would close a descriptor that is another's by now.
    _OF_THE_PARENT.extend((sys.stdin, sys.stdout, sys.stderr))
    gc.freeze()
    gc.enable()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  they live as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv[1:] = arguments
    with contextlib.suppress(OSError):
        # For `top` and `pgrep`; the command line stays that of the parent.
        Path("/proc/self/comm").write_text(f"apiwatch {arguments[0]}", encoding="utf-8")


def _descriptors() -> Iterable[int]:
    try:
        return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        return range(_DESCRIPTORS)


def _run(arguments: Sequence[str]) -> int:
    from apiwatch.cli.run import main

    try:
        main(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
