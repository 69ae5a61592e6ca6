"""Which objects a principal asked for over time, in a bounded sample: a walk is a line, a user is a cloud."""

import msgspec

__all__ = ["KEPT", "Points"]

KEPT = 256
"""Points of one principal on one parameter."""


class Points(msgspec.Struct, array_like=True, gc=False):
    """Every `stride`-th new object, from when a test began to lean; thinned evenly as they grow."""

    ordered: bool
    """Whether objects have an order; else their numbers are as good as random."""
    flat: list[int] = msgspec.field(default_factory=list)
    """Second, number of the object, and 1 if it was found, one point after the other."""
    stride: int = 1
    total: int = 0
    """Objects so far."""
    dirty: bool = False

    client: str = ""
    """Address of the request of the last point."""

    def add(self, time: float, number: int, found: bool, client: str) -> None:
        """Take one more object into account."""
        if self.total % self.stride == 0:
            if len(self.flat) >= 3 * KEPT:
                self._thin()
            if self.total % self.stride == 0:
                self.flat += (int(time), number, int(found))
                self.client = client
                self.dirty = True
        self.total += 1

    def _thin(self) -> None:
        flat = self.flat
        self.flat = [value for at in range(0, len(flat), 6) for value in flat[at : at + 3]]
        self.stride *= 2
