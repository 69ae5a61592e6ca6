"""Log-ins by target user: who is tried from several networks, and whose account was taken over.

`auth.account-targeted` counts recent failures of one user over all clients. `auth.account-takeover` is a success after
many failures of the user, or one by a client that the log-in test has found. A user who comes back from a known network
after forgetting a password is neither, nor is a device that goes on with an old password.
"""

import msgspec

from apiwatch.config.accounts import AccountTakeover, AccountTargeted
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import LogInTrack, Sample, keep_sample
from apiwatch.model import Number, Severity, Tags

__all__ = [
    "FLAGS",
    "TAKEOVER",
    "TARGETED",
    "Account",
    "failed",
    "succeeded",
    "takeover_signal",
    "targeted_signal",
    "welcomed",
]

FLAGS = ("auth.brute-force", "auth.credential-stuffing", "auth.password-spray")
"""Signals of a principal after which its successful log-in is a take-over."""

_FAILURES_KEPT = 64
_KNOWN_KEPT = 8


class Account(msgspec.Struct, gc=False):
    """One user whom somebody tries to log in as."""

    user: str
    last: float
    failures: list[tuple[float, str, str]] = msgspec.field(default_factory=list)
    """(time, network, user agent) of the latest failures since the last log-in of its own; at most 64."""
    known: dict[str, str] = msgspec.field(default_factory=dict)
    """Network from which the user logged in -> user agent; at most 8, the latest last."""
    samples: list[Sample] = msgspec.field(default_factory=list)
    dirty: bool = False


def failed(account: Account, time: float, network: str, agent: str, line: Sample) -> None:
    """Count one failure."""
    failures = account.failures
    failures.append((time, network, agent))
    if len(failures) > _FAILURES_KEPT:
        del failures[0]
    keep_sample(account.samples, line)


def targeted_signal(account: Account, time: float, settings: AccountTargeted) -> Signal | None:
    """The signal of failures from several networks, those left out from which the user is known to log in."""
    recent = [
        (at, network, agent)
        for at, network, agent in account.failures
        if time - at < settings.window and network not in account.known
    ]
    if len(recent) < settings.failures:
        return None
    networks = {network for _, network, _ in recent}
    if len(networks) < settings.networks:
        return None
    agents = {agent for _, _, agent in recent}
    if len(agents) == 1 and not agents.isdisjoint(account.known.values()):
        return None
    facts: Facts = {
        "failures": len(recent),
        "networks": len(networks),
        "agents": len(agents),
        "known": len(account.known),
        "limit": settings.failures,
        "limit_networks": settings.networks,
        "hours": settings.window / 3_600.0,
    }
    evidence = len(recent) / (2 * settings.failures)
    return Signal(TARGETED, Severity.MEDIUM, evidence, facts, recent[0][0], account.samples)


def succeeded(
    account: Account | None,
    track: LogInTrack,
    flagged: bool,
    time: float,
    network: str,
    agent: str,
    settings: AccountTakeover,
) -> Facts | None:
    """The facts of a take-over if this success is one.

    `flagged` says whether the client guesses: it is of a campaign, and came in as somebody for whom it did not fail; or
    the log-in test has found it, and still leans that way, which it does not for a busy office that goes on to log in.
    """
    recent = [] if account is None else [one for one in account.failures if time - one[0] < settings.window]
    if not flagged and (account is None or len(recent) < settings.failures or _is_own(account, network, agent)):
        return None
    return {
        "failures": max(len(recent), track.failures) if flagged else len(recent),
        "for_user": len(recent),
        "networks": len({found for _, found, _ in recent}),
        "flagged": float(flagged),
        "known": 0.0 if account is None else len(account.known),
        "limit": settings.failures,
        "hours": settings.window / 3_600.0,
    }


def welcomed(account: Account, network: str, agent: str) -> None:
    """A log-in succeeded and is no take-over: the network is known from now on, and the failures were its own."""
    account.failures.clear()
    account.samples.clear()
    account.known.pop(network, None)
    if len(account.known) >= _KNOWN_KEPT:
        del account.known[next(iter(account.known))]
    account.known[network] = agent


def _is_own(account: Account, network: str, agent: str) -> bool:
    """Whether the user is back: in a known network, or alone with a known agent and failures from here only."""
    if network in account.known:
        return True
    return agent in account.known.values() and {found for _, found, _ in account.failures} == {network}


def _tell_targeted(facts: Facts, route: str) -> Story:
    number = f"{facts['failures']:.0f}"
    return Story(
        title=f"one account is tried from {facts['networks']:.0f} networks: {number} failed log-ins",
        why="many strangers fail to log in as the same user: its password is being guessed from several places",
        numbers=(
            Number(
                name=f"failed log-ins of this user in {facts['hours']:.0f} h",
                value=number,
                baseline="a user who forgot a password fails 1 to 4 times",
                threshold=f">= {facts['limit']:.0f}",
                now=facts["failures"],
            ),
            Number(
                name="networks",
                value=f"{facts['networks']:.0f}",
                baseline=f"{facts['known']:.0f} networks in which this user logs in, not counted",
                threshold=f">= {facts['limit_networks']:.0f}",
                now=facts["networks"],
            ),
        ),
        counter_evidence=(
            "one user agent in all attempts: perhaps a device with an old password that changes networks"
            if facts["agents"] == 1
            else f"{facts['agents']:.0f} different user agents",
        ),
        clears_when="a log-in of this user from a known network, a day without failures, or an allow-list entry",
        reason=f"log-ins: one account failed {number} times",
    )


def _tell_takeover(facts: Facts, route: str) -> Story:
    flagged = facts["flagged"] > 0.0
    who = "a client that guesses passwords" if flagged else f"{facts['for_user']:.0f} failures of this user"
    return Story(
        title=f"account taken over on {route}: a log-in succeeded after {who}",
        why="one of the guessed passwords was right: whoever logged in here has somebody's account",
        numbers=(
            Number(
                name="failed log-ins before this success",
                value=f"{facts['failures']:.0f}",
                baseline="a user who forgot a password fails 1 to 4 times",
                threshold="found by the log-in test" if flagged else f">= {facts['limit']:.0f}",
                now=facts["failures"],
            ),
            Number(
                name=f"networks that failed for this user in {facts['hours']:.0f} h",
                value=f"{facts['networks']:.0f}" if facts["for_user"] else "none is known",
                baseline=f"{facts['known']:.0f} networks in which this user logs in",
                threshold="none of the known ones",
                now=facts["networks"],
            ),
        ),
        counter_evidence=(
            "a user of the same address may have logged in meanwhile"
            if flagged
            else "a user who travels and tried many passwords looks the same",
        ),
        clears_when="ask the user and reset the password; closes after a day, or by an allow-list entry",
        reason="log-ins: succeeded after many failures",
    )


TARGETED = Detector(
    name="auth.account-targeted",
    family="auth",
    group="account",
    tags=Tags(owasp=("API2:2023",), oat=("OAT-007",), attack=("T1110.001",)),
    tell=_tell_targeted,
    capped_when_cold=False,
)
TAKEOVER = Detector(
    name="auth.account-takeover",
    family="auth",
    group="account",
    tags=Tags(owasp=("API2:2023",), oat=("OAT-008",), attack=("T1078",)),
    tell=_tell_takeover,
    capped_when_cold=False,
)


def takeover_signal(facts: Facts, time: float, line: Sample, earlier: list[Sample]) -> Signal:
    """The signal of a take-over; `earlier` are failures that led to it."""
    return Signal(TAKEOVER, Severity.CRITICAL, 1.0, facts, earlier[0][0] if earlier else time, [*earlier[:4], line])
