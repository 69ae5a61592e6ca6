"""`recovery.many-accounts`: one client asks to reset the passwords of many accounts."""

from apiwatch.config.accounts import ResetAccounts
from apiwatch.detect.recovery.track import RecoveryTrack, count_since, remember
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["MANY_ACCOUNTS", "asked"]

_ROUTES_KEPT = 4


def asked(
    track: RecoveryTrack, route: int, account: str | None, time: float, line: Sample, settings: ResetAccounts
) -> Signal | None:
    """Count one request to reset an account, None if the log does not name it; the signal, if there is one.

    Routes are counted apart: one reset is several requests, of which each goes to its own.
    """
    accounts = track.asked.get(route)
    if accounts is None:
        if len(track.asked) >= _ROUTES_KEPT:
            del track.asked[next(iter(track.asked))]
        accounts = track.asked[route] = {}
    if account is None:
        track.unnamed += 1
        account = f"\n{track.unnamed}"
    remember(accounts, account, time)
    keep_sample(track.asked_lines, line)
    count = count_since(accounts, time - settings.window)
    if count < settings.accounts:
        return None
    facts: Facts = {
        "objects": count,
        "unnamed": sum(1 for name in accounts if name[0] == "\n"),
        "limit": settings.accounts,
        "minutes": settings.window / 60.0,
    }
    evidence = count / (2 * settings.accounts)
    return Signal(MANY_ACCOUNTS, Severity.MEDIUM, evidence, facts, track.asked_lines[0][0], track.asked_lines)


def _tell(facts: Facts, route: str) -> Story:
    accounts = f"{facts['objects']:.0f}"
    return Story(
        title=f"resets many accounts on {route}: {accounts} in {facts['minutes']:.0f} min",
        why="asks to reset account after account; a user has one, and a help desk is known",
        numbers=(
            Number(
                name=f"accounts in {facts['minutes']:.0f} min",
                value=accounts,
                baseline="1 per user",
                threshold=f">= {facts['limit']:.0f}",
                now=facts["objects"],
            ),
        ),
        counter_evidence=(
            "accounts are not visible in this log: each request counts as a new one"
            if facts["unnamed"]
            else "a help desk looks the same: name its network under classes.staff",
        ),
        clears_when=f"{facts['minutes']:.0f} min with fewer accounts, or an allow-list entry",
        reason=f"recovery: {accounts} accounts reset",
    )


MANY_ACCOUNTS = Detector(
    name="recovery.many-accounts",
    family="recovery",
    group="account",
    tags=Tags(owasp=("API2:2023", "API6:2023"), oat=("OAT-007",), attack=("T1110", "T1098")),
    tell=_tell,
)
