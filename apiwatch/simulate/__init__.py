"""Labelled traffic: a benign population, and the attacks that hide in it. Pure: the seed decides every byte."""

from apiwatch.simulate.generating import generate, labels
from apiwatch.simulate.model import Event, Label, Scenario
from apiwatch.simulate.scenarios import SCENARIOS
from apiwatch.simulate.writing import FORMATS

__all__ = ["FORMATS", "SCENARIOS", "Event", "Label", "Scenario", "generate", "labels"]
