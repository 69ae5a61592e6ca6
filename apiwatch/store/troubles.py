"""What is wrong with a source, in words: the same on the screen and in `doctor`."""

import shlex
from typing import NamedTuple

from apiwatch.model import FIELDS_MISSING, PROXY_SHOWN
from apiwatch.store.views import HealthView, SourceView

__all__ = ["AWAY", "UNPARSED_FROM", "Trouble", "lag_of", "troubles_of"]

UNPARSED_FROM = 0.05
"""Share of lines that match no format from which on the format counts as not understood."""

BEHIND_FROM = 10.0
"""Seconds of lag from which on alerts come too late to be of use."""

HISTORY_S = 60.0
"""Seconds after its start in which a collector may be behind: it reads what was logged before."""

LATE_FROM = 0.01
"""Share of late requests that is worth a word."""

AWAY = {"gone": "gone", "denied": "not readable", "error": "failing", "waiting": "not there yet"}
"""States in which nothing is read, and how each is put."""

_STATES = {
    "denied": "may not be read by the collector's user: put that user into the group of the log, or run it as root",
    "gone": "was deleted, and nothing has taken its place: the collector waits for it; check the path",
    "waiting": "is not there yet: the collector waits for it; check the path",
    "rotated": "was renamed, and its successor is not there yet",
}
_WRONG_STATES = ("denied", "gone", "error")
_OVER = ("stopped", "failed")


class Trouble(NamedTuple):
    """One thing that a user should know about a source."""

    wrong: bool
    """Whether it is to be mended; else it is worth knowing."""
    text: str
    """Without the name of the source."""


def lag_of(source: SourceView, health: HealthView | None) -> float:
    """Seconds from the newest event of a source to the last heartbeat while it has unread input; 0 otherwise."""
    if health is None or source.backlog_bytes <= 0 or source.last_time <= 0:
        return 0.0
    return max(0.0, health.heartbeat - source.last_time)


def troubles_of(source: SourceView, health: HealthView | None) -> list[Trouble]:
    """All of them, what is to be mended first."""
    found = [*_of_state(source), *_of_lines(source), *_of_losses(source)]
    lag = lag_of(source, health)
    if lag >= BEHIND_FROM and health is not None and health.state not in _OVER:
        unread = f"{source.backlog_bytes / 1e6:.1f} MB are not read yet"
        behind = f"{lag:.0f} s" if lag < 120 else f"{lag / 60:.0f} min"
        settled = health.heartbeat - health.started >= HISTORY_S
        found.append(Trouble(settled, f"is {behind} behind: {unread}, and alerts come late"))
    return sorted(found, key=lambda trouble: not trouble.wrong)


def _of_state(source: SourceView) -> list[Trouble]:
    found: list[Trouble] = []
    if source.state in _STATES:
        found.append(Trouble(source.state in _WRONG_STATES, _STATES[source.state]))
    elif source.state in _WRONG_STATES:
        found.append(Trouble(True, source.message or "cannot be read"))
    said, blind, what = source.message.partition(FIELDS_MISSING)
    if PROXY_SHOWN in said:
        found.append(Trouble(True, said.removesuffix("; ")))
    if blind:
        found.append(Trouble(False, blind + what))
    return found


def _of_lines(source: SourceView) -> list[Trouble]:
    found: list[Trouble] = []
    read = source.unparsed + source.requests
    if read and source.unparsed >= UNPARSED_FROM * read:
        where = "the Sources view of the dashboard shows where they stop making sense"
        if source.kind == "file":
            where = f"`apiwatch parse --explain {shlex.quote(source.name)}` shows where they stop making sense"
        share = f"{source.unparsed / read:.0%} of its lines ({source.unparsed} of {read})"
        found.append(Trouble(True, f"{share} match no format: {where}, --log-format tells the format"))
    elif source.lines and not read:
        found.append(Trouble(False, f"none of its {source.lines} lines is a request"))
    return found


def _of_losses(source: SourceView) -> list[Trouble]:
    found: list[Trouble] = []
    if source.dropped:
        why = "there was no room for them (limits.queue_lines), or they were broken"
        found.append(Trouble(True, f"{_lines(source.dropped)} lost: {why}"))
    if source.cut:
        found.append(Trouble(False, f"{_lines(source.cut)} cut at limits.line_bytes: their tails are not seen"))
    if source.late and source.late >= LATE_FROM * source.requests:
        count = f"{source.late} request{' was' if source.late == 1 else 's were'}"
        found.append(Trouble(False, f"{count} logged minutes late: judged, but in no minute's count"))
    return found


def _lines(number: int) -> str:
    return f"{number} line{' was' if number == 1 else 's were'}"
