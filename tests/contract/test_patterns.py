"""Expressions that are compiled late are right nevertheless."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator

import pytest

import apiwatch
from apiwatch import patterns
from apiwatch.patterns import late


def test_every_late_expression_can_be_compiled() -> None:
    found: list[patterns._Late] = []
    for module in pkgutil.walk_packages(apiwatch.__path__, "apiwatch."):
        if not module.name.endswith("__main__"):
            found += _late_ones(list(vars(importlib.import_module(module.name)).values()))
    assert len(found) > 100
    for one in found:
        assert one.fullmatch is not None, one


def _late_ones(values: Iterable[object]) -> Iterator[patterns._Late]:
    for value in values:
        if isinstance(value, patterns._Late):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _late_ones(value)
        elif isinstance(value, dict):
            yield from _late_ones(value.values())


def test_a_late_expression_works_as_a_compiled_one() -> None:
    letters, digits = late(r"([a-z]+)(\d*)", re.IGNORECASE), late(rb"\d+")
    found = letters.fullmatch("ABC12")
    assert found is not None
    assert found.groups() == ("ABC", "12")
    assert letters.fullmatch("12") is None
    assert letters.sub("-", "a1 b2") == "- -"
    assert digits.findall(b"1 22") == [b"1", b"22"]
    assert (letters.pattern, letters.groups) == (r"([a-z]+)(\d*)", 2)


def test_a_wrong_late_expression_says_so_when_it_is_used() -> None:
    wrong = late("(")
    with pytest.raises(re.error):
        wrong.search("x")
