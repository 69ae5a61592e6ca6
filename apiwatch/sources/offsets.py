"""Offsets of files: opaque texts that find the same place again after rename, truncation, compression or restart.

An offset names one or more segments, oldest first: the files that a source is reading at this moment (after a rotation
the old file may still grow while its successor is read). Behind `~` stand the last files that it has left behind, so
that a restart knows them under the names that rotation gave them. A segment holds device, inode, position in the
uncompressed content, a digest of the first bytes and one of the bytes just before the position. The digests decide;
device and inode only tell where to look first, since inodes are reused and copies have new ones.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from apiwatch.sources.content import Content

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "Offset", "Segment", "decode", "digest", "encode", "matches", "told"]

HEAD_BYTES = 1024
"""Length of the fingerprint at the start of a file."""
TAIL_BYTES = 64
"""Length of the fingerprint before a position."""
_MARK = "f1"


class Segment(NamedTuple):
    """A position in one file."""

    device: int
    inode: int
    position: int
    head_length: int
    """Bytes that `head_digest` covers: fewer than HEAD_BYTES while the file was short."""
    head_digest: str
    tail_digest: str


def digest(data: bytes) -> str:
    """Digest of a fingerprint: 16 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


class Offset(NamedTuple):
    """What an offset says; both parts oldest first."""

    segments: tuple[Segment, ...]
    """Files that are being read; empty: the start of a file."""
    left: tuple[Segment, ...] = ()
    """Files that were read to their end, with the position of it."""


def told(segments: Iterable[Segment]) -> str:
    """Segments as a part of an offset; those at position 0 need not be told."""
    return "".join(
        f"|{s.device:x}.{s.inode:x}.{s.position:x}.{s.head_length:x}.{s.head_digest}.{s.tail_digest}"
        for s in segments
        if s.position
    )


def encode(segments: Iterable[Segment], left: str = "") -> str:
    """The offset of a source that reads these segments; `left` is what `told` made of those left behind.

    >>> encode([])
    'f1'
    """
    return f"{_MARK}{told(segments)}{'~' if left else ''}{left}"


def decode(text: str) -> Offset | None:
    """What an offset says; None when the text is not an offset of a file."""
    reading, _, left = text.partition("~")
    mark, *parts = reading.split("|")
    segments, behind = _segments(parts), _segments(left.split("|")[1:])
    return None if mark != _MARK or segments is None or behind is None else Offset(segments, behind)


def _segments(parts: Iterable[str]) -> tuple[Segment, ...] | None:
    segments = []
    for part in parts:
        fields = part.split(".")
        if len(fields) != 6:
            return None
        try:
            device, inode, position, length = (int(field, 16) for field in fields[:4])
        except ValueError:
            return None
        if position < 0 or not 0 <= length <= HEAD_BYTES:
            return None
        segments.append(Segment(device, inode, position, length, fields[4], fields[5]))
    return tuple(segments)


def matches(content: Content, segment: Segment) -> bool:
    """Whether `content` is what `segment` was taken from, and reaches its position.

    A compressed file is decompressed up to the position.
    """
    if not content.reaches(segment.position):
        return False
    if digest(content.read_at(0, segment.head_length)) != segment.head_digest:
        return False
    length = min(TAIL_BYTES, segment.position)
    tail = content.read_at(segment.position - length, length)
    return len(tail) == length and digest(tail) == segment.tail_digest
