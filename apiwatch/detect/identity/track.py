"""What is remembered about identities: per network principal or token, per client address and per route."""

import msgspec

from apiwatch.detect.samples import Sample

__all__ = ["IdentityTrack", "Predecessors", "Visitors"]


class Predecessors(msgspec.Struct, gc=False):
    """Which routes clients ask for before their first success on this one."""

    clients: int = 0
    before: dict[str, int] = msgspec.field(default_factory=dict)
    """Route label -> clients that asked for it within the look-back; at most 32."""


class IdentityTrack(msgspec.Struct, array_like=True, gc=False):
    """The identity tests on one principal."""

    skipped: int = 0
    """Successes without the step before them, since the last day without one."""
    skipped_at: float = 0.0
    support: float = 0.0
    """Share of other clients that took the step which was skipped last."""
    clients: int = 0
    """How many these are of."""
    skipped_lines: list[Sample] = msgspec.field(default_factory=list)
    anonymous: int = 0
    """Answers without credentials where nearly everybody has some."""
    anonymous_lines: list[Sample] = msgspec.field(default_factory=list)
    networks: dict[str, tuple[float, str]] = msgspec.field(default_factory=dict)
    """Network of a token -> (latest use, user agent); at most 16, the latest last."""
    returned: float = 0.0
    """When the token came back to one of its networks."""
    roaming_lines: list[Sample] = msgspec.field(default_factory=list)


class Visitors(msgspec.Struct, array_like=True, gc=False):
    """Users behind one client address."""

    users: dict[str, tuple[float, str]] = msgspec.field(default_factory=dict)
    """User -> (first seen here, user agent); at most 64."""
    log_ins: list[float] = msgspec.field(default_factory=list)
    """Times of the latest successful log-ins from here; at most 16."""
    lines: list[Sample] = msgspec.field(default_factory=list)
