"""The bytes of one open file, plain or compressed, addressed by position in the uncompressed content."""

import os
import stat
import threading
from pathlib import Path
from typing import NamedTuple, Protocol

from apiwatch.sources.packed import Damaged, PackedContent, packed_kind

__all__ = [
    "RAW_HEAD_BYTES",
    "Content",
    "NotRegular",
    "Opened",
    "PlainContent",
    "binary_reason",
    "open_content",
    "sample_lines",
    "why_no_log",
]

RAW_HEAD_BYTES = 1024
_SNIFF_BYTES = 8192
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")
_KNOWN = {
    b"\x04\x22\x4d\x18": "is compressed with lz4, which cannot be read here: decompress it first",
    b"PK\x03\x04": "is a zip archive: unpack it first",
    b"\xff\xfe": "is UTF-16 text: convert it to UTF-8 first",
    b"\xfe\xff": "is UTF-16 text: convert it to UTF-8 first",
}


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

    @property
    def descriptor(self) -> int:
        """Of the open file; it stays ours."""
        return self._fd

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
        kind = packed_kind(fd)
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


def why_no_log(path: str) -> str | None:
    """Why a file cannot be read as a log, as the end of a sentence; None when it may be one, or is no regular file.

    Raises OSError when it cannot be opened.
    """
    try:
        opened = open_content(path)
    except NotRegular:
        return None
    try:
        return binary_reason(opened.content)
    except Damaged as error:
        return f"cannot be read: {error}"
    finally:
        opened.content.close()


def sample_lines(path: str, size: int) -> list[bytes]:
    """Complete lines of `size` bytes: the last of a plain file, the first of a compressed one.

    Raises OSError, Damaged and NotRegular.
    """
    content = open_content(path).content
    try:
        begin = 0 if content.packed else max(0, content.status().st_size - size)
        return content.read_at(begin, size).split(b"\n")[1 if begin else 0 : -1]
    finally:
        content.close()
