"""Keys of the settings: what is wrong with them, and that the dashboard and its help obey them."""

from pathlib import Path

import pytest
from textual.binding import Binding

from apiwatch.config.keys import parse_keys
from apiwatch.errors import UsageError
from apiwatch.tui.keys import binding_ids, problems_of
from apiwatch.tui.remapping import known_views
from apiwatch.tui.widgets.prompt import Prompt
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Document
from tests.tui.pilot import driving


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("A", "A"),
        ("Shift+a", "A"),
        ("?, F1", "?,f1"),
        ("^P", "ctrl+p"),
        ("Alt + Ctrl + PgUp", "ctrl+alt+pageup"),
        ("Esc", "escape"),
        ("+", "+"),
        ("p,p", "p"),
    ],
)
def test_keys_are_read_as_people_write_them(written: str, keys: str) -> None:
    assert parse_keys(written) == keys


@pytest.mark.parametrize(
    "written", ["", "p,", "ctrl+", "ctrl+foo", "hyper+a", "ctrl+ctrl+a", "\x1b", "ctrl+\u202e", "ab"]
)
def test_what_is_no_key_is_said(written: str) -> None:
    with pytest.raises(UsageError, match="is not a key; write one such as"):
        parse_keys(written)


@pytest.mark.parametrize(
    ("keymap", "said"),
    [
        ({"acknowlege": "A"}, "is no key binding; did you mean `acknowledge`?"),
        ({"pause": "ctrl+t"}, ""),
        ({"pause": "?"}, "gives `?` a second meaning in context, where it is `help`"),
        ({"pause": "X", "head": "X"}, "a second meaning"),
        ({"row-down": "space"}, "a second meaning"),
        ({"pause": "w", "window-shorter": "p"}, ""),
    ],
)
def test_names_and_second_meanings_are_checked_against_the_views(keymap: dict[str, str], said: str) -> None:
    found = problems_of(keymap, known_views())
    assert bool(found) is bool(said)
    assert all(said in problem.text for problem in found[:1])


def test_every_key_of_our_widgets_can_be_changed() -> None:
    for widget in (KeyTable, Document, Prompt):
        assert all(binding.id for binding in widget.BINDINGS if isinstance(binding, Binding))
    assert {"page-up", "page-down", "bottom"} <= binding_ids([KeyTable]).keys() & binding_ids([Document]).keys()


async def test_the_dashboard_and_its_help_obey_other_keys(tmp_path: Path) -> None:
    async with driving(size=(100, 70), db=tmp_path) as driven:
        driven.app.set_keymap({"pause": "f,?", "help": "H", "row-down": "n"})
        before = driven.table.list.cursor_key
        await driven.press("p", "j")
        assert driven.app.session.paused_at is None
        assert driven.table.list.cursor_key == before
        await driven.press("n", "question_mark")
        assert driven.app.session.paused_at is not None
        assert driven.table.list.cursor_key != before
        await driven.press("H")
        line = driven.line("freeze the picture")
        assert line.split()[:2] == ["f", "?"]
        assert "H" in driven.line("this page").split()
