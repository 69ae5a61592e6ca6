"""The real guard, with one allowed documentation address besides what this machine needs."""

from typing import TYPE_CHECKING

from apiwatch.config.settings import Block

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard

ALLOWED = "198.51.100.200"


def make_guard() -> "Guard":
    from apiwatch.blocklist import Guard, gather_protected

    settings = Block(allow=(ALLOWED,))
    return Guard(settings, gather_protected((), settings.allow))
