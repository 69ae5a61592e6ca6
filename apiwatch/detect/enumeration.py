"""The enumeration family: who walks object identifiers.

`enumeration.sequential` is the step test: the next id lies near an earlier one, on objects that hardly anybody reads.
`enumeration.miss` is the miss test: objects that are new to the principal and do not exist. Both are sequential tests
against what other principals do on the same parameter of the same route, so pace does not matter.
"""

from collections.abc import Sequence

from apiwatch.config.settings import MissEnumeration, SequentialEnumeration
from apiwatch.detect.classes import PARTNER_DOUBT
from apiwatch.detect.kit import Scale, Weights
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import ObjectTrack
from apiwatch.model import Number, Severity, Tags

__all__ = ["MISS", "SEQUENTIAL", "miss_scale", "miss_signal", "near", "sequential_signal", "step_scale"]


def near(ids: Sequence[int], stride: int, number: int, reach: int) -> bool:
    """Whether an id lies near one of the last ids (oldest first, at least one), or repeats the last stride exactly."""
    for earlier in ids:
        distance = number - earlier
        if -reach <= distance <= reach and distance:
            return True
    return stride != 0 and number - ids[-1] == stride


def step_scale(settings: SequentialEnumeration) -> Scale:
    """Weights of the step test for every learned share of near steps."""
    return Scale(settings.p0_min, settings.p0_max, settings.off_above, lambda p0: max(0.80, min(0.97, p0 + 0.30)))


def miss_scale(settings: MissEnumeration) -> Scale:
    """Weights of the miss test for every learned share of misses."""
    return Scale(settings.p0_min, settings.p0_max, settings.off_above, lambda p0: max(0.60, min(0.95, 3 * p0)))


def sequential_signal(
    track: ObjectTrack, weight: Weights, others: int, settings: SequentialEnumeration
) -> Signal | None:
    """The signal of the step test, if its statistic is over the threshold and enough objects were walked.

    `weight` is what the latest step was judged by, `others` the number of steps of others that it rests on.
    """
    if track.step < settings.threshold or track.near + 1 < settings.medium_objects:
        return None
    severity = Severity.HIGH if track.near + 1 >= settings.high_objects else Severity.MEDIUM
    facts: Facts = {
        "objects": track.distinct,
        "total": track.total,
        "found": track.found,
        "missed": track.missed,
        "p0": weight.p0,
        "null": others,
        "hits": track.near,
        "moves": track.moves,
        "statistic": track.step,
        "threshold": settings.threshold,
    }
    return Signal(SEQUENTIAL, severity, track.step / settings.threshold, facts, track.since, track.samples)


def miss_signal(track: ObjectTrack, weight: Weights, others: int, settings: MissEnumeration) -> Signal | None:
    """The signal of the miss test; arguments as for the step test."""
    if track.miss < settings.threshold or track.miss_hits < settings.medium_objects:
        return None
    severity = Severity.HIGH if track.miss_hits >= settings.high_objects else Severity.MEDIUM
    facts: Facts = {
        "objects": track.distinct,
        "total": track.total,
        "found": track.found,
        "missed": track.missed,
        "p0": weight.p0,
        "null": others,
        "hits": track.miss_hits,
        "seen": track.miss_seen,
        "statistic": track.miss,
        "threshold": settings.threshold,
    }
    return Signal(MISS, severity, track.miss / settings.threshold, facts, track.since, track.samples)


def _baseline(facts: Facts, what: str) -> str:
    if facts["null"] < 20:
        return f"{facts['p0']:.0%} assumed ({facts['null']:.0f} {what} of other clients seen)"
    return f"{facts['p0']:.0%} (other clients, {facts['null']:.0f} {what})"


def _objects(facts: Facts) -> Number:
    return Number(
        name="distinct objects",
        value=f"{facts['objects']:.0f} in {facts['total']:.0f} requests",
        baseline="users read the same objects again",
        threshold="none by itself",
        now=facts["objects"],
    )


def _found(facts: Facts) -> Number:
    return Number(
        name="found / not found",
        value=f"{facts['found']:.0f} / {facts['missed']:.0f}",
        baseline="found objects are what was exposed",
        threshold="none by itself",
        now=facts["found"],
    )


def _counter_evidence(facts: Facts) -> tuple[str, ...]:
    reread = facts["total"] - facts["objects"]
    found: list[str] = []
    if reread > 0:
        found.append(f"{reread:.0f} of {facts['total']:.0f} requests read an object again")
    if facts["null"] < 100:
        found.append("little is known yet of what other clients do on this route")
    if facts.get("service"):
        found.append(PARTNER_DOUBT)
    if facts.get("blind"):
        found.append("objects are not visible in this log: each request counts as a new one")
    return tuple(found) or ("none found",)


def _tell_sequential(facts: Facts, route: str) -> Story:
    moves = max(facts["moves"], facts["hits"])
    return Story(
        title=f"walks object ids on {route}: {facts['hits']:.0f} of {moves:.0f} steps adjacent",
        why="walks object ids in order; hardly anybody else reads these objects",
        numbers=(
            Number(
                name="adjacent steps",
                value=f"{facts['hits']:.0f} of {moves:.0f}",
                baseline=_baseline(facts, "steps"),
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
            _objects(facts),
            _found(facts),
        ),
        counter_evidence=_counter_evidence(facts),
        clears_when="about 30 steps without a neighbour, or an allow-list entry",
        reason=f"enumeration: {facts['hits']:.0f} of {moves:.0f} steps adjacent",
    )


def _tell_miss(facts: Facts, route: str) -> Story:
    return Story(
        title=f"guesses objects on {route}: {facts['hits']:.0f} of {facts['seen']:.0f} do not exist",
        why="asks for objects that do not exist, each one new; a user follows links to objects that do",
        numbers=(
            Number(
                name="misses on new objects",
                value=f"{facts['hits']:.0f} of {facts['seen']:.0f}",
                baseline=_baseline(facts, "new objects"),
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
            _objects(facts),
            _found(facts),
        ),
        counter_evidence=_counter_evidence(facts),
        clears_when="about 15 new objects that exist, or an allow-list entry",
        reason=f"enumeration: {facts['hits']:.0f} of {facts['seen']:.0f} new objects missing",
    )


SEQUENTIAL = Detector(
    name="enumeration.sequential",
    family="enumeration",
    group="object",
    tags=Tags(owasp=("API1:2023",), oat=("OAT-011",), attack=("T1213", "T1119")),
    tell=_tell_sequential,
)
MISS = Detector(
    name="enumeration.miss",
    family="enumeration",
    group="object",
    tags=Tags(owasp=("API1:2023", "API6:2023"), oat=("OAT-011", "OAT-018"), attack=("T1087", "T1589.002")),
    tell=_tell_miss,
)
