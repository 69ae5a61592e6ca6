"""What `apiwatch doctor` has looked at."""

from typing import Any, NamedTuple

__all__ = ["Check"]


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    """'ok', 'note' (works, but know it) or 'wrong'."""
    text: str
    command: str = ""
    """What to type, quoted for a shell; '' when there is nothing to type."""
    numbers: dict[str, Any] | None = None
    """For a source of the state file: its counters as JSON fields."""
