"""A program in a real pty: what it writes, when, and what it costs. Nothing is drawn, so that counting costs little."""

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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

__all__ = ["ROOT", "Counted", "Usage", "dashboard", "percentile"]

ROOT = Path(__file__).parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PAUSE_S = 0.005
"""Silence after which the next byte begins another frame."""


class Usage(NamedTuple):
    """What a program did in a span of time."""

    seconds: float
    written: int
    """Bytes to the terminal."""
    frames: int
    processor: float
    """Seconds of processor time, user and system, of all its threads."""

    @property
    def kib_per_s(self) -> float:
        """KiB per second to the terminal."""
        return self.written / 1024 / self.seconds

    @property
    def share(self) -> float:
        """Percent of one core."""
        return 100 * self.processor / self.seconds


class Counted:
    """Runs a program in a pty of (columns, rows); ends it when the `with` block ends."""

    def __init__(self, words: Sequence[str], size: tuple[int, int], home: Path) -> None:
        self.begun = time.perf_counter()
        self.raw = bytearray()
        self.frames = 0
        self._last = 0.0
        environment = {
            "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color",
            "COLORTERM": "truecolor", "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home),
        }  # fmt: skip
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
                os.chdir(ROOT)
                os.execvpe(words[0], list(words), environment)  # noqa: S606
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def __enter__(self) -> "Counted":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + 10.0
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            self.read(0.05)
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.fd, keys.encode())

    def read(self, seconds: float) -> bytes:
        """What it writes next, waiting at most so long; b'' when it is silent."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            data = os.read(self.fd, 65_536)
            now = time.perf_counter()
            self.frames += now - self._last > _PAUSE_S
            self._last = now
            self.raw += data
            return data
        time.sleep(seconds)
        return b""

    def wait_for(self, *wanted: bytes, seconds: float = 30.0) -> float:
        """Read until all of these bytes have been written; gives the seconds since the start of the program."""
        until = time.perf_counter() + seconds
        while not all(each in self.raw for each in wanted):
            if time.perf_counter() > until:
                sys.exit(f"{wanted!r} was not written; it ends with {bytes(self.raw[-300:])!r}")
            self.read(0.05)
        return time.perf_counter() - self.begun

    def quiet(self, seconds: float, longest: float = 10.0) -> None:
        """Read until it has been silent for so long."""
        until = time.perf_counter() + longest
        while self.read(seconds) and time.perf_counter() < until:
            pass

    @property
    def processor(self) -> float:
        """Seconds of processor time so far, of all threads that live: from the scheduler, which counts nanoseconds."""
        spent = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                spent += int((thread / "schedstat").read_text().split()[0])
        return spent / 1e9

    @property
    def resident(self) -> int:
        """Bytes of memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


def measure(programs: Sequence[Counted], seconds: float) -> list[Usage]:
    """What programs that run side by side do in a span of time."""
    before = [(len(each.raw), each.frames, each.processor) for each in programs]
    begin = time.perf_counter()
    of = {each.fd: each for each in programs}
    while (left := begin + seconds - time.perf_counter()) > 0:
        for fd in select.select(list(of), [], [], left)[0]:
            of[fd].read(0)
    elapsed = time.perf_counter() - begin
    return [
        Usage(elapsed, len(each.raw) - written, each.frames - frames, each.processor - processor)
        for each, (written, frames, processor) in zip(programs, before, strict=True)
    ]


def dashboard(db: Path, *arguments: str, command: str = "attach", python: Sequence[str] = ()) -> list[str]:
    """Words that open the real dashboard on a state file."""
    return [sys.executable, *python, "-m", "apiwatch", command, f"--db={db}", *arguments]


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(part * 1000) * len(ordered) // 1000) - 1))]


def variables(home: Path) -> Mapping[str, str]:
    """Environment of a helper process that belongs to a benchmark."""
    return {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
