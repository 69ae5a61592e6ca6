"""What the alerts of one run are worth, measured against the truth about every line (design of detection, section 13).

An attack is detected by the first alert of medium or above of an expected family that names an attacker; an alert
about a route or a campaign may name the attacked route instead.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from apiwatch.model import Alert, AlertEvent, Severity
from apiwatch.simulate import Hit

__all__ = ["Found", "Mistake", "Truth", "family_of", "is_complete"]

_ROUTES_KEPT = 200


class Found(msgspec.Struct, frozen=True):
    """The first right alert about an attack."""

    detector: str
    requests: int
    """Of the attack, up to the line that raised it."""
    seconds: float
    """Event time since the first request of the attack."""
    exposed: int
    """Records of others that were answered by then."""


class Mistake(msgspec.Struct, frozen=True):
    """One alert of medium or above that names no attacker."""

    detector: str
    subject: str
    source: str
    """`benign`, `trap` or `twin`."""
    severity: int


def family_of(detector: str) -> str:
    """Family of a detector's name.

    >>> family_of("recon.fuzz-hit")
    'recon'
    """
    return detector.partition(".")[0]


def is_complete(alert: Alert) -> bool:
    """Whether an explanation has all its parts: numbers against baseline and threshold, since, why, lines, what speaks
    against it, what clears it, what to do."""
    found = alert.explanation
    numbers = all(number.name and number.value and number.baseline and number.threshold for number in found.numbers)
    texts = (found.since, found.last, found.why, found.clears_when, *found.samples, *found.counter_evidence)
    return bool(numbers and found.numbers and all(texts)) and bool(
        found.samples and found.counter_evidence and found.actions and found.tags.owasp
    )


class Truth:
    """Which lines of one run are an attack's; lines are counted from 1 as the engine counts them."""

    def __init__(self, expected: Iterable[str], twins: frozenset[str], traps: frozenset[str]) -> None:
        self.expected = frozenset(expected)
        """Addresses of the attackers, whether they come or not."""
        self._twins, self._traps = twins, traps
        self._lines: list[int] = []
        self._exposing: list[int] = []
        self._targets: dict[tuple[str, str, str], None] = {}
        self.attackers: dict[str, None] = {}
        self.first = 0.0
        """Time of the first request of the attack, seconds since the epoch."""
        self.requests = 0

    def add(self, line: int, time: float, hit: Hit) -> None:
        """One request that belongs to an attacker; also what he does for cover."""
        self.attackers[hit.client] = None
        if not hit.truth:
            return
        if not self._lines:
            self.first = time
        self.requests += 1
        self._lines.append(line)
        if hit.truth == 2:
            self._exposing.append(line)
        if len(self._targets) < _ROUTES_KEPT:
            self._targets[hit.method, hit.host, hit.target.partition("?")[0]] = None

    def found(self, events: Sequence[AlertEvent], families: frozenset[str]) -> Found | None:
        """The first right alert of these families, if there is one."""
        for event in events:
            if (
                event.alert.family in families
                and event.alert.severity >= Severity.MEDIUM
                and self.is_right(event.alert)
            ):
                return Found(
                    detector=event.alert.detector,
                    requests=bisect_right(self._lines, event.line),
                    seconds=max(0.0, event.time - self.first),
                    exposed=bisect_right(self._exposing, event.line),
                )
        return None

    def is_right(self, alert: Alert) -> bool:
        """Whether an alert names an attacker, or the attacked route when it is about many clients."""
        if alert.client in self.attackers or not self.attackers.keys().isdisjoint(alert.clients):
            return True
        if alert.explanation.subject.kind not in {"route", "campaign"}:
            return False
        method, _, template = alert.route.partition(" ")
        matches = re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]*\}", template)))).fullmatch
        return any(
            known == method and host == (alert.host or host) and matches(path) for known, host, path in self._targets
        )

    def members(self, alerts: Iterable[Alert], families: frozenset[str]) -> tuple[int, int, int]:
        """(attackers named, all clients named, attackers) in the right alerts as they are at the end."""
        named: dict[str, None] = {}
        for alert in alerts:
            if alert.family in families and alert.severity >= Severity.MEDIUM and self.is_right(alert):
                named.update(dict.fromkeys(alert.clients))
        return sum(client in self.attackers for client in named), len(named), len(self.attackers)

    def mistakes(self, events: Sequence[AlertEvent]) -> list[Mistake]:
        """The alerts that name nobody who attacks, once each, at their highest severity."""
        worst: dict[str, Alert] = {}
        for event in events:
            alert = event.alert
            if alert.severity >= Severity.MEDIUM and not self.is_right(alert):
                worst[alert.id] = max(alert, worst.get(alert.id, alert), key=lambda known: known.severity)
        return [
            Mistake(alert.detector, alert.principal, self._source(alert), int(alert.severity))
            for alert in worst.values()
        ]

    def _source(self, alert: Alert) -> str:
        clients = {alert.client, *alert.clients}
        if clients & self._twins:
            return "twin"
        return "trap" if clients & self._traps else "benign"
