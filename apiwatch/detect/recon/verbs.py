"""`recon.verb-anomaly`: who tries methods that a path never answered, such as DELETE where everybody only reads.

OPTIONS and HEAD are neutral: browsers and monitors send them everywhere.
"""

from apiwatch.config.settings import Verbs
from apiwatch.detect.recon.probes import ProbeTrack
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["DEBUG", "GARBAGE", "NEUTRAL", "REFUSED", "VERBS", "garbage_signal", "verb_signal"]

NEUTRAL = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
"""Methods that are only looked at when the server answers 405 or 501."""

DEBUG = frozenset({"TRACE", "TRACK", "DEBUG"})
"""Methods that no client of an API needs: RFC 9110, section 9.3.8, and what Microsoft's servers made of it."""

REFUSED = frozenset({403, 404, 405, 501})
GARBAGE = "no HTTP"
"""Kind of a request line without a method, which the server refused as malformed."""


def verb_signal(track: ProbeTrack, settings: Verbs, *, answered: bool) -> Signal | None:
    """The signal of a principal after one more odd method; `answered`: it was accepted, or made the server fail."""
    if not answered and track.count < settings.medium_refused:
        return None
    facts: Facts = {
        "hits": track.count,
        "limit": settings.medium_refused,
        "answered": float(answered),
        **{f"in {method}": count for method, count in track.kinds.items()},
    }
    severity = Severity.HIGH if answered else Severity.MEDIUM
    return Signal(VERBS, severity, 1.0, facts, track.since, track.samples)


def garbage_signal(track: ProbeTrack, settings: Verbs) -> Signal | None:
    """The signal of a principal after one more request line that is no HTTP."""
    count = track.kinds.get(GARBAGE, 0)
    if count < settings.low_garbage:
        return None
    facts: Facts = {"hits": count, "limit": settings.low_garbage, "garbage": 1.0}
    return Signal(VERBS, Severity.LOW, 1.0, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    if facts.get("garbage"):
        return _tell_garbage(facts)
    methods = ", ".join(name[3:] for name in facts if name.startswith("in "))
    return Story(
        title=f"tries methods that nobody uses here: {methods}",
        why=(
            "one of them was answered: a write or a debugging method is open"
            if facts["answered"]
            else "looks for a write that is not protected"
        ),
        numbers=(
            Number(
                name="odd methods",
                value=f"{facts['hits']:.0f} ({methods})",
                baseline="never answered on these paths",
                threshold=f"{facts['limit']:.0f} refused, or one answered",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("a new release may bring a new method",),
        clears_when="a day without such a method, or an allow-list entry",
        reason=f"methods: {facts['hits']:.0f} odd ({methods})",
    )


def _tell_garbage(facts: Facts) -> Story:
    return Story(
        title=f"sends {facts['hits']:.0f} request lines that are no HTTP",
        why="looks which programs listen here: scanners of ports try one protocol after the other",
        numbers=(
            Number(
                name="request lines that are no HTTP",
                value=f"{facts['hits']:.0f}",
                baseline="clients of an API send none",
                threshold=f"{facts['limit']:.0f}",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("a TLS client that was given the port for plain HTTP sends the same",),
        clears_when="a day without such a line, or an allow-list entry",
        reason=f"methods: {facts['hits']:.0f} request lines that are no HTTP",
    )


VERBS = Detector(
    name="recon.verb-anomaly",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API5:2023",), oat=(), attack=("T1190",)),
    tell=_tell,
)
