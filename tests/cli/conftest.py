from pathlib import Path

import pytest

from tests.cli.logs import incident, text_of


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Home of a fresh user."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture(scope="session")
def incident_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A combined log of 20 minutes with an id walk."""
    path = tmp_path_factory.mktemp("incident") / "access.log"
    path.write_text(text_of(incident()))
    return path
