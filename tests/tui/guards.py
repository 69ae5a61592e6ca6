"""The real guard, with one allowed documentation address besides what this machine needs; and no firewall."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from apiwatch.config.settings import Block

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard, Plan
    from apiwatch.blocklist.applying.looking import Comparison
    from apiwatch.store.views import BlockEntry

ALLOWED = "198.51.100.200"


def make_guard() -> "Guard":
    from apiwatch.blocklist import Guard, gather_protected

    settings = Block(allow=(ALLOWED,))
    return Guard(settings, gather_protected((), settings.allow))


def compare(target: str, plan: "Plan", entries: "Sequence[BlockEntry]") -> "Comparison":
    from apiwatch.blocklist import TARGETS
    from apiwatch.blocklist.applying.looking import look
    from apiwatch.blocklist.applying.run import MISSING, Ran

    return look(Block(), TARGETS[target], plan, entries, plan.at, lambda argv, **_: Ran(MISSING, "", "not here"))
