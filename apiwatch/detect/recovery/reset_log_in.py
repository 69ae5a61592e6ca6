"""`recovery.reset-then-login`: one client resets accounts and logs in to each at once."""

from apiwatch.config.accounts import ResetThenLogIn
from apiwatch.detect.recovery.track import RecoveryTrack, count_since, remember
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["RESET_LOG_IN", "entered", "was_reset"]


def was_reset(track: RecoveryTrack, account: str | None, agent: str, time: float, line: Sample) -> None:
    """An account was reset; '' stands for one that the log does not name. Another user agent is another person."""
    if agent != track.agent:
        track.agent = agent
        track.reset.clear()
        track.entered.clear()
        track.entered_lines.clear()
    remember(track.reset, account or "", time)
    keep_sample(track.entered_lines, line)


def entered(
    track: RecoveryTrack, user: str | None, agent: str, time: float, line: Sample, settings: ResetThenLogIn
) -> Signal | None:
    """A log-in succeeded: if it follows a reset of the same account, count the account; the signal, if there is one."""
    if agent != track.agent:
        return None
    account = _reset_of(track, user, time - settings.within)
    if account is None:
        return None
    del track.reset[account]
    remember(track.entered, account or user or f"\n{time}", time)
    keep_sample(track.entered_lines, line)
    count = count_since(track.entered, time - settings.window)
    if count < settings.accounts:
        return None
    facts: Facts = {
        "objects": count,
        "named": float(user is not None),
        "limit": settings.accounts,
        "within": settings.within / 60.0,
        "minutes": settings.window / 60.0,
    }
    since = min(at for at in track.entered.values() if at > time - settings.window)
    return Signal(RESET_LOG_IN, Severity.HIGH, 1.0, facts, since, track.entered_lines)


def _reset_of(track: RecoveryTrack, user: str | None, start: float) -> str | None:
    """The account of a reset after `start` that a log-in of this user follows."""
    if user is not None and track.reset.get(user, -1.0) >= start:
        return user
    recent = [account for account, time in track.reset.items() if time >= start]
    if user is None:
        return recent[-1] if recent else None
    return "" if "" in recent else None


def _tell(facts: Facts, route: str) -> Story:
    accounts = f"{facts['objects']:.0f}"
    return Story(
        title=f"resets accounts and logs in to them: {accounts} in {facts['minutes']:.0f} min",
        why="takes over accounts by resetting them; a user resets one, the own",
        numbers=(
            Number(
                name=f"accounts entered within {facts['within']:.0f} min of their reset",
                value=f"{accounts} in {facts['minutes']:.0f} min",
                baseline="1: a user who forgot the password",
                threshold=f">= {facts['limit']:.0f}",
                now=facts["objects"],
            ),
        ),
        counter_evidence=(
            "a help desk that tries the new password looks the same: name its network under classes.staff"
            if facts["named"]
            else "users are not logged: two people with one address and one kind of browser look the same",
        ),
        clears_when=f"{facts['minutes']:.0f} min without another such account, or an allow-list entry",
        reason=f"recovery: {accounts} accounts reset and entered",
    )


RESET_LOG_IN = Detector(
    name="recovery.reset-then-login",
    family="recovery",
    group="account",
    tags=Tags(owasp=("API2:2023", "API6:2023"), oat=("OAT-007",), attack=("T1098", "T1078")),
    tell=_tell,
)
