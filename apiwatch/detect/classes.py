"""Classes of clients (design of detection, section 2.1), and what each of them changes."""

from apiwatch.detect.signal import Detector
from apiwatch.model import Severity

__all__ = ["CLASSES", "VOTELESS", "factor_of", "is_silent", "severity_for"]

CLASSES = ("crawler", "monitor", "loadtest", "partner", "staff")
"""In this order: the first that fits counts."""

VOTELESS = frozenset({"crawler", "monitor", "loadtest", "partner"})
"""Their behaviour says nothing about that of users: they have no vote in the tests on all clients of a route."""

_KNOWN = 0.3
"""Share of their score that counts."""

_READING = ("enumeration.sequential", "enumeration.miss", "scraping.distinct-objects")
_SILENT: dict[str, tuple[str, ...]] = {
    "monitor": ("inventory.unknown-host", "identity.mixed-auth"),
    "loadtest": (*_READING, "volume."),
    "partner": _READING,
    "staff": ("exfiltration.oversized-response",),
}
"""Class -> detectors, or families with a dot behind, that do not speak about it."""


def is_silent(client_class: str, detector: Detector) -> bool:
    """Whether what the detector found is the business of this class."""
    return detector.name.startswith(_SILENT.get(client_class, ("(none)",)))


def severity_for(client_class: str, detector: Detector, severity: Severity) -> Severity:
    """A verified crawler that reads everything is worth no more than a line of information."""
    return Severity.INFO if client_class == "crawler" and detector.name in _READING else severity


def factor_of(client_class: str) -> float:
    """Multiplier of a score."""
    return _KNOWN if client_class in VOTELESS else 1.0
