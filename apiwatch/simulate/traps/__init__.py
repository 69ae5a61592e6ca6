"""What looks like an attack and is none: the catalogue of false positives (design of detection, section 10)."""

from apiwatch.simulate.model import Actor
from apiwatch.simulate.traps.clients import CLIENTS
from apiwatch.simulate.traps.machines import MACHINES
from apiwatch.simulate.traps.operations import OPERATIONS
from apiwatch.simulate.traps.people import PEOPLE
from apiwatch.simulate.traps.trap import Trap

__all__ = ["CATALOGUE", "STAFF", "TRAPS", "Trap"]

CATALOGUE: dict[str, Trap] = {trap.name: trap for trap in (*MACHINES, *PEOPLE, *CLIENTS, *OPERATIONS)}
"""Every line of it, by name."""

TRAPS: tuple[Actor, ...] = tuple(trap.actor for trap in CATALOGUE.values() if trap.actor is not None)
"""Those that come as visitors of their own, each as often as it does."""

STAFF: tuple[str, ...] = tuple(
    client for trap in CATALOGUE.values() if trap.staff and trap.actor is not None for client in trap.actor.clients
)
"""Addresses that an operator would have declared under `classes.staff`."""
