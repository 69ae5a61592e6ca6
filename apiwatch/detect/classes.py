"""Classes of clients (design of detection, section 2.1), and what each of them changes."""

from apiwatch.detect.signal import Detector, Facts
from apiwatch.model import Severity

__all__ = [
    "CLASSES",
    "LIBRARIES",
    "PARTNER_DOUBT",
    "READING",
    "VOTELESS",
    "factor_of",
    "is_silent",
    "severity_for",
]

CLASSES = ("crawler", "monitor", "loadtest", "partner", "staff")
"""Those that settings name and DNS or published networks confirm; the first that fits counts.

Who is none of them is a `nat` (an address that several share), a `service` (a program with credentials) or a `user`.
"""

VOTELESS = frozenset({"crawler", "monitor", "loadtest", "partner"})
"""Their behaviour says nothing about that of users: they have no vote in the tests on all clients of a route."""

_NEW = 86_400.0
LIBRARIES = frozenset({"python", "go", "java", "node", "curl", "wget", "other", "none"})
"""Families of user agents that are no browser, no phone and no crawler."""

PARTNER_DOUBT = "new principal, service-like: a partner? then name it under classes.partner"

_KNOWN = 0.3
"""Share of their score that counts."""

READING = ("enumeration.sequential", "enumeration.miss", "scraping.distinct-objects")
_SILENT: dict[str, tuple[str, ...]] = {
    "monitor": ("inventory.unknown-host", "identity.mixed-auth"),
    "loadtest": (*READING, "volume."),
    "partner": READING,
    "staff": ("exfiltration.oversized-response",),
}
"""Class -> detectors, or families with a dot behind, that do not speak about it."""


def is_silent(client_class: str, detector: Detector) -> bool:
    """Whether what the detector found is the business of this class."""
    return detector.name.startswith(_SILENT.get(client_class, ("(none)",)))


def severity_for(client_class: str, detector: Detector, severity: Severity) -> Severity:
    """A verified crawler that reads everything is worth no more than a line of information."""
    return Severity.INFO if client_class == "crawler" and detector.name in READING else severity


def doubt(facts: Facts, family: str, age: float) -> bool:
    """Leave a mark in the facts of somebody who is new here, is a program, and finds all that it reads.

    A first partner batch looks like that. `family` is that of its user agent, `age` the seconds since it was first
    seen. Returns whether there is such a doubt.
    """
    if family not in LIBRARIES or age > _NEW or facts.get("missed"):
        return False
    facts["service"] = 1.0
    return True


def factor_of(client_class: str) -> float:
    """Multiplier of a score."""
    return _KNOWN if client_class in VOTELESS else 1.0
