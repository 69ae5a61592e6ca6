"""State of many keys that means nothing after a while, in memory that is bounded by those of late."""

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by key; one that was not asked for during `span` seconds, or twice as long, is forgotten."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._end = 0.0
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}

    def get(self, key: Hashable, time: float) -> T | None:
        """The value of a key at a time."""
        if time >= self._end:
            self._old = self._young if time < self._end + self._span else {}
            self._young = {}
            self._end = time + self._span
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self._young[key] = found
        return found

    def put(self, key: Hashable, value: T) -> None:
        """Set the value of a key, after `get`."""
        self._young[key] = value

    def drop(self, key: Hashable) -> None:
        """Forget a key, after `get`."""
        self._young.pop(key, None)
