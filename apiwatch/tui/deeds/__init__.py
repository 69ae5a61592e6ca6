"""What an operator does to rows: what it asks, what it refuses, what it writes, and what it says about it."""

from apiwatch.tui.deeds.acknowledge import Acknowledge, Unacknowledge
from apiwatch.tui.deeds.allow import Allow
from apiwatch.tui.deeds.base import Deed, Outcome
from apiwatch.tui.deeds.benign import Benign
from apiwatch.tui.deeds.block import BlockDeed
from apiwatch.tui.deeds.ended import Disallow, Withdraw
from apiwatch.tui.deeds.mute import Mute, Unmute
from apiwatch.tui.deeds.note import Note

__all__ = [
    "Acknowledge",
    "Allow",
    "Benign",
    "BlockDeed",
    "Deed",
    "Disallow",
    "Mute",
    "Note",
    "Outcome",
    "Unacknowledge",
    "Unmute",
    "Withdraw",
]
