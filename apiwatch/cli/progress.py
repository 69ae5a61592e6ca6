"""What the commands that read whole logs say while they read, and when nothing could be read."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apiwatch.errors import InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.collector import Progress

__all__ = ["ProgressLine", "require_requests"]


class ProgressLine:
    """One line on a terminal's standard error that is written over; nothing anywhere else."""

    def __init__(self, started: float) -> None:
        self._started = started
        """Monotonic seconds."""
        self._shown = sys.stderr.isatty()

    def show(self, progress: "Progress") -> None:
        """Say how far it is."""
        if self._shown:
            elapsed = time.monotonic() - self._started
            text = (
                f"\r{progress.lines} lines, {progress.read_bytes / 1e6:.0f} MB, "
                f"{progress.lines / elapsed:.0f} lines/s, {progress.alerts} alerts "
            )
            print(text, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room for results."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def require_requests(totals: "Progress", wanted: Sequence[str], since: str) -> None:
    """Say what was wrong with the input; raise InputError when nothing of it could be used."""
    from apiwatch.cli.output import say

    if not totals.requests and totals.problem:
        raise InputError(totals.problem)
    if totals.problem:
        say(totals.problem)
    if totals.proxy:
        say(totals.proxy)
    if totals.requests or totals.copies or (totals.resumed and not totals.lines):
        return
    names = plain(", ".join(wanted))
    if not totals.lines and since != "start":
        raise InputError(f"{names} holds no line that is newer than --since {plain(since)}")
    what = "holds no line" if not totals.lines else "holds no line that is an access-log record"
    raise InputError(f"{names} {what}; `apiwatch parse --explain` shows how far its lines are understood")
