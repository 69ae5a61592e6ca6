"""Labelled traffic: a benign population, and the attacks that hide in it. Pure: the seed decides every byte."""

from apiwatch.simulate.attacks import REPLAYS
from apiwatch.simulate.generating import generate, joined, label, labels
from apiwatch.simulate.model import GRADES, Actor, Event, Hit, Label, Scenario, Stage
from apiwatch.simulate.population import population
from apiwatch.simulate.scenarios import SCENARIOS, Cast
from apiwatch.simulate.services import services
from apiwatch.simulate.topology import TOPOLOGIES
from apiwatch.simulate.weather import TRAPS, stormy
from apiwatch.simulate.world import World
from apiwatch.simulate.writing import FORMATS, writer

__all__ = [
    "FORMATS",
    "GRADES",
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
    "World",
    "generate",
    "joined",
    "label",
    "labels",
    "population",
    "services",
    "stormy",
    "writer",
]
