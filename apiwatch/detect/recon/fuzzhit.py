"""`recon.fuzz-hit`: a client that looks for endpoints found one."""

from apiwatch.detect.recon.probes import ProbeTrack
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["EVERYBODYS", "FUZZ_HIT", "fuzz_hit_signal"]

EVERYBODYS = frozenset({"/", "/index.html", "/index.php", "/robots.txt", "/favicon.ico", "/sitemap.xml", "/health"})
"""Paths that exist everywhere: finding one is no find."""


def fuzz_hit_signal(track: ProbeTrack) -> Signal:
    """The signal of a found endpoint."""
    facts: Facts = {"hits": len(track.seen), "errors": track.kinds.get("error", 0)}
    return Signal(FUZZ_HIT, Severity.HIGH, 1.0, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    errors = facts["errors"]
    return Story(
        title=f"a search for endpoints had success: {facts['hits']:.0f} found",
        why="asked for one unknown path after the other, and got the first answer that anybody ever got from this one",
        numbers=(
            Number(
                name="found endpoints",
                value=f"{facts['hits']:.0f}" + (f", {errors:.0f} by a server error" if errors else ""),
                baseline="never answered before",
                threshold="1",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("a page that nobody visited since the log begins is new as well",),
        clears_when="check whether the endpoint should be open; an allow-list entry for a commissioned test",
        reason=f"recon: {facts['hits']:.0f} endpoints found",
    )


FUZZ_HIT = Detector(
    name="recon.fuzz-hit",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API9:2023",), oat=(), attack=("T1190",)),
    tell=_tell,
    capped_when_cold=False,
)
