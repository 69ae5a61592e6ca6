"""`inventory.zombie-version`: an old or deprecated version of a route answers, or a client tries several versions."""

from apiwatch.config.inventory import ZombieVersion
from apiwatch.detect.inventory.track import RouteWatch, VersionTrack
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["ZOMBIE", "mixed_versions", "old_version_answered", "tried"]

_KEPT = 64


def old_version_answered(
    watch: RouteWatch, line: Sample, settings: ZombieVersion, *, deprecated: bool, known: bool
) -> Signal:
    """The signal of one answer of a version that nobody should use; `known`: its client has other business."""
    watch.hits += 1
    keep_sample(watch.lines, line)
    severity = Severity.MEDIUM if watch.hits >= settings.medium and not known else Severity.INFO
    facts: Facts = {
        "hits": watch.hits,
        "deprecated": float(deprecated),
        "versions": 0.0,
        "limit": settings.medium,
        "days": settings.silence / 86_400.0,
    }
    return Signal(ZOMBIE, severity, 1.0, facts, watch.lines[0][0], watch.lines)


def tried(track: VersionTrack, rest: int, version: int, time: float, window: float) -> bool:
    """Note a version of a path that was asked for; whether another one was within the window."""
    before = track.tried.get(rest)
    if before is None and len(track.tried) >= _KEPT:
        del track.tried[next(iter(track.tried))]
    track.tried[rest] = version, time
    return before is not None and before[0] != version and time - before[1] <= window


def mixed_versions(track: VersionTrack, rest: int, line: Sample, settings: ZombieVersion) -> Signal | None:
    """The signal of one more path under several versions; None for one that was counted already."""
    if rest in track.mixed:
        return None
    if len(track.mixed) >= _KEPT:
        del track.mixed[next(iter(track.mixed))]
    track.mixed[rest] = 1
    keep_sample(track.lines, line)
    severity = Severity.MEDIUM if len(track.mixed) >= settings.medium else Severity.INFO
    facts: Facts = {
        "hits": len(track.mixed),
        "deprecated": 0.0,
        "versions": 1.0,
        "limit": settings.medium,
        "minutes": settings.window / 60.0,
    }
    return Signal(ZOMBIE, severity, 1.0, facts, track.lines[0][0], track.lines)


def _tell(facts: Facts, route: str) -> Story:
    hits = f"{facts['hits']:.0f}"
    if facts["versions"]:
        title = f"asks for {hits} paths under several versions"
        value, baseline = hits, f"within {facts['minutes']:.0f} min; other clients stay with one version"
    elif facts["deprecated"]:
        title = f"{route} is deprecated and answers: {hits} times"
        value, baseline = f"{hits} answers", "deprecated in the OpenAPI file, and hardly used"
    else:
        title = f"{route}, an old version, answers again: {hits} times"
        value, baseline = f"{hits} answers", f"silent for at least {facts['days']:.0f} days, while a newer one exists"
    return Story(
        title=title,
        why="old versions are kept running and forgotten, without the checks that the current ones have",
        numbers=(
            Number(
                name="uses of old versions",
                value=value,
                baseline=baseline,
                threshold=f"{facts['limit']:.0f}",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("an old app, or one that falls back to an older version, does the same",),
        clears_when="a day without such a request; switch the version off, or an allow-list entry",
        reason=f"inventory: {hits} uses of old versions",
    )


ZOMBIE = Detector(
    name="inventory.zombie-version",
    family="inventory",
    group="recon",
    tags=Tags(owasp=("API9:2023",), oat=("OAT-018",), attack=("T1595.003",)),
    tell=_tell,
    capped_when_cold=False,
)
