"""`volume.error-surge`: far more answers than usual are errors (5xx) or refusals for too many requests (429).

A Bernoulli CUSUM (design of detection, section 5.3) of p1 = p0 + .1 against the share p0 that is usual on the route,
one for the route and one for each principal with errors there. Only errors are looked at: what lies between two of them
is known from the counters of the route, and pulls the test back in one step.
"""

from collections.abc import Iterable, Sequence
from math import log

import msgspec

from apiwatch.config.amounts import ErrorSurge
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Outcome, Severity, Tags

__all__ = ["ERROR_SURGE", "ErrorTrack", "RouteErrors", "as_outage", "of_principal", "of_route"]

_LIMIT, _ERR = int(Outcome.LIMIT), int(Outcome.ERR)
_PRIOR = 50.0
_MEMORY = 2_000.0
"""Requests over which the usual share is averaged."""

_LOWEST, _HIGHEST = 0.005, 0.5
_CALM, _RESTART = 0.25, 0.5
"""Shares of the threshold: up to the first a route learns, at the second it goes on after a signal."""

_QUIET = 1_800.0
_PRINCIPALS_KEPT = 64
_RETRIED = 30.0
"""Seconds within which the same target again is a retry."""

_OTHERS = 10
"""Requests of others that must have been answered meanwhile, to know that it is not the service."""

_ILL = 3
"""Routes with errors at one time that are an outage."""

PRINCIPAL, ROUTE, OUTAGE = 0.0, 1.0, 2.0


class RouteErrors(msgspec.Struct, gc=False):
    """Errors of one route."""

    p0: float = -1.0
    votes: float = 0.0
    requests: int = 0
    """Of the route, at its latest error."""
    score: float = 0.0
    since: float = 0.0
    """When `score` left 0; what follows is counted from there."""
    seen: int = 0
    hits: int = 0
    known: int = 0
    """Errors of clients that are answered elsewhere."""
    by: dict[str, int] = msgspec.field(default_factory=dict)
    """Principal -> errors; at most 64."""
    quiet_until: float = 0.0
    samples: list[Sample] = msgspec.field(default_factory=list)


class ErrorTrack(msgspec.Struct, array_like=True, gc=False):
    """Errors of one principal on one route."""

    client: str
    score: float = 0.0
    requests: int = 0
    """Of the client on the route, at its latest error."""
    since: float = 0.0
    seen: int = 0
    hits: int = 0
    before: tuple[int, int] = (0, 0)
    """Requests and errors of the whole route when `score` left 0."""
    targets: dict[int, float] = msgspec.field(default_factory=dict)
    """Identity of a target -> its latest error; at most 64."""
    samples: list[Sample] = msgspec.field(default_factory=list)


def of_route(
    errors: RouteErrors,
    outcomes: Sequence[int],
    key: str,
    time: float,
    line: Sample | None,
    settings: ErrorSurge,
    *,
    known: bool,
) -> Signal | None:
    """Count one error of a route, by the principal `key`; the signal, if there is one.

    `known` says whether its client is answered elsewhere. The signal is about the principal if it gave at least half of
    the errors; it is an outage if clients that are answered elsewhere gave half of them.
    """
    total = sum(outcomes)
    others = max(0, total - errors.requests - 1)
    errors.requests = total
    if errors.p0 < 0.0:
        errors.p0 = settings.p0
    p0 = min(max(errors.p0, _LOWEST), _HIGHEST)
    hit, other = _weights(p0, settings.rise)
    errors.score = max(0.0, errors.score + others * other)
    between = others
    if errors.score == 0.0 or time - errors.since > _QUIET:
        errors.since, errors.seen, errors.hits, errors.known = time, 0, 0, 0
        errors.by.clear()
        errors.samples.clear()
        others = 0
    errors.score += hit
    errors.seen += others + 1
    errors.hits += 1
    errors.known += known
    if key in errors.by or len(errors.by) < _PRINCIPALS_KEPT:
        errors.by[key] = errors.by.get(key, 0) + 1
    if line is not None:
        keep_sample(errors.samples, line)
    if errors.score <= _CALM * settings.threshold:
        weight = 1.0 / min(_MEMORY, errors.votes + _PRIOR)
        errors.p0 = errors.p0 * (1.0 - weight) ** (between + 1) + weight
        errors.votes += between + 1
    if errors.score < settings.threshold or p0 >= _HIGHEST:
        return None
    errors.score = min(errors.score, 2 * settings.threshold)
    top = max(errors.by.values())
    if time < errors.quiet_until or errors.hits < settings.min_errors:
        return None
    facts: Facts = {
        "hits": errors.hits,
        "seen": errors.seen,
        "p0": p0,
        "statistic": errors.score,
        "threshold": settings.threshold,
        "principals": len(errors.by),
        "known": errors.known,
        "scope": ROUTE,
        "others": errors.seen - errors.hits,
    }
    severity = Severity.MEDIUM
    if 2 * top >= errors.hits:
        often = top * settings.window >= settings.min_errors * (time - errors.since)
        if errors.by.get(key, 0) < top or top < settings.min_errors or not often or facts["others"] < _OTHERS:
            return None
        facts = {**facts, "scope": PRINCIPAL, "hits": top}
    elif 2 * errors.known >= errors.hits:
        facts["scope"], severity = OUTAGE, Severity.INFO
    signal = Signal(ERROR_SURGE, severity, 1.0, facts, errors.since, list(errors.samples))
    errors.score = _RESTART * settings.threshold
    errors.quiet_until = time + _QUIET
    return signal


def as_outage(signal: Signal, routes: Iterable[RouteErrors | None], time: float) -> Signal:
    """The signal of a route, as that of an outage if three routes of its host give errors now: the service is ill."""
    if signal.facts["scope"] != ROUTE:
        return signal
    ill = sum(1 for one in routes if one is not None and one.score > 0.0 and one.hits > 1 and time - one.since < _QUIET)
    if ill < _ILL:
        return signal
    return signal._replace(severity=Severity.INFO, facts={**signal.facts, "scope": OUTAGE})


def of_principal(
    track: ErrorTrack,
    errors: RouteErrors,
    outcomes: Sequence[int],
    target: int,
    requests: int,
    time: float,
    line: Sample | None,
    settings: ErrorSurge,
) -> Signal | None:
    """Count one error of a principal; the signal, if it alone is answered with errors.

    `requests` are those of its client on the route so far. The same target again within half a minute is a retry.
    """
    p0 = min(max(errors.p0, _LOWEST), _HIGHEST)
    hit, other = _weights(p0, settings.rise)
    others = max(0, requests - track.requests - 1)
    track.requests = requests
    track.score = max(0.0, track.score + others * other)
    retried = time - track.targets.get(target, -_RETRIED) < _RETRIED
    if target not in track.targets and len(track.targets) >= _PRINCIPALS_KEPT:
        del track.targets[next(iter(track.targets))]
    track.targets[target] = time
    if retried:
        return None
    total, failed = sum(outcomes), outcomes[_LIMIT] + outcomes[_ERR]
    if track.score == 0.0 or time - track.since > settings.window:
        track.score, track.since, track.seen, track.hits = 0.0, time, 0, 0
        track.before = total, failed
        track.samples.clear()
        others = 0
    track.score += hit
    track.seen += others + 1
    track.hits += 1
    if line is not None:
        keep_sample(track.samples, line)
    if track.score < settings.threshold or track.hits < settings.min_errors or p0 >= _HIGHEST:
        return None
    theirs = total - track.before[0] - track.seen
    theirs_failed = failed - track.before[1] - track.hits
    if theirs < _OTHERS or theirs_failed > (p0 + settings.rise) * theirs:
        return None
    facts: Facts = {
        "hits": track.hits,
        "seen": track.seen,
        "p0": p0,
        "statistic": min(track.score, 2 * settings.threshold),
        "threshold": settings.threshold,
        "principals": 1.0,
        "known": 0.0,
        "scope": PRINCIPAL,
        "others": theirs,
    }
    return Signal(ERROR_SURGE, Severity.MEDIUM, 1.0, facts, track.since, track.samples)


def _weights(p0: float, rise: float) -> tuple[float, float]:
    p1 = min(0.97, p0 + rise)
    return log(p1 / p0), log((1.0 - p1) / (1.0 - p0))


def _tell(facts: Facts, route: str) -> Story:
    hits, seen, scope = f"{facts['hits']:.0f}", f"{facts['seen']:.0f}", facts["scope"]
    if scope == OUTAGE:
        title = f"outage: {hits} of {seen} answers on {route} are errors, for everybody"
        why = "clients that use the service normally fail as well: the service is to blame, no client is"
    elif scope == ROUTE:
        title = f"{hits} of {seen} answers on {route} are errors, for {facts['principals']:.0f} clients"
        why = "far more errors than usual, and most of these clients do nothing else here: they may cause them"
    else:
        title = f"causes errors on {route}: {hits} of {seen} answers"
        why = "is answered with error after error where others are not: a payload or a pace that hurts the service"
    return Story(
        title=title,
        why=why,
        numbers=(
            Number(
                name="answers that are errors (5xx) or refusals (429)",
                value=f"{hits} of {seen}",
                baseline=f"{facts['p0']:.1%} (this route)",
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
        ),
        counter_evidence=(
            f"{facts['known']:.0f} of the errors went to clients that are answered elsewhere"
            if scope != PRINCIPAL
            else f"{facts['others']:.0f} requests here were answered meanwhile; a client that retries looks similar",
        ),
        clears_when="answers without errors again, or an allow-list entry",
        reason=f"volume: {hits} errors",
    )


ERROR_SURGE = Detector(
    name="volume.error-surge",
    family="volume",
    group="volume",
    tags=Tags(owasp=("API4:2023", "API8:2023"), attack=("T1499", "T1190")),
    tell=_tell,
)
