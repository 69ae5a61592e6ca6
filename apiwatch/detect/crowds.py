"""What is remembered of all clients of one route: the population tests, and the campaign that they found."""

import msgspec

__all__ = ["TESTS", "Campaign", "Cusum", "Period", "RoutePopulation"]

TESTS = 4
"""Population tests on one route."""

Line = tuple[int, str, int, str]
"""An original line, as `state.Sample`."""


class Cusum(msgspec.Struct, gc=False):
    """One test on one route."""

    score: float = 0.0
    p0: float = -1.0
    """Learned share; below 0 while the test is warming up."""
    votes: int = 0
    hits: int = 0
    """Hits of the votes while the test was warming up."""
    fired_at: float = 0.0
    """When it first fired while it was warming up; below 0 once it forgot that and learns anew."""
    quiet_until: float = 0.0
    since: float = 0.0
    """When `score` left 0; the counts below begin there."""
    seen: int = 0
    seen_hits: int = 0
    known: int = 0
    """Votes of known-good clients."""
    known_hits: int = 0


class Period(msgspec.Struct, gc=False):
    """Votes on one route since a test left 0."""

    since: float
    votes: int = 0
    cells: dict[str, list[int]] = msgspec.field(default_factory=dict)
    """Cell -> votes, and those of known-good clients; at most 200. So are `networks`."""
    networks: dict[str, list[int]] = msgspec.field(default_factory=dict)
    suspects: dict[str, tuple[float, str, str, int]] = msgspec.field(default_factory=dict)
    """Client that may take part -> time, cell and network of its latest vote, and its votes."""
    hits: dict[str, int] = msgspec.field(default_factory=dict)
    """Client -> its suspicious votes while the suspicion is strong; at most 4 096."""
    samples: list[Line] = msgspec.field(default_factory=list)

    def forget_looks(self) -> None:
        """Begin anew to count what votes look like."""
        self.votes = 0
        self.cells.clear()
        self.networks.clear()


class Campaign(msgspec.Struct, gc=False):
    """A campaign on one route, from the first signal until its alert closes."""

    test: int
    """Index of the test that found it."""
    opened: float
    facts: dict[str, float] = msgspec.field(default_factory=dict)
    """Of the latest signal of the test."""
    requests: int = 0
    """Suspicious votes."""
    repeats: int = 0
    """Those of members, after they became such."""
    members: dict[str, float] = msgspec.field(default_factory=dict)
    """Address -> when it became a member; at most 4 096."""
    total: int = 0
    cells: list[str] = msgspec.field(default_factory=list)
    """Cells and networks that belong to it."""
    refreshed: float = 0.0
    told: int = 0
    """Members when they were last told."""
    tell_at: float = 0.0
    """When new ones are told again, at the latest."""
    successes: int = 0
    samples: list[Line] = msgspec.field(default_factory=list)
    row: str = ""
    """Key of its alert."""


class RoutePopulation(msgspec.Struct, gc=False):
    """What the population tests remember of one route."""

    tests: list[Cusum] = msgspec.field(default_factory=lambda: [Cusum() for _ in range(TESTS)])
    votes: int = 0
    usual: dict[str, int] = msgspec.field(default_factory=dict)
    """Votes by cell while all tests were calm, of one vote in four."""
    usual_total: int = 0
    networks: dict[str, int] = msgspec.field(default_factory=dict)
    """IPv6 /64 -> slot of its latest vote, which its addresses share."""
    period: Period | None = None
    """Since a test left 0."""
    campaign: Campaign | None = None
    openings: list[tuple[float, str, str]] = msgspec.field(default_factory=list)
    """(time, family, client) of the latest alerts of single clients here."""
    clusters: dict[str, int] = msgspec.field(default_factory=dict)
    """Client whose alert was put into the row of a cluster -> its alerts."""
