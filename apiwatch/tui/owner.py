"""Whether the process that writes the state file is still there."""

import os
import shlex
import socket
from collections.abc import Sequence

from apiwatch.store.views import HealthView, SourceView
from apiwatch.text import plain

__all__ = ["SILENT_S", "lives", "restart_command", "room_for", "vanished"]

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
