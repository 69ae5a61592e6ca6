"""One file, replaced as a whole: whoever reads it finds the old list or the new one, never half of one."""

import contextlib
import os
import tempfile
from pathlib import Path

from apiwatch.errors import UsageError
from apiwatch.text import plain

__all__ = ["place", "replace_file"]

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


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Write beside the file, flush to the disk, rename over it, flush the directory; OSError leaves the old file.

    A new file gets `mode` whatever the umask; an old one keeps its owner and its permissions, but not the permission
    of others to write.
    """
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _permit(file.fileno(), path, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _permit(handle: int, path: Path, mode: int) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(handle, mode)
        return
    with contextlib.suppress(PermissionError):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o755)
