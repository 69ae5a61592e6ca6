from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Home of a fresh user, whose settings keep rows of old logs."""
    path = tmp_path / "home"
    settings = path / "config" / "apiwatch" / "apiwatch.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        "retention:\n  client_minutes: 20000d\n  minutes: 20000d\n  clients: 20000d\n  alerts: 20000d\n"
    )
    return path
