"""Compressed files: gzip, bzip2, xz and zstd, told by their first bytes and unpacked as they are read."""

import bz2
import gzip
import lzma
import os
import sys
import threading
import zlib
from collections.abc import Callable
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["MAGICS", "Damaged", "PackedContent", "packed_kind", "zstd"]

MAGICS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""First bytes of a compressed file."""

_STEP = 1 << 16
_SNIFF_BYTES = 8192
_SKIPPABLE = b"\x2a\x4d\x18"
_SKIPPABLE_FRAMES = 64


class Damaged(Exception):
    """A compressed file breaks off or holds something else; the text says what."""


def packed_kind(fd: int) -> str | None:
    """How an open file is compressed; None when it is not.

    Skippable frames (RFC 8878, section 3.1.2; pzstd begins with one) are passed over: zstd follows them, or lz4, which
    is not read here.
    """
    position = 0
    for _ in range(_SKIPPABLE_FRAMES):
        head = os.pread(fd, 8, position)
        kind = next((kind for magic, kind in MAGICS.items() if head.startswith(magic)), None)
        if not position and kind is not None:
            return kind
        if head[1:4] != _SKIPPABLE or head[0] >> 4 != 5 or len(head) < 8:
            return "zstd" if kind == "zstd" or (position and not head) else None
        position += 8 + int.from_bytes(head[4:8], "little")
    return "zstd"


_Unpacker = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile | zstd.ZstdFile
_UNPACKERS: dict[str, Callable[[BinaryIO], _Unpacker]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zstd": zstd.ZstdFile,
}


class PackedContent:
    """A compressed file, unpacked from its start; going back means starting again."""

    packed = True

    def __init__(self, fd: int, kind: str) -> None:
        self._file = open(fd, "rb", buffering=0)  # noqa: SIM115 - a descriptor, closed by close()
        self._lock = threading.Lock()
        self._kind = kind
        self._window = b""
        self._start = 0
        self._head: bytes | None = None
        self._damage = ""
        self._stream = self._unpacker()

    def _unpacker(self) -> _Unpacker:
        self._file.seek(0)
        self._damage = ""
        return _UNPACKERS[self._kind](self._file)

    def _more(self) -> bytes:
        if not self._damage:  # behind it the unpacker finds anything
            try:
                return self._stream.read1(_STEP)
            except EOFError:
                self._damage = f"the {self._kind} data breaks off"
            except zstd.ZstdError as error:
                wide = "memory" in str(error)
                self._damage = f"the zstd data {'was packed with --long: unpack it first' if wide else 'is damaged'}"
            except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, ValueError):
                self._damage = f"the {self._kind} data is damaged"
            except OSError as error:
                if error.errno is not None:
                    raise
                self._damage = f"the {self._kind} data is damaged"
        raise Damaged(self._damage)

    def read_at(self, position: int, size: int) -> bytes:
        """As in Content; what could be unpacked before the damage is returned first."""
        if self._head is None:
            self._head = self._read(0, _SNIFF_BYTES)
        if position + size <= len(self._head):
            return self._head[position : position + size]
        return self._read(position, size)

    def _read(self, position: int, size: int) -> bytes:
        if position < self._start:
            self._stream.close()
            self._stream = self._unpacker()
            self._window, self._start = b"", 0
        parts = [self._window]
        end = self._start + len(self._window)
        while end < position + size:
            try:
                data = self._more()
            except Damaged:
                if end <= position:
                    raise
                break
            if not data:
                break
            parts.append(data)
            end += len(data)
            if end <= position:
                parts = [data]
        window = b"".join(parts)
        begin = max(end - len(window), min(position, end))
        self._window = window[len(window) - (end - begin) :]
        self._start = begin
        return self._window[:size] if begin == position else b""

    def reaches(self, position: int) -> bool:
        """As in Content: cannot be told, reading shows it."""
        return True

    def status(self) -> os.stat_result:
        """As in Content."""
        return os.fstat(self._file.fileno())

    def backlog(self, position: int) -> int:
        """Compressed bytes that were not read yet."""
        with self._lock:
            if self._file.closed:
                return 0
            return max(0, self.status().st_size - self._file.tell())

    def close(self) -> None:
        """As in Content."""
        with self._lock:
            self._stream.close()
            self._file.close()
