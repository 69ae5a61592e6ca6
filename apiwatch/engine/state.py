"""Pieces of engine state beside those of the detectors: global counters, sources, and journals of large tables."""

import msgspec

from apiwatch.engine.fields import Fields
from apiwatch.engine.peers import Peers

__all__ = ["VERSION", "Globals", "Journal", "SourceState"]

VERSION = 2
"""Version of the engine's state; another one is never guessed at."""


class Globals(msgspec.Struct, gc=False):
    """Counters of the shard."""

    version: int = VERSION
    watermark: float = 0.0
    """Newest event time."""
    window_end: float = 0.0
    """Next border of ten minutes."""
    next_principal: int = 0
    next_param: int = 0
    part: int = 0
    """Incarnation of clients that are made now: grows with every eviction."""
    clients_evicted: int = 0
    evicted_at: float = 0.0
    """When clients were last evicted."""
    flood_until: float = 0.0
    """Until when new clients are taken for those of a flood."""
    principals_evicted: int = 0
    routes_refused: int = 0
    alerts_refused: int = 0
    objects: int = 0
    objects_forgotten: int = 0
    clamped: int = 0
    turn: int = 0
    """Number of the current bucket of ten seconds in which anything was asked for."""
    traffic: bool = False
    """Whether anything was asked for in it so far."""
    salt: bytes = b""
    """Key of the hashes that stand for credentials."""


class SourceState(msgspec.Struct, gc=False):
    """Counters of one source, and the state of its line parser."""

    name: str
    format: str = ""
    number: int = 0
    """Its place in the order in which the sources were first heard."""
    lines: int = 0
    requests: int = 0
    unparsed: int = 0
    skipped: int = 0
    """Lines that hold no request, and `copies`."""
    copies: int = 0
    """Lines with a request that another source had already."""
    late: int = 0
    cut: int = 0
    first_time: float = 0.0
    last_time: float = 0.0
    parser: bytes = b""
    fields: Fields = msgspec.field(default_factory=Fields)
    peers: Peers = msgspec.field(default_factory=Peers)
    dirty: bool = True


class Journal(msgspec.Struct, gc=False):
    """How one large table was written so far: a full copy and the changes since."""

    sequence: int = 0
    """Changes written since the full copy."""
    size: int = 0
    """Bytes of them."""
    full: bool = False
    """Whether a full copy was written."""

    def keys(self, table: int) -> list[str]:
        """State keys under which the table stands now."""
        full = [f"o/{table}/full"] if self.full else []
        return full + [f"o/{table}/{number}" for number in range(self.sequence)]
