"""Bounded caches: a log repeats its clients, targets and agents, and nothing in it may make memory grow."""

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["LONGEST_KEY", "Cache"]

V = TypeVar("V")

LONGEST_KEY = 512
"""Longer texts are computed each time: a cache of them would hold megabytes that an attacker chose."""


class Cache(dict[str, V], Generic[V]):
    """`cache[text]` is `make(text)`, remembered; at `size` entries it forgets everything.

    `make` must be a function of its text alone, so that what is remembered never changes a result.
    """

    __slots__ = ("_make", "_size")

    def __init__(self, make: Callable[[str], V], size: int) -> None:
        super().__init__()
        self._make = make
        self._size = size

    def __missing__(self, key: str) -> V:
        value = self._make(key)
        if len(key) <= LONGEST_KEY:
            if len(self) >= self._size:
                self.clear()
            self[key] = value
        return value
