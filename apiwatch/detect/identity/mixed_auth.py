"""`identity.mixed-auth`: an answer without credentials on a route where nearly everybody has some."""

from apiwatch.config.accounts import MixedAuth
from apiwatch.detect.identity.track import IdentityTrack
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["MIXED_AUTH", "answered_anonymously"]


def answered_anonymously(
    track: IdentityTrack, authenticated: int, others: int, sure: bool, line: Sample, settings: MixedAuth
) -> Signal | None:
    """The signal of one such answer; the counts are those of the route before it.

    Where other clients without credentials are answered now and then, it takes several answers to one of them.

    `sure` says whether the log states that there were no credentials. Most logs only show none, which on this route is
    rare but may mean another way to log in: then the severity is medium.
    """
    track.anonymous += 1
    keep_sample(track.anonymous_lines, line)
    enough = settings.repeats if others > settings.rare * authenticated else 1
    if track.anonymous < enough:
        return None
    facts: Facts = {
        "hits": track.anonymous,
        "authenticated": authenticated,
        "answers": authenticated + others,
        "sure": float(sure),
        "limit": settings.share,
        "enough": enough,
    }
    severity = Severity.HIGH if sure else Severity.MEDIUM
    return Signal(MIXED_AUTH, severity, 1.0, facts, track.anonymous_lines[0][0], track.anonymous_lines)


def _tell(facts: Facts, route: str) -> Story:
    return Story(
        title=f"{route} answers without credentials: {facts['hits']:.0f} times",
        why="is served what nearly everybody needs credentials for: the route does not check them",
        numbers=(
            Number(
                name="answers without credentials",
                value=f"{facts['hits']:.0f}",
                baseline=f"{facts['authenticated'] / facts['answers']:.1%} of {facts['answers']:.0f} answers went to"
                " requests with credentials",
                threshold=f"{facts['enough']:.0f} where that is >= {facts['limit']:.0%}",
                now=facts["hits"],
            ),
        ),
        counter_evidence=(
            "a health check of your own looks the same"
            if facts["sure"]
            else "the log shows no credentials, but does not say that there were none",
        ),
        clears_when="check whether the route asks for credentials; closes after a day, or by an allow-list entry",
        reason=f"identity: {facts['hits']:.0f} answers without credentials",
    )


MIXED_AUTH = Detector(
    name="identity.mixed-auth",
    family="identity",
    group="identity",
    tags=Tags(owasp=("API2:2023", "API5:2023"), attack=("T1190",)),
    tell=_tell,
)
