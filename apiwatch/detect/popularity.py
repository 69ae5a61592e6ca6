"""The popularity gate: how many principals have touched an object (fewer than 3: unpopular).

Exact within two generations of bounded size instead of a count-min sketch: one dictionary look-up costs less than four
hashed counters, and an object that many principals share can never be counted by a collision.
"""

import msgspec

__all__ = ["ID_MASK", "POPULAR", "Popularity"]

POPULAR = 3
"""Principals from which on an object is popular."""

_COUNT = 0b11
_ID_BITS = 31
ID_MASK = (1 << _ID_BITS) - 1
"""What is kept of the number of a principal."""


class Popularity:
    """Visitors of the objects of one (route, parameter): counted up to 3, the first two remembered.

    A value packs the count (2 bits) and the sequence numbers of the first two principals (31 bits each, modulo 2^31).
    """

    __slots__ = ("changes", "old", "rotated", "young")

    def __init__(self) -> None:
        self.young: dict[int, int] = {}
        self.old: dict[int, int] = {}
        self.changes: dict[int, int] = {}
        """What changed since the last time it was written."""
        self.rotated = False
        """Whether a generation was dropped since then, so that `changes` alone cannot tell the story."""

    def __len__(self) -> int:
        return len(self.young) + len(self.old)

    def visit(self, identity: int, principal: int) -> int:
        """Count a visit; returns how many principals (0 to 3) had touched the object before, this one included."""
        young = self.young
        value = young.get(identity)
        if value is None:
            value = self.old.pop(identity, 0)
            if value:
                young[identity] = self.changes[identity] = value
        count = value & _COUNT
        if count == POPULAR:
            return POPULAR
        me = principal & ID_MASK
        if count and ((value >> 2) & ID_MASK == me or (count == 2 and value >> (2 + _ID_BITS) == me)):
            return count
        if count == 0:
            value = 1 | me << 2
        elif count == 1:
            value = (value | _COUNT) - 1 | me << (2 + _ID_BITS)
        else:
            value = POPULAR
        young[identity] = value
        self.changes[identity] = value
        return count

    def rotate(self) -> int:
        """Forget the older generation; returns how many objects that were."""
        forgotten = len(self.old)
        self.old = self.young
        self.young = {}
        self.rotated = True
        return forgotten

    def take_changes(self) -> bytes | None:
        """Changes since the last call, encoded for `replay`; None when there were none. Not after a rotation."""
        if not self.changes:
            return None
        blob = msgspec.msgpack.encode(self.changes)
        self.changes = {}
        return blob

    def dump(self) -> bytes:
        """Everything, encoded for `load`; nothing is left to take after it."""
        self.changes = {}
        self.rotated = False
        return msgspec.msgpack.encode((self.old, self.young))

    def load(self, blob: bytes) -> None:
        """Continue from `dump`."""
        self.old, self.young = msgspec.msgpack.decode(blob, type=tuple[dict[int, int], dict[int, int]])

    def replay(self, blob: bytes) -> None:
        """Apply one `take_changes`."""
        for identity, value in msgspec.msgpack.decode(blob, type=dict[int, int]).items():
            self.old.pop(identity, None)
            self.young[identity] = value
