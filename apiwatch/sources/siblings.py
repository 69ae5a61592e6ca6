"""Finding a file again under another name: after rename, copy or compression, in the directory it was in."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from apiwatch.sources.content import RAW_HEAD_BYTES, NotRegular, Opened, open_content
from apiwatch.sources.offsets import Segment, digest, matches
from apiwatch.sources.packed import Damaged
from apiwatch.sources.rotation import LIVE, rotation, stem

__all__ = ["Found", "Registry", "find_again", "successors"]


_CLAIMS = 1 << 16


class Registry:
    """Files that some source has taken care of: their lines must not be delivered by another one."""

    def __init__(self) -> None:
        self._heads: dict[tuple[int, int], tuple[int, str]] = {}

    def claim(self, identity: tuple[int, int], raw_head: bytes) -> None:
        """Remember a file by device, inode and its first bytes; of more than 65,536 files the first are forgotten."""
        head = raw_head[:RAW_HEAD_BYTES]
        self._heads.pop(identity, None)
        self._heads[identity] = (len(head), digest(head))
        if len(self._heads) > _CLAIMS:
            del self._heads[next(iter(self._heads))]

    def knows(self, identity: tuple[int, int], raw_head: bytes) -> bool:
        """Whether this is a claimed file, which may have grown since; not another one that got its inode."""
        length, claimed = self._heads.get(identity, (0, ""))
        return len(raw_head) >= length and digest(raw_head[:length]) == claimed


class Found(NamedTuple):
    """A sibling that continues a segment."""

    name: str
    opened: Opened


def _entries(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Name and status of the other regular files in the directory of `path`."""
    own = Path(path)
    try:
        with os.scandir(own.parent) as entries:
            for entry in entries:
                if entry.name == own.name:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield entry.name, status
    except OSError:
        return


def _open_if(path: Path, accept: Callable[[Opened], bool]) -> Opened | None:
    try:
        opened = open_content(str(path))
    except (OSError, NotRegular):
        return None
    try:
        if accept(opened):
            return opened
    except (OSError, Damaged):
        pass
    opened.content.close()
    return None


def find_again(path: str, segment: Segment, *, other_inode: bool = True) -> Found | None:
    """The sibling of `path` that holds what `segment` was taken from, opened; None when there is none.

    The same inode comes first, under any name; then (`other_inode`) copies and compressed files whose names begin
    like that of `path`, newest first.
    """
    directory, own = Path(path).parent, Path(path).name
    entries = sorted(_entries(path), key=lambda entry: entry[1].st_mtime, reverse=True)
    same = [name for name, status in entries if status.st_ino == segment.inode]
    related = [name for name, _ in entries if name.startswith(stem(own)) and name not in same] if other_inode else []
    for name in (*same, *related):
        opened = _open_if(directory / name, lambda opened: matches(opened.content, segment))
        if opened is not None:
            return Found(name, opened)
    return None


def successors(path: str, name: str, registry: Registry) -> list[Found]:
    """Rotated siblings of `path` that are newer than its sibling `name` and that nobody has claimed, oldest first."""
    own, rank = Path(path).name, rotation(name).rank
    if rank == LIVE or rotation(name).base != own:
        return []
    newer: dict[tuple[int, str], list[str]] = {}
    for other, _ in _entries(path):
        place = rotation(other)
        if place.base == own and rank < place.rank < LIVE:
            newer.setdefault(place.rank, []).append(other)
    found = []
    for _, names in sorted(newer.items()):
        plain_first = sorted(names, key=len)[0]
        opened = _open_if(
            Path(path).parent / plain_first, lambda opened: not registry.knows(opened.identity, opened.raw_head)
        )
        if opened is not None:
            found.append(Found(plain_first, opened))
    return found
