"""Child processes of the dashboard: the collector, and the feeder of a demo. They end when the dashboard ends.

Each has a session of its own, so that Ctrl-C and a closing terminal do not hit it, and a lifeline: a pipe whose other
end only the dashboard holds. When the dashboard dies, even by SIGKILL, the pipe closes and the child stops in order.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from apiwatch.cli.forked import Forked, fork_command
from apiwatch.errors import ApiwatchError
from apiwatch.text import plain

__all__ = ["Child", "ChildFailed", "start_child", "start_collector"]

_STOP_S = 10.0
"""Seconds that a child may take to commit and checkpoint before it is killed."""

_LOG_BYTES = 1 << 20
_MODE = 0o600
"""Of its log, as of the state file beside it."""
_TAIL_BYTES = 8192


class ChildFailed(ApiwatchError):
    """A child ended at once; carries its message and its exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # each child has its own code


class Child:
    """A running child; `stop` must be called."""

    def __init__(self, process: Forked, lifeline: int, log: Path, log_start: int, name: str) -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self._log = log
        self._log_start = log_start
        self._name = name

    def code(self) -> int | None:
        """None while it lives; else its exit code, or minus the signal that killed it."""
        return self._process.code()

    def ended(self) -> str | None:
        """None while it lives; else one sentence that says how it ended."""
        code = self.code()
        if code is None:
            return None
        if code < 0:
            return f"the {self._name} was killed by {_signal_name(-code)}"
        last = self.last_line()
        if code == 0:
            return f"the {self._name} has ended{f' ({last})' if last else ''}"
        return f"the {self._name} ended with code {code}{f': {last}' if last else ''}"

    def failure(self) -> ChildFailed:
        """The error of a child that has ended, as it said it itself."""
        code = self._process.code(_STOP_S)
        last = self.last_line()
        if code is None:
            return ChildFailed(f"the {self._name} does not answer; its messages are in {self._log}", 1)
        if code <= 0 or not last:
            return ChildFailed(f"{self.ended()}; its messages are in {self._log}", code if code > 0 else 1)
        return ChildFailed(last, code)

    def last_line(self) -> str:
        """The last message that it wrote, without the program's name."""
        try:
            with self._log.open("rb") as file:
                file.seek(max(self._log_start, self._log.stat().st_size - _TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [line for line in text.splitlines() if line.strip()]
        return plain(lines[-1].removeprefix("apiwatch: ")) if lines else ""

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL when it takes longer than `_STOP_S` seconds."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        self._process.send(signal.SIGTERM)
        if self._process.code(_STOP_S) is None:
            self._process.send(signal.SIGKILL)
            self._process.code(_STOP_S)


def start_collector(
    arguments: Sequence[str], *, db: Path, stdin: int | None, meanwhile: Callable[[], None] | None = None
) -> Child:
    """Start `apiwatch collect` on a state file, and return when it has taken the file and opened its sources.

    `stdin` is the descriptor that it reads as `-`. `meanwhile` is called once it runs, and before it is waited for.
    Raises ChildFailed with its own message when it ends before that.
    """
    ready_read, ready_write = os.pipe()
    try:
        log = db.with_name(f"{db.name}.collector.log")
        child = start_child(
            ["collect", f"--ready={ready_write}", *arguments],
            name="collector",
            log=log,
            stdin=stdin,
            pass_fds=(ready_write,),
        )
        os.close(ready_write)
        ready_write = -1
        try:
            if meanwhile is not None:
                meanwhile()
            if os.read(ready_read, 16):
                return child
            raise child.failure()
        except BaseException:
            child.stop()
            raise
    finally:
        os.close(ready_read)
        if ready_write >= 0:
            os.close(ready_write)


def start_child(
    arguments: Sequence[str],
    *,
    name: str,
    log: Path,
    stdin: int | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a command of this program with a lifeline; its messages go to a file. Raises ChildFailed."""
    lifeline_read, lifeline_write = os.pipe()
    try:
        with _opened_log(log) as file, Path(os.devnull).open("rb") as nothing:
            start = file.seek(0, os.SEEK_END)
            process = fork_command(
                [arguments[0], f"--lifeline={lifeline_read}", *arguments[1:]],
                stdin=nothing.fileno() if stdin is None else stdin,
                output=file.fileno(),
                keep=(lifeline_read, *pass_fds),
            )
    except BaseException as error:
        os.close(lifeline_write)
        if isinstance(error, OSError):
            raise ChildFailed(f"the {name} cannot be started: {error.strerror}", 1) from None
        raise
    finally:
        os.close(lifeline_read)
    return Child(process, lifeline_write, log, start, name)


def _opened_log(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        with contextlib.suppress(OSError):
            os.fchmod(handle, _MODE)
        return os.fdopen(handle, "ab")
    except OSError as error:
        raise ChildFailed(
            f"{plain(str(path))} cannot be written: {error.strerror}; name a state file with --db", 3
        ) from None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
