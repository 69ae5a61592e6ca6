import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest

import apiwatch
from apiwatch.cli.root import COMMANDS
from tests.contract.modules import ROOT


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "apiwatch", *arguments], capture_output=True, text=True, check=False)


def test_help_lists_every_command() -> None:
    run = program("--help")
    assert (run.returncode, run.stderr) == (0, "")
    listed = re.findall(r"^  ([a-z]+)  ", run.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    run = program(command, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"Usage: apiwatch {command}")


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == apiwatch.__version__ == metadata.version("apiwatch")
    assert program("--version").stdout == f"apiwatch {apiwatch.__version__}\n"
    assert f"## [{apiwatch.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
