"""`recon.endpoint-fuzzing`: who looks for endpoints that nobody ever got an answer from.

A sequential test over distinct targets: refused or missing (401, 403, 404, 405) on a target
that was never answered, against targets that were.
"""

from apiwatch.config.settings import Fuzzing
from apiwatch.detect.kit import FLOOR, Weights, faded
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import ReconTrack
from apiwatch.model import Number, Severity, Tags

__all__ = ["FUZZING", "UNKNOWN_STATUS", "fuzzing_signal", "tried"]

UNKNOWN_STATUS = frozenset({401, 403, 404, 405})
TARGETS_KEPT = 512


def tried(track: ReconTrack, target: int, time: float, hit: bool, weight: Weights) -> bool:
    """Count one target, known by its identity, if it is new to the principal; whether it was."""
    targets = track.targets
    if target in targets:
        return False
    if len(targets) >= TARGETS_KEPT:
        del targets[next(iter(targets))]
    targets[target] = 1
    track.dirty = True
    score = faded(track.score, time - track.last)
    track.last = max(track.last, time)
    track.seen += 1
    if hit:
        if score <= 0.0:
            track.since = time
        track.hits += 1
        score += weight.hit
    else:
        score += weight.other
    track.score = max(FLOOR, score)
    return True


def fuzzing_signal(track: ReconTrack, settings: Fuzzing) -> Signal | None:
    """The signal of the unknown-target test."""
    if track.score < settings.threshold:
        return None
    facts = {
        "hits": track.hits,
        "seen": track.seen,
        "p0": settings.p0,
        "statistic": track.score,
        "threshold": settings.threshold,
    }
    return Signal(FUZZING, Severity.MEDIUM, track.score / settings.threshold, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    known = facts["seen"] - facts["hits"]
    return Story(
        title=f"probes for endpoints: {facts['hits']:.0f} unknown targets refused or missing",
        why="asks for one path after the other that this host never answered: a word list",
        numbers=(
            Number(
                name="distinct unknown targets",
                value=f"{facts['hits']:.0f} of {facts['seen']:.0f}",
                baseline=f"{facts['p0']:.0%} (dead links)",
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
        ),
        counter_evidence=(f"{known:.0f} of its distinct targets exist" if known else "none of its targets exists",),
        clears_when="about 16 distinct targets that exist, or an allow-list entry",
        reason=f"recon: {facts['hits']:.0f} unknown targets",
    )


FUZZING = Detector(
    name="recon.endpoint-fuzzing",
    family="recon",
    group="recon",
    tags=Tags(owasp=("API9:2023", "API8:2023"), oat=("OAT-014", "OAT-018"), attack=("T1595.003",)),
    tell=_tell,
)
