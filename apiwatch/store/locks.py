"""Who owns a state file: an flock on `<file>.lock`, held for the life of a writer.

The kernel drops the lock with the process, however that ends, so nothing stale is left behind.
"""

import fcntl
import os
import time
from pathlib import Path

from apiwatch.errors import StoreBusyError, StoreError
from apiwatch.store.files import file_mode, name_of, translated
from apiwatch.text import plain

__all__ = ["Lock", "is_owned", "live_owner"]

_PATIENCE_S = 0.5
"""Somebody who only looks holds the lock for an instant; an owner holds it longer than this."""

_PAUSE_S = 0.02
_TEXT = 512


def live_owner(path: Path) -> str | None:
    """'pid N, user@host' of the live writer of a state file; None without one, or when this user may not know."""
    return _look(path)[1]


def is_owned(path: Path) -> bool | None:
    """Whether a state file has a live writer; None when this user may not know."""
    return _look(path)[0]


def _look(path: Path) -> tuple[bool | None, str | None]:
    try:
        descriptor = os.open(_lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False, None
    except OSError:
        return None, None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True, _text(descriptor) or "pid unknown"
    except OSError:
        return None, None
    finally:
        os.close(descriptor)
    return False, None


class Lock:
    """The ownership of one state file by this process."""

    def __init__(self, path: Path) -> None:
        """Take it. Raises StoreBusyError with the owner's name when somebody has it, and StoreError."""
        with translated(path):
            self._descriptor: int | None = os.open(
                _lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, file_mode(path)
            )
        try:
            self._take(path, self._descriptor)
            self.name("")
        except BaseException:
            self.release()
            raise

    def name(self, owner: str) -> None:
        """Say who owns it, for `live_owner`."""
        if self._descriptor is not None:
            text = f"pid {os.getpid()}" + (f", {plain(owner, 200)}" if owner else "")
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        """Give it up; safe to call twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @staticmethod
    def _take(path: Path, descriptor: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    owner = _text(descriptor) or "pid unknown"
                    raise StoreBusyError(
                        f"another collector ({owner}) works on the state file {name_of(path)}: look at it with "
                        "`apiwatch attach`, stop it, or name another file with --db"
                    ) from None
                time.sleep(_PAUSE_S)
            except OSError as error:
                raise StoreError(f"the state file {name_of(path)} cannot be locked: {error.strerror}") from None


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _text(descriptor: int) -> str:
    return plain(os.pread(descriptor, _TEXT, 0).decode("utf-8", "replace"))
