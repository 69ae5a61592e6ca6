"""Random life of a log file: every complete line is delivered exactly once, over restarts too.

The limits of what can be had are built into the model: a file is looked at once, with a line in it, before it is
truncated or deleted (content that was never seen cannot be told from the next one), and no line is written between the
copy and the truncation of a copytruncate.
"""

import gzip
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import IO

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.sources.fileset import FileSet
from apiwatch.sources.options import Reading
from apiwatch.sources.seek import Since
from tests.sources.kit import time_of

READING = Reading(
    follow=True, poll_interval=0.001, line_bytes=400, batch_lines=3, time_of=time_of, clock=lambda: 1_000.0
)
OPERATIONS = ("append", "append", "partial", "read", "read", "rename", "copytruncate", "delete", "compress", "restart")


class Life:
    """A log, its writer and its reader."""

    def __init__(self, directory: Path, pattern: str) -> None:
        self.log = directory / "access.log"
        self.pattern = str(directory / pattern)
        self.written: list[bytes] = []
        self.read: list[bytes] = []
        self.offsets: dict[str, str] = {}
        self.number = 0
        self.partial = b""
        self.began = 0
        self.writer: IO[bytes] = self.log.open("ab", buffering=0)
        self.files = self._open()

    def _open(self) -> FileSet:
        files = FileSet([self.pattern], READING, Since(None, "start"), self.offsets)
        files.open()
        return files

    def _line(self) -> bytes:
        self.number += 1
        return f"line {self.number} t={self.number} ".encode() + b"x" * (self.number * 37 % 120)

    def step(self) -> None:
        for batch in self.files.step():
            self.read += batch.lines
            self.offsets[batch.source] = batch.next

    def settle(self) -> None:
        """Read until all complete lines are there (or the deadline shows that they never will be)."""
        end = time.monotonic() + 2.0
        while len(self.read) < len(self.written) and time.monotonic() < end:
            self.step()

    def do(self, operation: str) -> None:
        getattr(self, f"do_{operation}")()

    def do_append(self) -> None:
        for _ in range(1 + self.number % 5):
            self.written.append(self.partial + self._line() if not self.partial else self.partial)
            self.writer.write((b"" if self.partial else self.written[-1]) + b"\n")
            self.partial = b""

    def do_partial(self) -> None:
        if not self.partial:
            self.partial = self._line()
            self.writer.write(self.partial)

    def do_read(self) -> None:
        self.step()

    @property
    def fresh(self) -> bool:
        """Whether no line of the present file has been read yet."""
        return len(self.read) <= self.began

    def _look(self) -> None:
        """Let the reader see this file at least once, so that it is not unknown when it goes away."""
        if self.fresh:
            if self.log.stat().st_size == 0 or (self.partial and self.log.stat().st_size == len(self.partial)):
                self.do_append()
            self.settle()

    def _left_behind(self) -> None:
        if self.partial:
            self.written.append(self.partial)
            self.partial = b""

    def _shift(self) -> None:
        directory = self.log.parent
        for number in range(30, 0, -1):
            for suffix in ("", ".gz"):
                old = directory / f"access.log.{number}{suffix}"
                if old.exists():
                    old.rename(directory / f"access.log.{number + 1}{suffix}")

    def do_rename(self) -> None:
        self._look()
        self._left_behind()
        self._shift()
        self.log.rename(self.log.with_name("access.log.1"))
        self.writer.close()
        self.writer = self.log.open("ab", buffering=0)
        self.began = len(self.written)

    def do_copytruncate(self) -> None:
        self._look()
        self._left_behind()
        self._shift()
        shutil.copyfile(self.log, self.log.with_name("access.log.1"))
        os.truncate(self.log, 0)
        self.began = len(self.written)

    def do_delete(self) -> None:
        self._look()
        self._left_behind()
        self.step()
        self.log.unlink()
        self.writer.close()
        self.writer = self.log.open("ab", buffering=0)
        self.settle()
        self.began = len(self.written)

    def do_compress(self) -> None:
        old = self.log.with_name("access.log.1")
        if old.exists():
            old.with_name("access.log.1.gz").write_bytes(gzip.compress(old.read_bytes(), 1))
            old.unlink()

    def do_restart(self) -> None:
        self.files.close()
        self.files = self._open()

    def close(self) -> None:
        self.files.close()
        self.writer.close()


@given(
    operations=st.lists(st.sampled_from(OPERATIONS), max_size=25),
    pattern=st.sampled_from(["access.log", "access.log*"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_complete_line_is_delivered_exactly_once(operations: list[str], pattern: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        life = Life(Path(directory), pattern)
        try:
            for operation in operations:
                life.do(operation)
            life.do_append()
            life.settle()
            life.do_append()
            life.settle()
            assert Counter(life.read) - Counter(life.written) == Counter(), "twice, or never written"
            assert Counter(life.written) - Counter(life.read) == Counter(), "lost"
        finally:
            life.close()
