"""What an operator says about alerts and clients: one row of the append-only list that every viewer shares."""

from typing import Final, Literal, NamedTuple

__all__ = ["ALERT_KINDS", "Action", "ActionKind"]

ActionKind = Literal[
    "acknowledge", "unacknowledge", "note", "mute", "unmute", "benign", "allow", "disallow", "block", "unblock"
]  # fmt: skip

ALERT_KINDS: Final[tuple[ActionKind, ...]] = (
    "acknowledge", "unacknowledge", "note", "mute", "unmute", "benign"
)  # fmt: skip
"""Kinds whose subject is the id of an alert."""


class Action(NamedTuple):
    """One thing that was said. `expires` is None where it does not end by itself."""

    seq: int
    """Place in the order in which things were said, from 1."""
    id: str
    time: float
    """Clock of the machine on which it was said, seconds since the epoch."""
    actor: str
    kind: str
    """One of `ActionKind`; a newer program may know more."""
    subject: str
    """Id of an alert; a network (block, unblock); what is allowed, as `kind:value` (allow, disallow)."""
    expires: float | None
    note: str
    entry: str
    """Id of the entry of the block queue or the allow-list; '' for what is said about an alert."""
    condition: str = ""
    """Of a block: which requests of the network it is about, as `Condition` has it; '': all."""
