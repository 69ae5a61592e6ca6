"""Labelled traffic: a benign population, and the attacks that hide in it. Pure: the seed decides every byte."""

from apiwatch.simulate.attacks import REPLAYS
from apiwatch.simulate.generating import generate, joined, label, labels
from apiwatch.simulate.model import GRADES, Actor, Event, Hit, Label, Scenario, Stage
from apiwatch.simulate.scenarios import SCENARIOS, Cast
from apiwatch.simulate.topology import HOLD_OUT, TOPOLOGIES, Topology, topology
from apiwatch.simulate.traps import BLOCKED, CATALOGUE, DECLARED, TRAPS, Trap
from apiwatch.simulate.weather import stormy
from apiwatch.simulate.writing import FORMATS, writer

__all__ = [
    "BLOCKED",
    "CATALOGUE",
    "DECLARED",
    "FORMATS",
    "GRADES",
    "HOLD_OUT",
    "REPLAYS",
    "SCENARIOS",
    "TOPOLOGIES",
    "TRAPS",
    "Actor",
    "Cast",
    "Event",
    "Hit",
    "Label",
    "Scenario",
    "Stage",
    "Topology",
    "Trap",
    "generate",
    "joined",
    "label",
    "labels",
    "stormy",
    "topology",
    "writer",
]
