"""Topology C, a ticket office, for measuring only: no detector may be tuned on it (design of detection, section 13)."""

from apiwatch.simulate.holdout.machines import machines
from apiwatch.simulate.holdout.visits import guests
from apiwatch.simulate.holdout.wording import reworded, reworded_route

__all__ = ["guests", "machines", "reworded", "reworded_route"]
