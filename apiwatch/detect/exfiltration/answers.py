"""`exfiltration.oversized-response` and `exfiltration.principal-bytes`: the two tests on the size of an answer.

A series is judged by a CUSUM (design of detection, section 5.8): z = (ln(1 + bytes) - m) / s against the route, at most
6, and S <- max(0, S + z - .5). Answers that are not large take .5 back without being looked at.
"""

from math import exp, log

from apiwatch.config.amounts import OversizedResponse, PrincipalBytes
from apiwatch.detect.exfiltration.sizes import ByteTrack, RouteSizes
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["OVERSIZED", "PRINCIPAL_BYTES", "large_series", "oversized"]

_DOCUMENTS_KEPT = 64


def oversized(
    sizes: RouteSizes,
    size: int,
    answers: int,
    time: float,
    line: Sample,
    settings: OversizedResponse,
    *,
    sensitive: bool,
) -> Signal | None:
    """The signal of one answer that is not usual for others; `answers` are all of the route so far."""
    if size < settings.min_bytes or answers < settings.min_answers or size <= settings.factor * sizes.top:
        return None
    facts: Facts = {
        "size": size,
        "top": sizes.top,
        "factor": settings.factor,
        "answers": answers,
        "sensitive": float(sensitive),
    }
    severity = Severity.HIGH if sensitive else Severity.MEDIUM
    return Signal(OVERSIZED, severity, 1.0, facts, time, [line])


def large_series(
    track: ByteTrack,
    sizes: RouteSizes,
    size: int,
    document: int,
    requests: int,
    answers: int,
    time: float,
    line: Sample,
    settings: PrincipalBytes,
    *,
    sensitive: bool,
) -> Signal | None:
    """Count a large answer that is not usual for others; the signal of the series, if it is one.

    `requests` are those of the client on the route so far: the ones between two large answers were ordinary.
    """
    track.score = max(0.0, track.score - settings.slack * max(0, requests - track.requests - 1))
    track.requests = requests
    known = document in track.documents
    if not known and len(track.documents) >= _DOCUMENTS_KEPT:
        del track.documents[next(iter(track.documents))]
    track.documents[document] = time
    if known or sizes.spread == 0.0:
        return None
    if track.score == 0.0:
        track.since, track.hits, track.bytes = time, 0, 0
        track.samples.clear()
    z = min(settings.cap, (log(1.0 + size) - sizes.mean) / sizes.spread)
    track.score = max(0.0, track.score + z - settings.slack)
    track.hits += 1
    track.bytes += size
    keep_sample(track.samples, line)
    if track.score < settings.threshold or track.bytes < settings.min_bytes or answers < settings.min_answers:
        return None
    facts: Facts = {
        "hits": track.hits,
        "bytes": track.bytes,
        "usual": exp(sizes.mean),
        "statistic": track.score,
        "threshold": settings.threshold,
        "answers": answers,
        "documents": len(track.documents),
        "sensitive": float(sensitive),
    }
    severity = Severity.HIGH if sensitive else Severity.MEDIUM
    return Signal(PRINCIPAL_BYTES, severity, track.score / (2 * settings.threshold), facts, track.since, track.samples)


def in_bytes(size: float) -> str:
    """A size in words.

    >>> in_bytes(980), in_bytes(91_000), in_bytes(100_000_000)
    ('980 B', '91 kB', '100 MB')
    """
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of:
            return f"{size / of:.3g} {unit}"
    return f"{size:.0f} B"


def _evidence(facts: Facts) -> tuple[str, ...]:
    if facts["sensitive"]:
        return ("staff who export reports look the same: name their network under classes.staff",)
    return ("a new kind of content on this route, such as a video among pictures, looks the same",)


def _tell_oversized(facts: Facts, route: str) -> Story:
    size = in_bytes(facts["size"])
    return Story(
        title=f"an answer of {size} on {route}, where {in_bytes(facts['top'])} are a lot",
        why="one answer is far larger than what anybody else gets here: a filter that was widened, or a whole table",
        numbers=(
            Number(
                name="size of one answer",
                value=size,
                baseline=f"{in_bytes(facts['top'])} exceeded by one in a thousand ({facts['answers']:.0f} answers)",
                threshold=f"> {facts['factor']:.0f} times that",
                now=facts["size"],
            ),
        ),
        counter_evidence=_evidence(facts),
        clears_when="a day without such an answer, or an allow-list entry",
        reason=f"exfiltration: an answer of {size}",
    )


def _tell_bytes(facts: Facts, route: str) -> Story:
    total = in_bytes(facts["bytes"])
    return Story(
        title=f"takes {total} in {facts['hits']:.0f} large answers on {route}",
        why="gets answer after answer that is far larger than what others get here: data is carried away",
        numbers=(
            Number(
                name="bytes in large answers",
                value=f"{total} in {facts['hits']:.0f} different documents",
                baseline=f"{in_bytes(facts['usual'])} per answer (others, {facts['answers']:.0f} answers)",
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
        ),
        counter_evidence=_evidence(facts),
        clears_when="ordinary answers again, or an allow-list entry",
        reason=f"exfiltration: {total} in large answers",
    )


OVERSIZED = Detector(
    name="exfiltration.oversized-response",
    family="exfiltration",
    group="exfiltration",
    tags=Tags(owasp=("API3:2023", "API4:2023"), oat=("OAT-011",), attack=("T1020", "T1567")),
    tell=_tell_oversized,
)
PRINCIPAL_BYTES = Detector(
    name="exfiltration.principal-bytes",
    family="exfiltration",
    group="exfiltration",
    tags=Tags(owasp=("API3:2023", "API4:2023"), oat=("OAT-011",), attack=("T1020", "T1030", "T1567")),
    tell=_tell_bytes,
)
