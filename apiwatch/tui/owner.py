"""Whether the process that writes the state file is still there."""

import os
import socket

from apiwatch.store.views import HealthView

__all__ = ["SILENT_S", "vanished"]

SILENT_S = 1.2
"""Seconds without a heartbeat (the collector writes one a second) after which its process is looked for."""


def vanished(health: HealthView, now: float) -> str | None:
    """One sentence when the collector's process is gone without having said so; None while it may be alive.

    Only a collector of this host can be looked for; one that is silent, but there, is none of ours to judge.
    """
    host = health.owner.partition("@")[2]
    if health.state in ("stopped", "failed") or now - health.heartbeat < SILENT_S or host != socket.gethostname():
        return None
    try:
        os.kill(health.pid, 0)
    except ProcessLookupError:
        return f"the collector (pid {health.pid}) has died; start it again with: apiwatch collect"
    except (OSError, OverflowError):
        return None
    return None
