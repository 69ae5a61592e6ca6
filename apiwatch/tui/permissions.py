"""Which keys do nothing in a dashboard that only looks, or that is seen in a browser."""

from apiwatch.tui.session import Session

__all__ = ["is_permitted"]

_CHANGING = frozenset({"acknowledge", "block", "withdraw", "quiet"})
"""Actions that tell the collector and the other dashboards something."""

_LOCAL = frozenset({"write", "check", "copy", "save", "dump", "suspend_process"})
"""Actions that write files, run programs or stop a process on the machine that the dashboard runs on."""


def is_permitted(session: Session, action: str) -> bool:
    """Whether the key of an action works in this session."""
    return not ((session.read_only and action in _CHANGING) or (session.served and action in _LOCAL))
