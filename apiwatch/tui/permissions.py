"""Which keys do nothing in a dashboard that only looks, or that is seen in a browser."""

from apiwatch.tui.session import Session

__all__ = ["NO_FILES", "allows_verb", "is_permitted"]

_READ_ONLY = "this dashboard is read-only: it only looks"
_IN_BROWSER = "a dashboard in a browser does nothing on the server"
NO_FILES = "not written: a dashboard in a browser writes no files on the server"

_CHANGING = frozenset({"acknowledge", "block", "withdraw", "quiet", "apply"})
"""Actions that tell the collector and the other dashboards something."""

_LOCAL = frozenset({"write", "check", "apply", "copy", "save", "dump", "suspend_process"})
"""Actions that write files, run programs or stop a process on the machine that the dashboard runs on."""

_CHANGING_VERBS = frozenset(
    {"ack", "unack", "note", "mute", "unmute", "benign", "allow", "disallow", "block", "unblock"}
)
_LOCAL_VERBS = frozenset({"copy", "json", "save", "print", "screenshot", "handover"})


def is_permitted(session: Session, action: str) -> bool:
    """Whether the key of an action works in this session."""
    return not forbidden(session, action)


def forbidden(session: Session, action: str) -> str:
    """Why the key of an action does not work in this session, in a sentence; ''."""
    if session.read_only and action in _CHANGING:
        return _READ_ONLY
    return _IN_BROWSER if session.served and action in _LOCAL else ""


def allows_verb(session: Session, verb: str) -> bool:
    """Whether a command works in this session."""
    return not forbidden_verb(session, verb)


def forbidden_verb(session: Session, verb: str) -> str:
    """Why a command does not work in this session, in a sentence; ''."""
    if session.read_only and verb in _CHANGING_VERBS:
        return _READ_ONLY
    return _IN_BROWSER if session.served and verb in _LOCAL_VERBS else ""
