"""One firing of one detector, and what every detector says about itself."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from apiwatch.detect.samples import Sample
from apiwatch.model import Number, Severity, Tags

__all__ = ["Detector", "Facts", "Signal", "Story", "suspicious"]

Facts = dict[str, float]
"""The measured values of a signal, by name."""


class Story(msgspec.Struct, frozen=True):
    """A signal in words."""

    title: str
    why: str
    numbers: tuple[Number, ...]
    counter_evidence: tuple[str, ...]
    clears_when: str
    reason: str
    """Short form for the itemised score."""


class Detector(msgspec.Struct, frozen=True):
    """A named test: its family, the group of correlated signals it belongs to, and how it explains itself."""

    name: str
    family: str
    group: str
    tags: Tags
    tell: Callable[[Facts, str], Story]
    """(facts, route label) -> story."""
    test: str = ""
    """Name shared by the detectors of one test, which only differ in how they call its signal."""
    capped_when_cold: bool = True
    """Whether a route that is still being learned caps its severity at medium."""


class Signal(NamedTuple):
    """One firing; the facts are frozen at this moment, so that the explanation never depends on when it is read."""

    detector: Detector
    severity: Severity
    evidence: float
    """How sure it is, from 0; 1 and more is full evidence: statistic over threshold, or count over twice the limit."""
    facts: Facts
    since: float
    samples: list[Sample]


def suspicious(facts: Facts) -> float:
    """Suspicious requests that a signal rests on: hits, failures or objects, whatever its test counts."""
    return facts.get("hits", facts.get("failures", facts.get("objects", 1.0)))
