"""Shorter rests for Textual's pilot, which looks every 20 ms whether the program has come to rest."""

import pytest
from textual import _wait


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 0.008)
