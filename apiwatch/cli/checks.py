"""What `apiwatch doctor` has looked at."""

from typing import NamedTuple

__all__ = ["Check"]


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    """'ok', 'note' (works, but know it) or 'wrong'."""
    text: str
    command: str = ""
    """What to type, quoted for a shell; '' when there is nothing to type."""
