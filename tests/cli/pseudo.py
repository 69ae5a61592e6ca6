"""A real pseudo-terminal around the program, seen through pyte."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pyte

DEADLINE_S = 30.0


class Terminal:
    """One program on its own terminal; it is the leader of the session."""

    def __init__(self, pid: int, master: int, columns: int, rows: int) -> None:
        self.pid = pid
        self.raw = b""
        """All bytes that it wrote."""
        self._master = master
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._code: int | None = None

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._screen.display)

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, condition: Callable[[str], bool], what: str, deadline_s: float = DEADLINE_S) -> str:
        """Read until the condition holds for the text on the screen; returns that text."""
        end = time.monotonic() + deadline_s
        while not condition(self.text):
            left = end - time.monotonic()
            assert left > 0, f"waited {deadline_s} s for {what}; the screen shows:\n{self.text}"
            assert self._read(min(left, 0.2)) or not self._gone(), f"it ended before {what}:\n{self.text}"
        return self.text

    def wait_end(self, deadline_s: float = DEADLINE_S) -> int:
        """Read until it has ended; its exit code, or minus the signal."""
        end = time.monotonic() + deadline_s
        while not self._gone():
            assert time.monotonic() < end, f"it did not end within {deadline_s} s; the screen shows:\n{self.text}"
            self._read(0.05)
        while self._read(0.05):
            pass
        assert self._code is not None
        return self._code

    def kill(self, number: int) -> None:
        os.kill(self.pid, number)

    def close(self) -> None:
        if not self._gone():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)

    def _gone(self) -> bool:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    def _read(self, seconds: float) -> bool:
        readable, _, _ = select.select([self._master], [], [], seconds)
        if not readable:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            time.sleep(0.01)
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


@contextmanager
def on_terminal(
    arguments: Sequence[str],
    environment: dict[str, str],
    *,
    columns: int = 100,
    rows: int = 30,
    stdin: int | None = None,
    stdout: int | None = None,
) -> Iterator[Terminal]:
    """Start a program on a new terminal; `stdin` and `stdout` replace the terminal on these descriptors."""
    pid, master = pty.fork()
    if pid == 0:
        try:
            for given, descriptor in ((stdin, 0), (stdout, 1)):
                if given is not None:
                    os.dup2(given, descriptor)
            os.execve(arguments[0], list(arguments), environment)  # noqa: S606  our own program
        finally:
            os._exit(127)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    terminal = Terminal(pid, master, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()
