"""`volume.latency-abuse`: one principal uses up the time of the server on a route. Needs request times in the log.

Only slow requests are added up. It is usual if several principals do so, or if the same one did on an earlier day.
"""

import msgspec

from apiwatch.config.amounts import LatencyAbuse
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["LATENCY_ABUSE", "RouteTime", "TimeTrack", "slow_request"]

WINDOW = 60.0
_USUAL_FOR = 3
"""Principals that use up as much before it is usual on a route."""

_DAY = 72_000.0
"""Seconds after which it was another day."""


class RouteTime(msgspec.Struct, gc=False):
    """Time that slow requests on one route took."""

    start: float = 0.0
    """Of the current minute."""
    seconds: float = 0.0
    before: float = 0.0
    """In the minute before."""
    heavy: list[int] = msgspec.field(default_factory=list)
    """Principals that used up too much; at most 4."""


class TimeTrack(msgspec.Struct, array_like=True, gc=False):
    """Time that slow requests of one principal on one route took."""

    start: float
    seconds: float = 0.0
    requests: int = 0
    heavy: float = 0.0
    """When it first used up too much."""
    samples: list[Sample] = msgspec.field(default_factory=list)


def slow_request(
    track: TimeTrack,
    route: RouteTime,
    pid: int,
    seconds: float,
    time: float,
    line: Sample | None,
    settings: LatencyAbuse,
    *,
    learning: bool,
) -> Signal | None:
    """Add one slow request; the signal, if its principal uses up too much within a minute.

    While `learning` it only shows what is usual.
    """
    if time - route.start >= WINDOW:
        route.before = route.seconds if time - route.start < 2 * WINDOW else 0.0
        route.start, route.seconds = time, 0.0
    route.seconds += seconds
    if time - track.start >= WINDOW:
        track.start, track.seconds, track.requests = time, 0.0, 0
        track.samples.clear()
    track.seconds += seconds
    track.requests += 1
    if line is not None:
        keep_sample(track.samples, line)
    if track.seconds < settings.seconds:
        return None
    if pid not in route.heavy and len(route.heavy) <= _USUAL_FOR:
        route.heavy.append(pid)
    others = sum(1 for heavy in route.heavy if heavy != pid)
    known = track.heavy > 0.0 and time - track.heavy > _DAY
    track.heavy = track.heavy or time
    total = route.seconds + (route.before if track.start < route.start else 0.0)
    if learning or known or others >= _USUAL_FOR or track.seconds <= settings.share * total:
        return None
    facts: Facts = {
        "hits": track.requests,
        "seconds": track.seconds,
        "share": min(1.0, track.seconds / total),
        "limit": settings.seconds,
        "limit_share": settings.share,
        "others": others,
    }
    return Signal(LATENCY_ABUSE, Severity.MEDIUM, 1.0, facts, track.start, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    seconds, share = f"{facts['seconds']:.0f} s", f"{facts['share']:.0%}"
    return Story(
        title=f"uses up {seconds} of server time in a minute on {route}, {share} of all",
        why="few requests keep the server busy for so long that others have to wait",
        numbers=(
            Number(
                name=f"request time within a minute, in {facts['hits']:.0f} slow requests",
                value=f"{seconds}, {share} of this route's",
                baseline=f"{facts['others']:.0f} others ever used up as much",
                threshold=f">= {facts['limit']:.0f} s and > {facts['limit_share']:.0%}",
                now=round(facts["seconds"], 1),
            ),
        ),
        counter_evidence=("a heavy report looks the same; on the next day it is known",),
        clears_when="a minute with less, or an allow-list entry",
        reason=f"volume: {seconds} of server time",
    )


LATENCY_ABUSE = Detector(
    name="volume.latency-abuse",
    family="volume",
    group="volume",
    tags=Tags(owasp=("API4:2023",), oat=("OAT-015",), attack=("T1499.003",)),
    tell=_tell,
)
