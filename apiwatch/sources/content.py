"""The bytes of one open file, plain or compressed, addressed by position in the uncompressed content."""

import bz2
import gzip
import lzma
import os
import stat
import threading
import zlib
from pathlib import Path
from typing import NamedTuple, Protocol

__all__ = [
    "RAW_HEAD_BYTES",
    "Content",
    "Damaged",
    "NotRegular",
    "Opened",
    "PackedContent",
    "PlainContent",
    "binary_reason",
    "open_content",
]

RAW_HEAD_BYTES = 1024
_STEP = 1 << 16
_SNIFF_BYTES = 8192
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_KNOWN = {
    b"\x28\xb5\x2f\xfd": "is compressed with zstd, which cannot be read here: decompress it first",
    b"\x04\x22\x4d\x18": "is compressed with lz4, which cannot be read here: decompress it first",
    b"PK\x03\x04": "is a zip archive: unpack it first",
    b"\xff\xfe": "is UTF-16 text: convert it to UTF-8 first",
    b"\xfe\xff": "is UTF-16 text: convert it to UTF-8 first",
}


class Damaged(Exception):
    """A compressed file breaks off or holds something else; the text says what."""


class NotRegular(Exception):
    """The path is no regular file; `mode` says what it is."""

    def __init__(self, mode: int) -> None:
        super().__init__()
        self.mode = mode


class Content(Protocol):
    """One open file."""

    packed: bool
    """Whether it is compressed: then it never grows."""

    def read_at(self, position: int, size: int) -> bytes:
        """Up to `size` bytes from `position`; fewer only at the end. Raises OSError or Damaged."""
        ...

    def reaches(self, position: int) -> bool:
        """Whether the content may be at least that long."""
        ...

    def status(self) -> os.stat_result:
        """Of the open file, whatever its name is by now."""
        ...

    def backlog(self, position: int) -> int:
        """Bytes behind `position`; 0 after `close`. May be called from another thread."""
        ...

    def close(self) -> None:
        """Close it; a second call does nothing."""
        ...


class PlainContent:
    """An uncompressed file, read without a file position of its own."""

    packed = False

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def read_at(self, position: int, size: int) -> bytes:
        """As in Content."""
        return os.pread(self._fd, size, position)

    def reaches(self, position: int) -> bool:
        """As in Content."""
        return self.status().st_size >= position

    def status(self) -> os.stat_result:
        """As in Content."""
        return os.fstat(self._fd)

    def hole_end(self, position: int) -> int:
        """Where data goes on behind a hole (a writer that does not append leaves one after a truncation)."""
        try:
            return max(position, os.lseek(self._fd, position, os.SEEK_DATA))
        except OSError:
            return position

    def backlog(self, position: int) -> int:
        """As in Content."""
        with self._lock:
            return 0 if self._fd < 0 else max(0, self.status().st_size - position)

    def close(self) -> None:
        """As in Content."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


class PackedContent:
    """A gzip, bzip2 or xz file, decompressed from its start; going back means starting again."""

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

    def _unpacker(self) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
        self._file.seek(0)
        self._damage = ""
        if self._kind == "gzip":
            return gzip.GzipFile(fileobj=self._file, mode="rb")
        return bz2.BZ2File(self._file) if self._kind == "bzip2" else lzma.LZMAFile(self._file)

    def _more(self) -> bytes:
        if not self._damage:  # behind it the unpacker finds anything
            try:
                return self._stream.read1(_STEP)
            except EOFError:
                self._damage = f"the {self._kind} data breaks off"
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


class Opened(NamedTuple):
    """A file that was just opened."""

    content: Content
    identity: tuple[int, int]
    """Device and inode."""
    raw_head: bytes
    """First bytes as they are on disk."""
    modified: float


def open_content(path: str) -> Opened:
    """Open a regular file; compression is told by its first bytes, not by its name.

    Raises OSError, and NotRegular for directories, pipes, devices and sockets.
    """
    mode = Path(path).stat().st_mode
    if not stat.S_ISREG(mode):
        raise NotRegular(mode)
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular(status.st_mode)
        head = os.pread(fd, RAW_HEAD_BYTES, 0)
        kind = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
        content: Content = PlainContent(fd) if kind is None else PackedContent(fd, kind)
    except BaseException:
        os.close(fd)
        raise
    return Opened(content, (status.st_dev, status.st_ino), head, status.st_mtime)


def binary_reason(content: Content) -> str | None:
    """Why this is no log, as the end of a sentence; None when it may be one.

    A start of nothing but NUL is no reason: that is what copytruncate leaves under a writer that does not append.
    """
    head = content.read_at(0, _SNIFF_BYTES)
    for magic, reason in _KNOWN.items():
        if head.startswith(magic):
            return reason
    text = head.lstrip(b"\0")
    controls = len(text) - len(text.translate(None, _CONTROLS))
    if (
        text
        and controls > max(8, len(text) // 20)
        and (b"\0" in text or b"\n" not in text or controls > len(text) // 5)
    ):
        return "looks like a binary file: give a text log"
    return None
