"""Settings files for tests."""

from pathlib import Path

import pytest

from apiwatch.config import load
from apiwatch.errors import ConfigError

__all__ = ["problem_of", "written"]


def written(directory: Path, text: str | bytes) -> Path:
    """A settings file with this content."""
    file = directory / "apiwatch.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def problem_of(directory: Path, text: str | bytes) -> str:
    """What `load` says about this content: one sentence on one line that starts with the file; without the file."""
    file = written(directory, text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    assert message.isprintable()
    return message.removeprefix(str(file)).removeprefix(", ")
