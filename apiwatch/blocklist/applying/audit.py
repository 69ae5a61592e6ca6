"""The audit log: one JSON object a line, only ever appended, on the disk before the firewall changes.

Keys never change their meaning. Lines hold no secrets, no lines of a log, and of reasons only what is printable.
"""

import json
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from apiwatch.blocklist.comments import utc
from apiwatch.blocklist.planning import Plan
from apiwatch.errors import ApplyError, InputError
from apiwatch.model.condition import condition_fields
from apiwatch.text import plain

__all__ = ["Audit", "capped", "entries_of", "lines_of"]

_VERSION = 1
_MODE = 0o640
_ENTRIES = 1000
"""Most entries that one line lists; it always counts them all."""

_REASON = 200


class Audit:
    """The log at a path. The file is made with the mode 0640, and never through a symbolic link."""

    def __init__(self, path: Path, actor: str, origin: str) -> None:
        self.path = path
        self._actor = actor
        self._origin = origin

    def write(self, op: str, stage: str, target: str, at: float, **fields: Any) -> None:
        """Append a line and wait until it is on the disk; ApplyError when it cannot be written.

        `stage` is `attempt` (it is about to happen) or `outcome` (it has happened, `result` says how).
        """
        line = {
            "v": _VERSION,
            "ts": utc(at),
            "op": op,
            "stage": stage,
            "actor": plain(self._actor, 128),
            "via": "cli",
            "from": plain(self._origin, 64),
            "host": plain(socket.gethostname(), 128),
            "target": target,
            **fields,
        }
        content = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, _MODE)
            try:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                    raise ApplyError(f"{plain(str(self.path))} is no file of its own; set `block.audit_log`")
                if os.write(handle, content) != len(content):
                    raise ApplyError(f"the audit log {plain(str(self.path))} is cut off: the disk is full")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise ApplyError(
                f"the audit log {plain(str(self.path))} cannot be written ({error.strerror}), and nothing is changed "
                "without it; repair that, or set `block.audit_log`"
            ) from None


def entries_of(plan: Plan) -> dict[str, Any]:
    """`entries` and `entries_total` of a line: what the list holds, as identifiers and printable text."""
    listed = [
        {
            "id": plain(entry.id, 40),
            "net": entry.net,
            **({"condition": condition_fields(entry.condition)} if entry.condition else {}),
            "expires": None if entry.expires is None else int(entry.expires),
            "alerts": [plain(alert, 40) for alert in entry.alert_ids],
            "reason": plain(entry.reason, _REASON),
        }
        for entry in plan.entries[:_ENTRIES]
    ]
    return {"entries": listed, "entries_total": len(plan.entries)}


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, the oldest first; one that was cut off by a crash is left out. InputError without a log."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    found = json.loads(text)
                except ValueError:
                    continue
                if isinstance(found, dict):
                    yield found
    except FileNotFoundError:
        raise InputError(f"there is no audit log {plain(str(path))}: nothing was applied yet") from None
    except OSError as error:
        raise InputError(f"the audit log {plain(str(path))} cannot be read: {error.strerror}") from None


def capped(nets: Sequence[str]) -> list[str]:
    """At most as many networks as a line lists."""
    return list(nets[:_ENTRIES])
