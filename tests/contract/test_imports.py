import subprocess
import sys
from collections.abc import Sequence

import pytest

from apiwatch.tui.app import LATER
from tests.contract.modules import MODULES, below

DRAWING = ("plotext", "rich", "textual")
HEADLESS = sorted({".".join(name.split(".")[:2]) for name in MODULES if name != "apiwatch"} - {"apiwatch.tui"})
QUIET_COMMANDS = ["--help", "--version", "formats", "config show", "config init", "replay --help", "collect --help"]

PROBE = """
import contextlib, importlib, io, sys
for name in {names!r}:
    importlib.import_module(name)
if {arguments!r} is not None:
    from apiwatch.cli import main
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main({arguments!r})
print(*sorted(set({wanted!r}) & sys.modules.keys()))
"""


def loaded(wanted: Sequence[str], names: Sequence[str], arguments: list[str] | None = None) -> list[str]:
    """Which of the wanted modules are loaded after importing `names` and running the program with `arguments`."""
    code = PROBE.format(names=names, arguments=arguments, wanted=wanted)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.parametrize("module", HEADLESS)
def test_importing_it_loads_no_drawing_library(module: str) -> None:
    assert loaded(DRAWING, below(module)) == []


def test_the_probe_sees_a_drawing_library_where_there_is_one() -> None:
    assert "textual" in loaded(DRAWING, ["apiwatch.tui.app"])


@pytest.mark.parametrize("command", QUIET_COMMANDS)
def test_a_command_without_a_dashboard_loads_no_drawing_library(command: str) -> None:
    assert loaded(DRAWING, [], command.split()) == []


def test_help_loads_nothing_heavy() -> None:
    assert loaded((*DRAWING, "httpx", "sqlite3", "yaml"), [], ["--help"]) == []


def test_the_first_picture_needs_nothing_that_a_key_brings() -> None:
    later = ("apiwatch.report", "apiwatch.tui.saving", "apiwatch.tui.summaries", "apiwatch.tui.deeds", "csv", "yaml")
    assert loaded(later, ["apiwatch.cli.watch", "apiwatch.store.reader", "apiwatch.tui.app"]) == []


def test_a_collector_needs_no_reader_and_who_asks_for_the_owner_neither() -> None:
    rooms = ("apiwatch.store.reader", "apiwatch.store.writer", "apiwatch.sources.feed", "yaml")
    assert loaded(rooms, ["apiwatch.collector"]) == ["apiwatch.sources.feed", "apiwatch.store.writer"]
    assert loaded(rooms, ["apiwatch.store.locks", "apiwatch.sources.content"]) == []


def test_what_is_imported_after_the_first_picture_can_be() -> None:
    assert loaded(LATER, LATER) == sorted(LATER)
