"""What looks like an attack and is none: the catalogue of false positives (design of detection, section 10)."""

from apiwatch.simulate.model import Actor
from apiwatch.simulate.traps.clients import CLIENTS
from apiwatch.simulate.traps.machines import MACHINES
from apiwatch.simulate.traps.operations import OPERATIONS
from apiwatch.simulate.traps.people import PEOPLE
from apiwatch.simulate.traps.trap import Trap

__all__ = ["BLOCKED", "CATALOGUE", "DECLARED", "TRAPS", "Trap"]

CATALOGUE: dict[str, Trap] = {trap.name: trap for trap in (*MACHINES, *PEOPLE, *CLIENTS, *OPERATIONS)}
"""Every line of it, by name."""

TRAPS: tuple[Actor, ...] = tuple(trap.actor for trap in CATALOGUE.values() if trap.actor is not None)
"""Those that come as visitors of their own, each as often as it does."""


def _declared(kind: str) -> tuple[str, ...]:
    traps = (trap.actor for trap in CATALOGUE.values() if trap.declared == kind and trap.actor is not None)
    return tuple(client for actor in traps for client in actor.clients)


DECLARED: dict[str, tuple[str, ...]] = {kind: _declared(kind) for kind in ("staff", "partner", "monitor", "loadtest")}
"""Addresses that an operator would have declared, by the key below `classes` in the settings."""

BLOCKED = _declared("block")
"""Addresses that the operators have blocked."""
