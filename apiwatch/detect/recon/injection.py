"""`recon.injection-probe`: who sends code where data belongs.

One payload is a low signal: people search for odd things. Two families, or three distinct payloads, are an attacker's
list; a server error or an answer of unusual size in reply to one means that it worked, or nearly did.
"""

from apiwatch.config.settings import Injection
from apiwatch.detect.recon.payloads import FAMILIES
from apiwatch.detect.recon.probes import ProbeTrack, RouteProbes, is_usual
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import RouteState
from apiwatch.model import Number, Outcome, Severity, Tags

__all__ = ["INJECTION", "injection_signal", "is_odd_size"]

_SIZED = 100
_OCTAVES = 4
"""Quarter octaves in one doubling."""


def injection_signal(
    track: ProbeTrack, route: RouteProbes | None, settings: Injection, *, failed: bool, odd: bool
) -> Signal | None:
    """The signal of a principal after one more payload.

    `failed`: it made a working route fail; `odd`: the answer is far larger than others of the route. Families that are
    usual on the route need several times as many payloads, and one alone is no signal.
    """
    unusual = [family for family in track.kinds if not is_usual(route, f"inject:{family}")]
    factor = 1 if unusual else settings.usual_factor
    distinct = len(track.seen)
    if failed or odd:
        severity = Severity.HIGH
    elif len(unusual) >= settings.medium_families or distinct >= settings.medium_distinct * factor:
        severity = Severity.MEDIUM
    elif unusual:
        severity = Severity.LOW
    else:
        return None
    facts: Facts = {
        "hits": distinct,
        "count": track.count,
        "families": len(track.kinds),
        "limit": settings.medium_distinct * factor,
        "many": settings.medium_families,
        "failed": float(failed),
        "odd": float(odd),
        **{f"in {family}": count for family, count in track.kinds.items()},
    }
    return Signal(INJECTION, severity, 1.0, facts, track.since, track.samples)


def is_odd_size(route: RouteState, size: int | None, outcome: int) -> bool:
    """Whether an answer is at least 4 times as large as 99 % of the route's; needs 100 answers."""
    if size is None or outcome != Outcome.OK or route.sized < _SIZED:
        return False
    bucket = size.bit_length() * _OCTAVES
    larger = sum(count for known, count in route.size_buckets.items() if known >= bucket - 2 * _OCTAVES)
    return larger <= max(1, route.sized // 100)


def _tell(facts: Facts, route: str) -> Story:
    families = ", ".join(family for family in FAMILIES if f"in {family}" in facts)
    effect = "no answer looks different from others"
    if facts["failed"]:
        effect = "a payload made the server fail"
    elif facts["odd"]:
        effect = "a payload got a far larger answer than others get"
    return Story(
        title=f"injection probes on {route or 'unknown targets'}: {families}",
        why=f"sends code where data belongs; {effect}",
        numbers=(
            Number(
                name="distinct payloads",
                value=f"{facts['hits']:.0f} of {facts['families']:.0f} families",
                baseline="none, or what others search for on this route",
                threshold=f"{facts['many']:.0f} families or {facts['limit']:.0f} payloads",
                now=facts["hits"],
            ),
        ),
        counter_evidence=(
            "one payload only: a search for code, or a pasted text"
            if facts["hits"] < 2
            else "the body is not logged: whether it worked cannot be seen",
        ),
        clears_when="a day without a payload, or an allow-list entry",
        reason=f"injection: {facts['hits']:.0f} payloads ({families})",
    )


INJECTION = Detector(
    name="recon.injection-probe",
    family="recon",
    group="inject",
    tags=Tags(owasp=("API8:2023", "API7:2023"), oat=("OAT-014",), attack=("T1190", "T1595.002")),
    tell=_tell,
    capped_when_cold=False,
)
