"""What is known about an incident, gathered once: the one value that every form of the report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from apiwatch.store.views import (
    ActionView,
    AlertView,
    AllowEntry,
    BlockEntry,
    ClientDetail,
    EvidenceView,
    MinuteView,
    Overview,
    UnparsedView,
)

__all__ = ["COUNTED", "FULL", "Amount", "Incident", "Network"]

FULL = 20
"""Alerts and clients that a report tells in full; of more it says how many there are."""

COUNTED = 1000
"""Clients whose requests are added up; as many as an alert lists."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What one test counted on one route: objects or users that were tried, and what came of it."""

    family: str
    """'enumeration' (objects), 'auth' (log-ins), or 'route': all requests on a route that an alert names."""
    host: str
    route: str
    tried: int
    """Distinct objects, or distinct users."""
    failed: int
    """Objects that do not exist, log-ins that were refused, or requests that did not get what they asked for."""
    succeeded: int
    """Objects that exist, log-ins that were let in, or requests that got what they asked for."""


@dataclass(frozen=True, slots=True)
class Network:
    """A /24 or /64, or a host name as it is, and how many of the clients are in it."""

    name: str
    clients: int


@dataclass(frozen=True, slots=True)
class Incident:
    """Times are seconds since the epoch; `since` and `until` are event times, 0 where the report has no such bound."""

    kind: str
    """'everything', 'client' or 'alerts'."""
    names: tuple[str, ...]
    """The client, or the ids of the alerts."""
    made: float
    since: float
    until: float
    alerts: tuple[AlertView, ...]
    """Worst first."""
    alerts_cut: bool
    """The state file may hold more."""
    evidence: Mapping[str, tuple[EvidenceView, ...]]
    """Alert id -> original lines, oldest first; of the first `FULL` alerts."""
    addresses: tuple[str, ...]
    """Clients that the alerts name, worst first."""
    clients_total: int
    """At least as many as `addresses`: alerts of crowds list only some of theirs."""
    clients: tuple[ClientDetail, ...]
    """The first `COUNTED` of `addresses`, as far as the state file still knows them."""
    networks: tuple[Network, ...]
    amounts: tuple[Amount, ...]
    """Of `clients`."""
    timeline: tuple[MinuteView, ...]
    """Requests of `clients` within the bounds, oldest first."""
    actions: tuple[ActionView, ...]
    """Oldest first."""
    blocks: tuple[BlockEntry, ...]
    """Every state."""
    allowed: tuple[AllowEntry, ...]
    """Every state."""
    overview: Overview
    unparsed: tuple[UnparsedView, ...]

    @property
    def newest(self) -> float:
        """Time of the newest line that was read; 0 when nothing was."""
        return self.overview.newest

    @property
    def first(self) -> float:
        """When the first of the alerts, or the client, was first seen; 0 when there is nothing."""
        seen = [view.alert.first_seen for view in self.alerts] or [each.row.first_seen for each in self.clients]
        return min(seen, default=0.0)

    @property
    def last(self) -> float:
        """When the last of the alerts, or the client, was last seen; 0 when there is nothing."""
        seen = [view.alert.last_seen for view in self.alerts] or [each.row.last_seen for each in self.clients]
        return max(seen, default=0.0)
