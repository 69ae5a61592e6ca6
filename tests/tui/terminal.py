"""A program in a real pty, with a terminal emulator on the other end."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import pyte

ROOT = Path(__file__).parents[2]
PAINT_S = 0.02
"""Within which the rest of a picture comes: a pty holds 4 KiB, a picture may be more."""


class Terminal:
    """Runs `python -m tests.tui.program ARGUMENTS` in a pty of a size; `raw` holds every byte it wrote."""

    def __init__(
        self,
        arguments: list[str],
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        module: str = "tests.tui.program",
    ) -> None:
        self.raw = bytearray()
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.exit_code: int | None = None
        self._open = True
        command = [sys.executable, "-m", module, *arguments]
        env = {
            key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES", "COLORTERM")
        }
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        env |= environment or {}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(ROOT)
                os.execvpe(command[0], command, env)  # noqa: S606
            finally:
                os._exit(127)
        self.resize(*size)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(AssertionError):
                self.wait_exit()
        self.hang_up()

    def resize(self, width: int, height: int) -> None:
        """Change the size as a window manager would."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)
        self.screen.reset()

    def hang_up(self) -> None:
        """Close the terminal."""
        if self._open:
            self._open = False
            os.close(self.fd)

    def keys(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def kill(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def pump(self, seconds: float) -> None:
        """Take what the program writes, for at most so long."""
        if not self._open:
            return
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if ready:
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                data = b""
            if not data:
                self._exited(0.0)
            self.raw += data
            self._stream.feed(data)

    def pump_for(self, seconds: float) -> int:
        """Take what the program writes in a span of time; gives the number of bytes."""
        before, until = len(self.raw), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.pump(left)
        return len(self.raw) - before

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.screen.display)

    def wait(self, wanted: str | Callable[[str], bool], seconds: float = 15.0) -> str:
        """Wait until the screen contains a text, or satisfies a condition, and is drawn to its end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._holds(wanted) and (not self.pump_for(PAINT_S) or self._holds(wanted)):
                return self.text
            self.pump(0.1)
        raise AssertionError(f"not on the screen: {wanted}\n{self.text}")

    def _holds(self, wanted: str | Callable[[str], bool]) -> bool:
        return wanted in self.text if isinstance(wanted, str) else wanted(self.text)

    def wait_exit(self, seconds: float = 15.0) -> int:
        """Wait until the program has ended; gives its exit code, 128 + n for a signal."""
        until = time.monotonic() + seconds
        while self.exit_code is None:
            assert time.monotonic() < until, f"still running\n{self.text}"
            self.pump(0.05)
            self._exited(0.0)
        for _ in range(20):
            before = len(self.raw)
            self.pump(0.05)
            if len(self.raw) == before:
                break
        return self.exit_code

    def _exited(self, _seconds: float) -> None:
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = code if code >= 0 else 128 - code
