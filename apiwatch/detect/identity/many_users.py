"""`identity.many-users`: several users act from one address with one user agent, and nobody logged in there."""

from apiwatch.config.accounts import ManyUsers
from apiwatch.detect.identity.track import Visitors
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["MANY_USERS", "came", "logged_in"]

_USERS_KEPT = 64
_LOG_INS_KEPT = 16


def came(visitors: Visitors, user: str, agent: str, time: float, line: Sample, settings: ManyUsers) -> Signal | None:
    """A new user was answered behind this address; the signal, if too many have appeared here of late.

    Users who were here before do not count, nor do as many as have logged in here: that is a kiosk.
    """
    users = visitors.users
    if len(users) >= _USERS_KEPT:
        del users[next(iter(users))]
    users[user] = (time, agent)
    keep_sample(visitors.lines, line)
    start = time - settings.window
    count = sum(1 for at, with_agent in users.values() if at > start and with_agent == agent)
    log_ins = sum(1 for at in visitors.log_ins if at > start)
    if count - log_ins < settings.users:
        return None
    facts: Facts = {
        "objects": count,
        "log_ins": log_ins,
        "known": len(users) - count,
        "limit": settings.users,
        "minutes": settings.window / 60.0,
    }
    evidence = (count - log_ins) / (2 * settings.users)
    return Signal(MANY_USERS, Severity.MEDIUM, evidence, facts, visitors.lines[0][0], visitors.lines)


def logged_in(visitors: Visitors, time: float) -> None:
    """Somebody logged in from this address, and took every step that belongs to it."""
    visitors.log_ins.append(time)
    del visitors.log_ins[:-_LOG_INS_KEPT]


def _tell(facts: Facts, route: str) -> Story:
    users = f"{facts['objects']:.0f}"
    return Story(
        title=f"{users} users with one address and one user agent in {facts['minutes']:.0f} min",
        why="acts as one user after the other without logging in as them: tokens that were made or stolen",
        numbers=(
            Number(
                name=f"new users in {facts['minutes']:.0f} min",
                value=f"{users}, {facts['log_ins']:.0f} log-ins from here",
                baseline=f"{facts['known']:.0f} other users are known here, not counted",
                threshold=f">= {facts['limit']:.0f} more than log-ins",
                now=facts["objects"],
            ),
        ),
        counter_evidence=(
            "an office with one kind of browser, or a gateway, looks the same: name its network under classes.staff",
        ),
        clears_when=f"{facts['minutes']:.0f} min without new users, or an allow-list entry",
        reason=f"identity: {users} users from one address",
    )


MANY_USERS = Detector(
    name="identity.many-users",
    family="identity",
    group="identity",
    tags=Tags(owasp=("API2:2023",), attack=("T1550.001",)),
    tell=_tell,
)
