"""`recovery.code-guessing`: one client fails to verify one-time codes again and again."""

from apiwatch.config.accounts import CodeGuessing
from apiwatch.detect.recovery.track import ACCOUNTS_KEPT, RecoveryTrack
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["CODE_GUESSING", "verified", "wrong_code"]


def wrong_code(
    track: RecoveryTrack, user: str | None, time: float, line: Sample, settings: CodeGuessing
) -> Signal | None:
    """Count one wrong code, of a user or of nobody in particular; the signal, if there is one."""
    key = user or ""
    times = track.codes.pop(key, [])
    if len(track.codes) >= ACCOUNTS_KEPT:
        del track.codes[next(iter(track.codes))]
    track.codes[key] = times
    times.append(time)
    del times[:-ACCOUNTS_KEPT]
    keep_sample(track.code_lines, line)
    recent = [at for at in times if at > time - settings.window]
    if len(recent) <= settings.failures:
        return None
    facts: Facts = {
        "failures": len(recent),
        "named": float(user is not None),
        "users": len(track.codes),
        "limit": settings.failures,
        "minutes": settings.window / 60.0,
    }
    evidence = len(recent) / (2 * settings.failures)
    return Signal(CODE_GUESSING, Severity.HIGH, evidence, facts, recent[0], track.code_lines)


def verified(track: RecoveryTrack, user: str | None) -> None:
    """A code was right: the wrong ones before it were typing errors."""
    track.codes.pop(user or "", None)


def _tell(facts: Facts, route: str) -> Story:
    number = f"{facts['failures']:.0f}"
    return Story(
        title=f"guesses codes on {route}: {number} wrong in {facts['minutes']:.0f} min",
        why="tries one code after the other; a code of six digits falls to whoever may try often enough",
        numbers=(
            Number(
                name=f"wrong codes in {facts['minutes']:.0f} min",
                value=f"{number} for one user" if facts["named"] else f"{number}, users are not logged",
                baseline="a user mistypes a code once or twice",
                threshold=f"> {facts['limit']:.0f}",
                now=facts["failures"],
            ),
        ),
        counter_evidence=("no right code since: late messages would bring one",),
        clears_when=f"a right code, {facts['minutes']:.0f} min with fewer wrong ones, or an allow-list entry",
        reason=f"recovery: {number} wrong codes",
    )


CODE_GUESSING = Detector(
    name="recovery.code-guessing",
    family="recovery",
    group="account",
    tags=Tags(owasp=("API2:2023",), oat=("OAT-007",), attack=("T1110",)),
    tell=_tell,
)
