"""A table whose quiet entries rest as encoded bytes, a fraction of the size, until somebody asks for them.

Resting is invisible: an entry that wakes is equal to the one that went to rest. When it happens may therefore depend on
where a `take` falls, while everything that is decided must not.
"""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Protocol, TypeVar
from zlib import compress, decompress

import msgspec

__all__ = ["Table"]

_LARGE = 512
"""Bytes from which on an encoding is compressed: who did much rests long, and the clients of a flood are small."""

_COMPRESSED = 0x78
"""First byte of a zlib stream (RFC 1950); no MessagePack array or map begins with it."""


class _Entry(Protocol):
    @property
    def last(self) -> float: ...

    @property
    def dirty(self) -> bool: ...


Entry = TypeVar("Entry", bound=_Entry)


class Table(MutableMapping[str, Entry]):
    """Entries by key, awake or resting; every look-up finds both, and wakes what rests."""

    def __init__(self, kind: type[Entry], weight: Callable[[Entry], int]) -> None:
        """`weight` says how much would be lost with an entry; one that has any never rests, and is forgotten last."""
        self.awake: dict[str, Entry] = {}
        """For hot paths: look here first, then with `get`."""
        self._weight = weight
        self._resting: dict[str, tuple[float, bytes]] = {}
        """Key -> when it was used last, and its encoding."""
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def __len__(self) -> int:
        return len(self.awake) + len(self._resting)

    def __contains__(self, key: object) -> bool:
        return key in self.awake or key in self._resting

    def __iter__(self) -> Iterator[str]:
        """All keys, those of resting ones last; entries may wake meanwhile, but none may come or go."""
        yield from (*self.awake, *self._resting)

    def __getitem__(self, key: str) -> Entry:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, entry: Entry) -> None:
        self._resting.pop(key, None)
        self.awake[key] = entry

    def __delitem__(self, key: str) -> None:
        if self.awake.pop(key, None) is None:
            del self._resting[key]

    def get(self, key: str, default: Entry | None = None) -> Entry | None:  # type: ignore[override]
        """The entry, awake; `default` when there is none."""
        found = self.awake.get(key)
        if found is not None:
            return found
        rested = self._resting.pop(key, None)
        if rested is None:
            return default
        found = self.awake[key] = self._decode(_unpacked(rested[1]))
        return found

    @contextmanager
    def borrowed(self, key: str) -> Iterator[Entry | None]:
        """An entry to look at or to change in passing; one that rests goes on resting."""
        rested = self._resting.get(key)
        if rested is None:
            yield self.awake.get(key)
            return
        entry = self._decode(_unpacked(rested[1]))
        yield entry
        self._resting[key] = rested[0], _packed(self._encode(entry))

    def rest(self, before: float, may_rest: Callable[[Entry], bool]) -> None:
        """Let entries rest that were used last before `before`, have no weight, and are not `dirty`."""
        weight = self._weight
        quiet = [key for key, entry in self.awake.items() if entry.last < before and not entry.dirty]
        for key in quiet:
            entry = self.awake[key]
            if not weight(entry) and may_rest(entry):
                del self.awake[key]
                self._resting[key] = entry.last, _packed(self._encode(entry))
        if quiet:
            # A dictionary keeps its size, and its gaps, until it is made anew.
            self.awake = dict(self.awake)

    def encoded(self) -> Iterator[tuple[str, bytes]]:
        """Keys and encodings of all entries."""
        for key, entry in self.awake.items():
            yield key, self._encode(entry)
        for key, (_, blob) in self._resting.items():
            yield key, _unpacked(blob)

    def least(self, count: int) -> list[str]:
        """The `count` entries to forget first, in any order: those without weight, used longest ago, then by key."""
        weight = self._weight
        light = {key: entry.last for key, entry in self.awake.items() if not weight(entry)}
        resting = self._resting
        if len(light) + len(resting) < count:
            heavy = sorted((weight(entry), entry.last, key) for key, entry in self.awake.items() if weight(entry))
            return [*light, *resting, *(key for _, _, key in heavy[: count - len(light) - len(resting)])]
        edge = sorted([*light.values(), *(last for last, _ in resting.values())])[count - 1]
        found = [key for key, last in light.items() if last < edge]
        found += [key for key, (last, _) in resting.items() if last < edge]
        ties = [key for key, last in light.items() if last == edge]
        ties += [key for key, (last, _) in resting.items() if last == edge]
        return found + sorted(ties)[: count - len(found)]

    def forget(self, key: str) -> Entry | None:
        """Remove an entry; returns it when it has changes that are not written yet."""
        entry = self.awake.pop(key, None)
        if entry is None:
            del self._resting[key]
            return None
        return entry if entry.dirty else None


def _packed(blob: bytes) -> bytes:
    return compress(blob, 1) if len(blob) >= _LARGE else blob


def _unpacked(blob: bytes) -> bytes:
    return decompress(blob) if blob[0] == _COMPRESSED else blob
