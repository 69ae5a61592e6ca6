"""Whether the process that writes the state file is still there."""

import os
import shlex
import socket
from collections.abc import Sequence
from pathlib import Path

from apiwatch.store.views import HealthView, SourceView
from apiwatch.text import plain

__all__ = ["SILENT_S", "holder", "lives", "restart_command", "room_for", "vanished"]

_WRITERS = "120"

SILENT_S = 1.2
"""Seconds without a heartbeat (the collector writes one a second) after which its process is looked for."""


def vanished(health: HealthView, now: float) -> str | None:
    """One sentence when the collector's process is gone without having said so; None while it may be alive.

    Only a collector of this host can be looked for; one that is silent, but there, is none of ours to judge.
    """
    if health.state in ("stopped", "failed") or now - health.heartbeat < SILENT_S:
        return None
    return f"the collector (pid {health.pid}) has died" if lives(health) is False else None


def lives(health: HealthView) -> bool | None:
    """Whether the collector's process is there; None for one of another host."""
    if health.owner.partition("@")[2] != socket.gethostname():
        return None
    try:
        os.kill(health.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return None
    return True


def holder(db: str | None, collector: int) -> str:
    """Another process than the collector that holds the right to write a state file: 'sqlite3 (pid 7)'; '' if none.

    Linux lists all locks in /proc/locks; SQLite's for writers is byte 120 of the file with the ending -shm
    (https://www.sqlite.org/walformat.html, section 2.3). That file must not be opened here: closing it would drop our
    own locks.
    """
    try:
        inode = os.stat(f"{db}-shm").st_ino  # noqa: PTH116
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    for words in map(str.split, locks):
        if words[1:4] != ["POSIX", "ADVISORY", "WRITE"] or len(words) < 8:
            continue
        pid, place, first, last = words[4:8]
        if place.endswith(f":{inode}") and first == last == _WRITERS and pid.isdecimal() and int(pid) != collector:
            return f"{_name_of(pid)} (pid {pid})"
    return ""


def _name_of(pid: str) -> str:
    try:
        return plain((Path("/proc") / pid / "comm").read_text(encoding="utf-8", errors="replace").strip(), 40)
    except OSError:
        return "a program"


def room_for(db: str | None) -> int | None:
    """Bytes that are free where the state file lies; None: unknown."""
    try:
        found = os.statvfs(os.path.dirname(db or "") or ".")  # noqa: PTH120
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def restart_command(db: str | None, sources: Sequence[SourceView], config: str | None = None) -> str:
    """What to type for a collector on the same state file and sources; at most two files are named.

    `...` stands for what the state file does not say: more files, and the certificate of a tls:// address."""
    words = ["apiwatch", "collect"]
    if db is not None:
        words += ["--db", db]
    if config is not None:
        words += ["--config", config]
    files = [source.name for source in sources if source.kind == "file" and source.state != "ended"]
    for source in sources:
        if source.kind == "syslog":
            words += ["--syslog", source.name]
        elif source.kind == "journal":
            words += ["--journal", source.name.removeprefix("journal:")]
    words += [name if not name.startswith("-") else f"./{name}" for name in files[:2]]
    more = len(files) > 2 or any(source.name.startswith("tls://") for source in sources)
    return plain(shlex.join(words)) + (" ..." if more else "")
