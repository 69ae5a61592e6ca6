"""The state file as a file: whose it is, how it is opened, and what its errors mean to a user."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from apiwatch.errors import StoreError, StoreGoneError, StoreVersionError
from apiwatch.store.schema import APPLICATION_ID, VERSION
from apiwatch.text import plain

__all__ = [
    "Place",
    "connect",
    "connect_to",
    "create",
    "discard_log",
    "file_mode",
    "identify",
    "make_directory",
    "name_of",
    "place_of",
    "require_place",
    "translated",
    "uri",
    "will_connect",
]

WAIT_S = 10.0
"""Seconds that a connection waits for another one's transaction."""

Place = tuple[int, int]
"""Device and inode of a file."""

_connected: set[Place] = set()
"""Files that this process has connected to.

Closing any descriptor of such a file would drop the locks that SQLite holds on it for the whole process, whereupon the
collector takes itself for the only one and removes the log that our connections go on reading
(https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100


def name_of(path: Path) -> str:
    """The path as it may be shown."""
    return plain(str(path))


def uri(path: Path, mode: str) -> str:
    """SQLite's address of a file; mode 'ro' or 'rw', neither of which creates it."""
    return f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"


def connect(path: Path, mode: str = "rw") -> sqlite3.Connection:
    """A connection without implicit transactions, for one thread at a time. Raises sqlite3.Error."""
    will_connect(path)
    return connect_to(uri(path, mode))


def connect_to(address: str) -> sqlite3.Connection:
    """As `connect`, to an address of SQLite whose file `will_connect` knows."""
    return sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT_S, cached_statements=256
    )


def will_connect(path: Path) -> None:
    """To be called before SQLite opens the file: from now on nothing else in this process may open it."""
    place = place_of(path)
    if place is not None:
        _connected.add(place)


def place_of(path: Path) -> Place | None:
    """Which file a path leads to; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def require_place(path: Path, place: Place | None, then: str) -> None:
    """Raise StoreGoneError, which says what to do `then`, when a path no longer leads to the file that it led to."""
    found = place_of(path)
    if found != place:
        what = "removed" if found is None else "replaced"
        raise StoreGoneError(f"the state file {name_of(path)} was {what} while it was in use; {then}")


def discard_log(path: Path) -> None:
    """Remove the write-ahead log beside a path if this process has it open: it is not that of the file there now.

    SQLite would take it for one (https://www.sqlite.org/howtocorrupt.html, section 2.4).
    """
    opened: set[Place] = set()
    with suppress(OSError):
        opened = {found for each in Path("/proc/self/fd").iterdir() if (found := place_of(each)) is not None}
    for ending in ("-wal", "-shm"):
        beside = path.with_name(f"{path.name}{ending}")
        if place_of(beside) in opened:
            with suppress(OSError):
                beside.unlink()


def file_mode(path: Path) -> int:
    """Permissions of a new state file: its user's alone, or the group's too in a set-group-id directory."""
    return 0o660 if path.parent.stat().st_mode & stat.S_ISGID else 0o600


def make_directory(path: Path) -> None:
    """Make the directory of a state file where there is none. Raises StoreError."""
    with translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def create(path: Path) -> None:
    """Make an empty state file where there is none, in its directory. Raises StoreError."""
    with translated(path), suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, file_mode(path)))


def identify(path: Path) -> int | None:
    """Schema version of a state file; None when it is absent or empty. Changes nothing.

    Raises StoreError for a file of somebody else, StoreVersionError for one that is newer than this program.
    """
    try:
        status = path.stat()
        if not status.st_size:
            return None
        known = (status.st_dev, status.st_ino) in _connected
        application, version = _asked(path) if known else _read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"the state file {name_of(path)} cannot be read: {error.strerror}") from None
    if application != APPLICATION_ID:
        raise StoreError(
            f"{name_of(path)} is no state file of apiwatch and is left as it is; name another file with --db"
        )
    if version > VERSION:
        raise StoreVersionError(
            f"the state file {name_of(path)} has schema version {version}, this program knows up to version {VERSION}: "
            "update apiwatch, or name another file with --db"
        )
    return version


def _read(path: Path) -> tuple[int, int]:
    """(application id, schema version) from the first bytes; (0, 0) for a file that is not of SQLite."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if not header.startswith(_MAGIC):
        return 0, 0
    # https://www.sqlite.org/fileformat2.html: user version at byte 60, application id at byte 68, big-endian.
    return int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big")


def _asked(path: Path) -> tuple[int, int]:
    """The same from SQLite, which knows of its other connections."""
    with translated(path), closing(connect(path, "ro")) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite and the system say about a state file as StoreError, in one sentence with the way out."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, error)) from error
    except OSError as error:
        raise StoreError(f"the state file {name_of(path)} cannot be used: {error.strerror or error}") from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    name, said = name_of(path), plain(str(error))
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return f"the disk is full, so the state file {name} cannot grow; free some space ({said})"
        case sqlite3.SQLITE_IOERR:
            return (
                f"the disk does not let the state file {name} be read or written; check its space and health ({said})"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH | sqlite3.SQLITE_CANTOPEN:
            return (
                f"this user may not write the state file {name} and its directory; `apiwatch attach --read-only` needs "
                f"to read it and {plain(path.name)}-wal and -shm beside it, everything else to write ({said})"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"another program holds the state file {name}; try again ({said})"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"the state file {name} is damaged; move it away and start again, a new one is made ({said})"
    return f"the state file {name} cannot be used: {said}"
