"""One file, replaced as a whole: whoever reads it finds the old list or the new one, never half of one."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from apiwatch.errors import UsageError
from apiwatch.text import plain

__all__ = ["create_file", "place", "replace_file"]

_TEMPORARY = ".apiwatch-"


def place(destination: Path) -> Path:
    """Where a file really is: behind symbolic links, which stay. UsageError when something else is there."""
    shown = plain(str(destination))
    if destination.exists() and not destination.is_file():
        kind = "a directory" if destination.is_dir() else "no regular file"
        raise UsageError(f"{shown} is {kind}; name a file that may be replaced")
    try:
        return destination.resolve()
    except RuntimeError:
        raise UsageError(f"{shown} is a loop of symbolic links; name a file that may be replaced") from None


def replace_file(path: Path, content: bytes, mode: int, *, keep: bool = True) -> None:
    """Write beside the file, flush to the disk, rename over it, flush the directory; OSError leaves the old file.

    A new file gets `mode` whatever the umask; an old one keeps its owner and its permissions, but not the permission
    of others to write. Without `keep` it gets `mode` and the owner of this process, like a new one.
    """
    with _beside(path, content, mode, keep=keep) as written:
        written.replace(path)


def create_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet, whole or not at all; FileExistsError when anything has this name."""
    with _beside(path, content, mode, keep=False) as written:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        try:
            written.replace(path)
        except OSError:
            path.unlink()
            raise


@contextlib.contextmanager
def _beside(path: Path, content: bytes, mode: int, *, keep: bool) -> Iterator[Path]:
    """The content in a temporary file beside `path`, to be renamed inside; then the directory is flushed."""
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _permit(file.fileno(), path if keep else None, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _permit(handle: int, old_file: Path | None, mode: int) -> None:
    try:
        old = old_file.stat() if old_file is not None else None
    except FileNotFoundError:
        old = None
    if old is None:
        os.fchmod(handle, mode)
        return
    with contextlib.suppress(PermissionError):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o755)
