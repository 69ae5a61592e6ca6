"""`identity.missing-predecessor` and `recovery.missing-token-step`: a step that everybody else takes first is missing.

A route learns what its clients ask for before their first success on it. A step that nearly all of them take (99 %) is
its predecessor; a success without it came from somebody who did not go the way that the application offers.
"""

from collections.abc import Collection

from apiwatch.config.accounts import MissingPredecessor
from apiwatch.detect.identity.track import IdentityTrack, Predecessors
from apiwatch.detect.kit import DAY
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = [
    "MISSING_PREDECESSOR",
    "MISSING_TOKEN_STEP",
    "followed_by_harm",
    "learn",
    "missing",
    "skipped",
    "token_step_skipped",
]

_LABELS_KEPT = 32
_SETTLED = 20
"""Clients after which no new step can become a predecessor: it would have to be taken by 99 %."""

_HALVED_AT = 8_192


def learn(state: Predecessors, seen: Collection[str]) -> None:
    """Count the steps of one more client; `seen` are the labels of the routes that it asked for before."""
    before = state.before
    state.clients += 1
    if state.clients <= _SETTLED:
        for label in seen:
            if label in before or len(before) < _LABELS_KEPT:
                before[label] = before.get(label, 0) + 1
        return
    for label in before:
        if label in seen:
            before[label] += 1
    if state.clients % _SETTLED == 0:
        state.before = {label: count for label, count in before.items() if 2 * count > state.clients}
    if state.clients >= _HALVED_AT:
        state.clients //= 2
        state.before = {label: count // 2 for label, count in state.before.items()}


def missing(state: Predecessors, seen: Collection[str], settings: MissingPredecessor) -> tuple[str, float] | None:
    """The best supported predecessor that is not among the steps of a client, and its support."""
    if state.clients < settings.clients:
        return None
    needed = settings.support * state.clients
    found = [(count, label) for label, count in state.before.items() if count >= needed and label not in seen]
    if not found:
        return None
    count, label = max(found)
    return label, min(1.0, count / state.clients)


def skipped(
    track: IdentityTrack, support: float, clients: int, time: float, line: Sample, settings: MissingPredecessor
) -> Signal:
    """The signal of one success without the step before it: low at the first, medium from the second on."""
    if time - track.skipped_at > DAY:
        track.skipped = 0
        track.skipped_lines.clear()
    track.skipped += 1
    track.skipped_at = max(track.skipped_at, time)
    track.support, track.clients = support, clients
    severity = Severity.MEDIUM if track.skipped >= settings.medium else Severity.LOW
    return _signal(MISSING_PREDECESSOR, severity, track, line, 0.0, settings)


def followed_by_harm(track: IdentityTrack, line: Sample, settings: MissingPredecessor) -> Signal:
    """The signal when somebody who skipped steps goes on to read about people or to write."""
    return _signal(MISSING_PREDECESSOR, Severity.HIGH, track, line, 1.0, settings)


def token_step_skipped(
    track: IdentityTrack, support: float, clients: int, time: float, line: Sample, settings: MissingPredecessor
) -> Signal:
    """The signal of a reset that was completed without the step that proves the right to it."""
    track.skipped += 1
    track.skipped_at = max(track.skipped_at, time)
    track.support, track.clients = support, clients
    return _signal(MISSING_TOKEN_STEP, Severity.HIGH, track, line, 0.0, settings)


def _signal(
    detector: Detector,
    severity: Severity,
    track: IdentityTrack,
    line: Sample,
    harm: float,
    settings: MissingPredecessor,
) -> Signal:
    keep_sample(track.skipped_lines, line)
    facts: Facts = {
        "hits": track.skipped,
        "support": track.support,
        "clients": track.clients,
        "harm": harm,
        "limit": settings.support,
        "minutes": settings.look_back / 60.0,
    }
    return Signal(detector, severity, 1.0, facts, track.skipped_lines[0][0], track.skipped_lines)


def _numbers(facts: Facts) -> tuple[Number, ...]:
    return (
        Number(
            name="successes without the step before",
            value=f"{facts['hits']:.0f}",
            baseline=f"{facts['support']:.1%} of {facts['clients']:.0f} clients took it"
            f" in the {facts['minutes']:.0f} min before",
            threshold=f"support >= {facts['limit']:.0%}",
            now=facts["hits"],
        ),
    )


def _tell(facts: Facts, route: str) -> Story:
    harm = ", then reads about people or writes" if facts["harm"] else ""
    return Story(
        title=f"skips the step before {route}: {facts['hits']:.0f} times{harm}",
        why="succeeds without the step that nearly everybody takes first, such as the password before the token",
        numbers=_numbers(facts),
        counter_evidence=("a client that changed its address between the two steps looks the same",),
        clears_when="a day without such a success, or an allow-list entry",
        reason=f"identity: {facts['hits']:.0f} steps skipped",
    )


def _tell_token(facts: Facts, route: str) -> Story:
    return Story(
        title=f"password reset on {route} without the token step: {facts['hits']:.0f} times",
        why="completes a reset without the link or code that proves the right to it: the reset asks for no proof",
        numbers=_numbers(facts),
        counter_evidence=("a user who opened the link from another address looks the same",),
        clears_when="check whether the reset needs its token; closes after a day, or by an allow-list entry",
        reason="recovery: reset without its token step",
    )


MISSING_PREDECESSOR = Detector(
    name="identity.missing-predecessor",
    family="identity",
    group="identity",
    tags=Tags(owasp=("API2:2023", "API5:2023", "API6:2023"), attack=("T1190", "T1550.001", "T1606")),
    tell=_tell,
)
MISSING_TOKEN_STEP = Detector(
    name="recovery.missing-token-step",
    family="recovery",
    group="account",
    tags=Tags(owasp=("API2:2023",), attack=("T1098", "T1078")),
    tell=_tell_token,
)
