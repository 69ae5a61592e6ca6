import doctest
import importlib
import inspect
import unittest

import pytest

from tests.contract.modules import MODULES, PACKAGES, file_of

WITH_EXAMPLES = [name for name in MODULES if ">>> " in file_of(name).read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_exists_once_and_the_module_says_what_it_is_for(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    public = getattr(module, "__all__", [])
    assert len(set(public)) == len(public)
    assert [each for each in public if not hasattr(module, each)] == []
    assert [each for each in public if each.startswith("_") and each != "__version__"] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_offers_something_lists_it(name: str) -> None:
    module = importlib.import_module(name)
    offered = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value))
    ]
    assert not offered or hasattr(module, "__all__")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_in_its_docstrings_are_true(name: str) -> None:
    result = unittest.TestResult()
    doctest.DocTestSuite(importlib.import_module(name)).run(result)
    assert result.testsRun > 0
    assert [text for _, text in result.failures + result.errors] == []
