"""The frame of a trap: who it is, how severe an alert about it may be, and what a user would have declared before."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from apiwatch.simulate.attacks.swarm import MIX, Recipe, visitors
from apiwatch.simulate.model import Actor, Hit, Stage

__all__ = ["Change", "Trap", "change", "trap"]

Change = Callable[[Iterator[Hit], Stage], Iterator[Hit]]
"""What happens to the whole log."""


class Trap(NamedTuple):
    """One line of the catalogue of false positives (design of detection, section 10)."""

    name: str
    group: str
    actor: Actor | None = None
    change: Change | None = None
    every: float = 0.0
    """Seconds between two visits."""
    most: str = "low"
    """The most severe alert that is allowed."""
    declared: str = ""
    """Class under which its addresses stand in the settings: `staff`, `partner`, `monitor` or `loadtest`; `block` if
    operators blocked them."""
    sources: int = 1
    """Files that the log is split into, one after the other."""
    hours: float = 0.0
    """How long it has to be watched by itself; 0: in normal traffic, as often as one likes."""


def trap(
    name: str,
    group: str,
    recipe: Recipe,
    *,
    every: float,
    clients: int = 1,
    agents: tuple[str, ...] = MIX,
    accounts: bool = False,
    most: str = "low",
    declared: str = "",
    addresses: tuple[str, ...] = (),
    hours: float = 0.0,
) -> Trap:
    """A trap of visitors, see `visitors`."""
    actor = visitors(
        f"trap-{name}", recipe, every=every, clients=clients, agents=agents, accounts=accounts, addresses=addresses
    )
    return Trap(name, group, actor._replace(role="trap"), None, every, most, declared, hours=hours)


def change(name: str, group: str, what: Change, *, most: str = "low", sources: int = 1) -> Trap:
    """A trap that befalls everybody."""
    return Trap(name, group, None, what, most=most, sources=sources)
