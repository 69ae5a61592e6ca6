"""What is remembered of one network principal that resets accounts or verifies codes."""

import msgspec

from apiwatch.detect.samples import Sample

__all__ = ["ACCOUNTS_KEPT", "RecoveryTrack", "count_since", "remember"]

ACCOUNTS_KEPT = 64
"""Accounts and failures kept per test."""


class RecoveryTrack(msgspec.Struct, array_like=True, gc=False):
    """Resets and codes of one network principal; every table is bounded by `ACCOUNTS_KEPT`."""

    asked: dict[int, dict[str, float]] = msgspec.field(default_factory=dict)
    """Route id -> account -> time of the latest reset; at most 4 routes."""
    unnamed: int = 0
    """Resets of accounts that the log does not name."""
    reset: dict[str, float] = msgspec.field(default_factory=dict)
    """Account -> time of a reset that was answered, until a log-in follows."""
    entered: dict[str, float] = msgspec.field(default_factory=dict)
    """Account -> time of the log-in that followed its reset."""
    agent: str = ""
    """User agent of `reset` and `entered`."""
    codes: dict[str, list[float]] = msgspec.field(default_factory=dict)
    """User -> times of wrong codes since the last right one."""
    asked_lines: list[Sample] = msgspec.field(default_factory=list)
    entered_lines: list[Sample] = msgspec.field(default_factory=list)
    code_lines: list[Sample] = msgspec.field(default_factory=list)


def remember(times: dict[str, float], key: str, time: float) -> None:
    """Note the time of a key as the latest one; the one that was noted the longest ago gives way."""
    times.pop(key, None)
    if len(times) >= ACCOUNTS_KEPT:
        del times[next(iter(times))]
    times[key] = time


def count_since(times: dict[str, float], start: float) -> int:
    """How many keys were noted after `start`."""
    return sum(1 for time in times.values() if time > start)
