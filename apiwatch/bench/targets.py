"""The bar: the target table of the design of detection, section 13, line by line, reached or missed."""

from collections.abc import Sequence
from typing import NamedTuple

from apiwatch.bench.figures import percentile, share
from apiwatch.bench.running import Attempt, Quiet
from apiwatch.model import Severity

__all__ = ["Verdict", "judge", "severity_is_right"]

_ONE = ("g0", "g1", "g2")
_MEDIUM = frozenset({"R3", "R6", "R9", "R11", "R12", "R13", "R15", "R18", "R19", "R20"})
"""Replays of which the first expected detector says medium; the others have to become high."""


class Verdict(NamedTuple):
    """One line of the table."""

    item: str
    target: str
    measured: str
    reached: bool | None
    """None: nothing was run that could tell."""


class _Aim(NamedTuple):
    """What a group of attempts has to achieve; None where the table asks for nothing."""

    item: str
    replays: tuple[str, ...]
    grades: tuple[str, ...]
    recall: float
    median: float | None = None
    p95: float | None = None
    seconds: float | None = None

    def verdict(self, attempts: Sequence[Attempt]) -> Verdict:
        ours = [each for each in attempts if each.replay in self.replays and each.grade in self.grades]
        found = [each.found for each in ours if each.found is not None]
        target = f"recall >= {self.recall:.0%}"
        measured: list[str] = []
        reached = True
        recall = share(len(found), len(ours))
        if recall is None:
            return Verdict(self.item, self._target(target), "not run", None)
        measured.append(f"{len(found)}/{len(ours)}")
        reached &= recall >= self.recall
        for limit, level, name in ((self.median, 0.5, "median"), (self.p95, 0.95, "p95")):
            value = percentile((each.requests for each in found), level)
            if limit is not None and value is not None:
                measured.append(f"{name} {value:.0f} requests")
                reached &= value <= limit
        if self.seconds is not None and (value := percentile((each.seconds for each in found), 0.5)) is not None:
            measured.append(f"median {value:.0f} s")
            reached &= value <= self.seconds
        return Verdict(self.item, self._target(target), ", ".join(measured), reached)

    def _target(self, target: str) -> str:
        for limit, name in ((self.median, "median"), (self.p95, "p95")):
            target += f", {name} <= {limit:.0f} requests" if limit is not None else ""
        return target + (f", <= {self.seconds:.0f} s" if self.seconds is not None else "")


_AIMS = (
    _Aim("sequential, one source", ("R4", "R5"), _ONE, 0.99, 10, 15),
    _Aim("random order or list, one source", ("R1", "R2", "R6", "R7", "R12"), _ONE, 0.98, 35, 60),
    _Aim("brute force, stuffing, spray, one source", ("R16", "R17"), _ONE, 0.99, p95=9),
    _Aim("distributed stuffing", ("R16",), ("g3",), 0.95, p95=60, seconds=60),
    _Aim("distributed scrape", ("R1", "R2", "R4", "R7", "R12"), ("g3",), 0.95, p95=100, seconds=60),
    _Aim("foreign objects", ("R10",), _ONE, 0.95, p95=8),
    _Aim("fuzzing, shadow", ("R18",), _ONE, 0.99, p95=6),
    _Aim("reset chain, missing predecessor", ("R8", "R9"), _ONE, 1.0, p95=5),
)


def severity_is_right(attempt: Attempt) -> bool:
    """Whether the worst right alert is as severe as the replay deserves."""
    return attempt.severity >= (Severity.MEDIUM if attempt.replay in _MEDIUM else Severity.HIGH)


def judge(attempts: Sequence[Attempt], quiet: Sequence[Quiet], shared: Sequence[Attempt]) -> list[Verdict]:
    """Every line of the table that the simulator can measure; `shared` are attempts at a set share of the clients."""
    return [
        *(aim.verdict(attempts) for aim in _AIMS),
        _under_cover(shared),
        _take_over(attempts),
        _members(attempts),
        _false("false alerts, benign, medium or above", "benign", quiet, 1.0, Severity.MEDIUM),
        _false("false alerts, benign, high or above", "benign", quiet, 1 / 7, Severity.HIGH),
        _false("false alerts, traps, medium or above", "traps", quiet, 3.0, Severity.MEDIUM),
        _false("false alerts, traps, high or above, one allowed", "traps", quiet, 0.0, Severity.HIGH, allowed=True),
        _twins(quiet),
    ]


def _under_cover(shared: Sequence[Attempt]) -> Verdict:
    ours = [each for each in shared if each.share == 0.2]
    found = sum(each.found is not None and each.found.seconds <= 1_800 for each in ours)
    item, target = "g4 at a fifth of the route's clients", ">= 50 % within 30 min"
    if not ours:
        return Verdict(item, target, "not run", None)
    return Verdict(item, target, f"{found}/{len(ours)}", found >= 0.5 * len(ours))


def _take_over(attempts: Sequence[Attempt]) -> Verdict:
    """Log-ins that succeed after the attacker was flagged."""
    ours = [
        each
        for each in attempts
        if each.replay == "R16" and each.found is not None and each.exposed > each.found.exposed
    ]
    told = sum("auth.account-takeover" in each.detectors for each in ours)
    measured = f"{told}/{len(ours)}" if ours else "not run"
    return Verdict("take-over after flagged attempts", "100 %", measured, told == len(ours) if ours else None)


def _members(attempts: Sequence[Attempt]) -> Verdict:
    spread = [each for each in attempts if each.grade == "g3"]
    precision = share(sum(each.named for each in spread), sum(each.members for each in spread))
    recall = share(sum(each.named for each in spread), sum(each.attackers for each in spread))
    if precision is None or recall is None:
        measured = "nobody named" if spread else "not run"
        return Verdict("campaign members (g3)", "precision >= .95, recall >= .90", measured, False if spread else None)
    reached = precision >= 0.95 and recall >= 0.90
    measured = f"precision {precision:.2f}, recall {recall:.2f}"
    return Verdict("campaign members (g3)", "precision >= .95, recall >= .90", measured, reached)


def _loudest(quiet: Quiet) -> str:
    """Whom a user would put on the allow-list first: who has the most alerts, the highest of those."""
    loud: dict[str, tuple[int, int]] = {}
    for mistake in quiet.mistakes:
        count, highest = loud.get(mistake.subject, (0, 0))
        loud[mistake.subject] = count + 1, max(highest, mistake.severity)
    return max(loud, key=lambda subject: (loud[subject], subject), default="")


def _false(
    item: str, name: str, quiet: Sequence[Quiet], per_day: float, severity: Severity, *, allowed: bool = False
) -> Verdict:
    """`allowed`: after the subject with the most alerts of each run was put on the allow-list."""
    ours = [each for each in quiet if each.name == name]
    days = sum(each.hours for each in ours) / 24
    target = f"<= {per_day:.2g} per day"
    if not days:
        return Verdict(item, target, "not run", None)
    count = sum(
        mistake.severity >= severity
        for each in ours
        for mistake in each.mistakes
        if not allowed or mistake.subject != _loudest(each)
    )
    return Verdict(item, target, f"{count} in {24 * days:.1f} h: {count / days:.2g} per day", count / days <= per_day)


def _twins(quiet: Sequence[Quiet]) -> Verdict:
    ours = [each for each in quiet if each.name.startswith("R")]
    silent = sum(not each.mistakes for each in ours)
    measured = f"{silent}/{len(ours)} silent" if ours else "not run"
    return Verdict("benign twins", "no alert of medium or above", measured, silent == len(ours) if ours else None)
