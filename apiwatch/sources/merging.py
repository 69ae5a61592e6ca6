"""The histories of several files, read once and merged in event time."""

import time
from collections.abc import Sequence

from apiwatch.model import Batch
from apiwatch.sources.tail import FileSource, Peek

__all__ = ["SPAN_SECONDS", "History"]

SPAN_SECONDS = 30.0
"""Longest event time of one batch while several histories are merged."""
_STEP_BYTES = 1 << 20


class _Group:
    """A file and its rotated siblings: one history, read oldest first."""

    def __init__(self, sources: list[FileSource]) -> None:
        self.sources = sources
        self.time: float | None = None
        """Event time of the next line; None while it is not known whether there is one."""
        self._last = float("-inf")

    def advance(self, *, timed: bool) -> Peek:
        """Find the next lines of this history."""
        while self.sources:
            peek = self.sources[0].peek()
            if peek is Peek.READY:
                when = self.sources[0].head_time() if timed else None
                self._last = self._last if when is None else when
                self.time = self._last
                return peek
            if peek is Peek.BUSY:
                return peek
            self.sources.pop(0)
        return Peek.EMPTY


class History:
    """What files hold when they are opened; each group of siblings, oldest first, is one history."""

    def __init__(self, siblings: Sequence[list[FileSource]]) -> None:
        self._groups = [_Group(sources) for sources in siblings if sources]
        self._merging = len(self._groups) > 1

    @property
    def ended(self) -> bool:
        """Whether every one was read to its end once."""
        return not self._groups

    def step(self, deadline: float) -> list[Batch]:
        """Read until `deadline` (monotonic) or 1 MiB; an empty list when nothing was found yet, or nothing is left."""
        batches: list[Batch] = []
        size = 0
        while self._groups and size < _STEP_BYTES:
            for group in self._groups:
                if group.time is None and group.advance(timed=self._merging) is Peek.BUSY:
                    return batches
            self._groups = [group for group in self._groups if group.sources]
            if not self._groups:
                break
            group = min(self._groups, key=_time_of_group)
            batch = group.sources[0].next_batch(SPAN_SECONDS if self._merging else None)
            group.time = None
            batches.append(batch)
            size += sum(map(len, batch.lines)) if self._merging else _STEP_BYTES >> 2
            if time.monotonic() > deadline:
                break
        return batches


def _time_of_group(group: _Group) -> float:
    return float("-inf") if group.time is None else group.time
