"""`recon.verb-anomaly`: who tries methods that a path never answered, such as DELETE where everybody only reads.

OPTIONS and HEAD are neutral: browsers and monitors send them everywhere.
"""

from apiwatch.config.settings import Verbs
from apiwatch.detect.recon.probes import ProbeTrack
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["DEBUG", "NEUTRAL", "REFUSED", "VERBS", "verb_signal"]

NEUTRAL = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
"""Methods that are only looked at when the server answers 405 or 501."""

DEBUG = frozenset({"TRACE", "TRACK", "DEBUG"})
"""Methods that no client of an API needs: RFC 9110, section 9.3.8, and what Microsoft's servers made of it."""

REFUSED = frozenset({403, 404, 405, 501})


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


def _tell(facts: Facts, route: str) -> Story:
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


VERBS = Detector(
    name="recon.verb-anomaly",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API5:2023",), oat=(), attack=("T1190",)),
    tell=_tell,
)
