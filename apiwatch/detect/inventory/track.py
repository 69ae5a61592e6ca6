"""What is remembered about the inventory: of routes, of first path parts, of hosts, and of who tries versions."""

import msgspec

from apiwatch.detect.kit import DAY
from apiwatch.detect.samples import Sample

__all__ = ["Arrivals", "HostRecord", "Inventory", "Part", "RouteWatch", "VersionTrack", "Visits", "day_of"]


_LONG_AGO = 365 * DAY


def day_of(time: float) -> int:
    """The UTC day of an event, in days since the epoch."""
    return int(time // DAY)


class RouteWatch(msgspec.Struct, gc=False):
    """Each request of this route is looked at: the route is new, was silent, answers to anything, or is specified."""

    until: float
    """Event time after which it is an ordinary route; 0: always."""
    new: bool = False
    """Not specified, or learned after the learning period."""
    woke: bool = False
    """Answers after a long silence."""
    hits: int = 0
    """Answers since it woke, or was called although deprecated."""
    voted: float = 0.0
    """When a client last asked for an unknown target."""
    lines: list[Sample] = msgspec.field(default_factory=list)


class Visits(msgspec.Struct, gc=False):
    """Who uses a route, day by day: one visit per client and day."""

    day: int = -1
    """The latest day with a visit."""
    clients: int = 0
    """Clients that were answered on that day."""
    fresh: int = 0
    """Those of them who were first seen anywhere within a day before."""
    days: list[tuple[int, int, int]] = msgspec.field(default_factory=list)
    """(day, clients, fresh) of up to seven earlier days with visits."""
    known: bytearray = msgspec.field(default_factory=bytearray)
    """Bloom filter of the principals that were answered."""
    told: bool = False
    """Whether it was found to be missing in the OpenAPI files."""


class Arrivals(msgspec.Struct, gc=False):
    """How many new things appeared on the latest day, and on the day before."""

    first: float
    day: int = -1
    today: int = 0
    yesterday: int = 0

    def count(self, time: float) -> None:
        """One more new thing."""
        self.turn(time)
        self.today += 1

    def turn(self, time: float) -> None:
        """Begin the day of `time`."""
        day = day_of(time)
        if day > self.day:
            self.yesterday = self.today if day == self.day + 1 else 0
            self.today = 0
            self.day = day

    def is_settled(self, time: float, learning: float, limit: int) -> bool:
        """Whether what appears now is remarkable: learning is over, and the day before brought hardly anything."""
        self.turn(time)
        return time - self.first >= learning and self.yesterday < limit


class Part(msgspec.Struct, gc=False):
    """The new routes of a host below one first path part, as one burst."""

    arrivals: Arrivals
    since: float = 0.0
    last: float = 0.0
    routes: dict[str, int] = msgspec.field(default_factory=dict)
    """Label of a new route -> 1; at most 64."""
    total: int = 0
    """New routes in all."""
    strangers: list[int] = msgspec.field(default_factory=list)
    """Principals without other business, by number; at most 64."""
    regulars: list[int] = msgspec.field(default_factory=list)
    """Principals with other business; at most 64."""
    hits: int = 0
    largest: int = 0
    """Bytes of the largest answer."""
    sensitive: bool = False
    """Whether a stranger got an answer about people or administration."""
    lines: list[Sample] = msgspec.field(default_factory=list)


class HostRecord(msgspec.Struct, gc=False):
    """One host."""

    first: float
    day: int = -1
    today: list[int] = msgspec.field(default_factory=list)
    """Checksums of the clients of this day, up to the number that makes it busy."""
    busy: int = -10_000
    """Latest day on which it was busy."""
    days: list[int] = msgspec.field(default_factory=list)
    """Latest days with a visit, up to 8."""
    regulars: dict[int, float] = msgspec.field(default_factory=dict)
    """Checksum of a client -> when it was first seen here; at most 64."""
    known: bool = False
    """Whether an old log that was learned has it."""
    remarkable: bool = False
    """Whether it appeared when new hosts were rare."""
    odd: int = 0
    """Requests by strangers while it was unknown or asleep."""
    answered: int = 0
    """Those of them that were answered."""
    odd_at: float = 0.0
    asleep: float = 0.0
    """Seconds without a proper day when the first of them came; 0: it was unknown."""
    lines: list[Sample] = msgspec.field(default_factory=list)


class VersionTrack(msgspec.Struct, array_like=True, gc=False):
    """Versions of paths that one principal tried without success."""

    tried: dict[int, tuple[int, float]] = msgspec.field(default_factory=dict)
    """Identity of the rest of a path -> (version, time); at most 64."""
    mixed: dict[int, int] = msgspec.field(default_factory=dict)
    """Identity of a rest that was asked for under several versions -> 1; at most 64."""
    lines: list[Sample] = msgspec.field(default_factory=list)


class Inventory(msgspec.Struct, gc=False):
    """Everything about hosts and first path parts: one piece of state."""

    start: float = 0.0
    """When the first event was seen: then everything is new."""
    hosts: dict[str, HostRecord] = msgspec.field(default_factory=dict)
    parts: dict[str, Part] = msgspec.field(default_factory=dict)
    """By host and first path part."""
    new_hosts: Arrivals = msgspec.field(default_factory=lambda: Arrivals(0.0))
    labels: dict[str, float] = msgspec.field(default_factory=dict)
    """Label of a route that was found to be new -> when: to have used it is no other business; at most 512."""
    mixed: dict[int, list[int]] = msgspec.field(default_factory=dict)
    """Rest of a path -> principals that use several versions of it, at most 5: then it is usual. At most 512."""

    def learned(self, time: float) -> None:
        """Everything up to here is known, however short it was; nothing of it counts against anybody."""
        before = time - _LONG_AGO
        self.start = min(self.start, before) if self.start else before
        for part in self.parts.values():
            part.arrivals.first = min(part.arrivals.first, before)
            part.last = 0.0
        for host in self.hosts.values():
            host.known = True
            host.odd = host.answered = 0
            host.lines = []
