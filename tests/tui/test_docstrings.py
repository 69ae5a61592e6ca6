"""The examples in the docstrings of the pure modules hold."""

import doctest
from types import ModuleType

import pytest

from apiwatch import times
from apiwatch.report import markup, wording
from apiwatch.tui import cells, layout, line


@pytest.mark.parametrize(
    ("module", "least"),
    [(cells, 7), (times, 3), (markup, 1), (wording, 1), (layout, 1), (line, 2)],
    ids=lambda value: str(value),
)
def test_examples_hold(module: ModuleType, least: int) -> None:
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted >= least
