"""What the simulator's parts hand to each other: requests before they become lines, events, actors and labels."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

__all__ = ["GRADES", "HOST", "Actor", "Event", "Hit", "Label", "Role", "Scenario", "Stage"]

HOST = "shop.example.com"
"""The one virtual host of the simulated service."""

Role = Literal["attacker", "benign", "trap", "twin"]

GRADES = ("g0", "g1", "g2", "g3", "g4")
"""Stealth of a replay: loud; dressed up; slow; distributed; distributed, slow and under cover."""


class Hit(NamedTuple):
    """One simulated request, not yet written in any format."""

    time: float
    """Seconds since the start of the simulation."""
    client: str
    user: str | None
    """User of an authenticated request; for a log-in the name that was tried."""
    method: str
    target: str
    status: int
    size: int
    """Body bytes."""
    referer: str | None
    agent: str | None
    duration: float
    """Seconds."""
    host: str = HOST
    truth: int = 0
    """0: normal, also what an attacker does for cover; 1: a request of an attack; 2: one that exposes a record.

    No format writes it.
    """


class Event(NamedTuple):
    """One line of the log and when it is written."""

    time: float
    """Seconds since the epoch."""
    line: str
    """Without a line end."""


class Label(msgspec.Struct, frozen=True):
    """The truth about one actor of a scenario."""

    campaign: str
    """Name of the scenario and of the actor in it, such as `incident/walk`."""
    role: Role
    """`trap`: legitimate, but similar to an attack; `twin`: the legitimate counterpart of one replay."""
    clients: tuple[str, ...]
    """Addresses it comes from."""
    users: tuple[str, ...]
    """Accounts it acts as, once logged in; not the accounts that it tries."""
    route: str
    """Route of the attack, as `METHOD /template`; empty when there are many."""
    family: str
    """Family of the expected alert; empty when none is expected."""
    expect: tuple[str, ...]
    """Detectors of which the first alert is expected; empty when none is."""
    requests: int
    """Lines of this actor in the log."""
    first: float
    """Time of its first line, seconds since the epoch."""
    last: float
    must_detect_requests: int | None = None
    """Requests within which the alert has to come (design of detection, section 13); None when no alert is expected."""
    must_detect_seconds: float | None = None
    """Seconds from the first request on within which the alert has to come; None: any pace counts."""
    replay: str = ""
    """`R1` to `R20` for an actor of a replay."""
    grade: str = ""
    """One of `GRADES` for the attacker of a replay."""
    exposed: int = 0
    """Requests that exposed a record of somebody else."""


class Stage(NamedTuple):
    """The frame of one simulation."""

    seed: int
    start: float
    """Seconds since the epoch."""
    duration: float
    """Seconds."""
    rate: float
    """Benign requests per second."""
    begins: float | None = None
    """When attacks begin, in seconds since the start; None: as `onset` says."""
    thinned: float = 1.0
    """Twins come so many times rarer: long histories need little of everybody."""

    @property
    def onset(self) -> float:
        """When attacks begin, in seconds since the start: past the half hour for which new routes are cold, if it fits.

        Not later than 90 minutes, the length of the normal traffic before an incident replay.
        """
        if self.begins is not None:
            return self.begins
        return min(0.55 * self.duration, 5400.0)


class Actor(NamedTuple):
    """Somebody with a stream of requests of his own, and what is to be known about him."""

    name: str
    role: Role
    clients: tuple[str, ...]
    hits: Callable[[Stage], Iterator[Hit]]
    """In the order of time; the same at every call, at the same times whatever the rate and the start of the stage."""
    users: tuple[str, ...] = ()
    route: str = ""
    family: str = ""
    expect: tuple[str, ...] = ()
    must_detect_requests: int | None = None
    must_detect_seconds: float | None = None
    replay: str = ""
    grade: str = ""


class Scenario(NamedTuple):
    """One simulation that can be asked for by name."""

    title: str
    """One line that says what happens."""
    actors: Callable[[Stage], tuple[Actor, ...]]
    """The attackers and traps that join the normal traffic."""
    users_logged: bool = False
    """Whether the log names the users, as behind HTTP authentication or a gateway; plain nginx logs do not."""
    stormy: bool = False
    """Whether the normal traffic goes through a release, an outage and a surge."""
