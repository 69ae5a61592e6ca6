"""A screen that was made before it was asked for is that which would have been made, and what was left is tidied up."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.tui.screens.context import ContextScreen
from tests.tui import fakes
from tests.tui.pilot import Driven, driving


async def make_ahead(driven: Driven) -> None:
    driven.app._ahead.make()
    await driven.until(lambda: made(driven) is not None and made(driven).ready, "a screen made ahead")


def made(driven: Driven) -> ContextScreen:
    screen = driven.app._ahead._screen
    assert isinstance(screen, ContextScreen)
    return screen


async def opened(keys: list[str], size: tuple[int, int], db: Path, *, ahead: bool) -> str:
    async with driving(fakes.Scenario(), size, db=db) as driven:
        if ahead:
            await make_ahead(driven)
        await driven.press(*keys[:-1])
        wanted = made(driven) if ahead else None
        await driven.press(keys[-1])
        assert (driven.app.screen is wanted) is ahead
        await driven.until(lambda: "loading" not in driven.text, "what it shows")
        await driven.pilot.pause(0.15)
        return driven.text


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
@pytest.mark.parametrize("keys", [["1", "enter"], ["2", "enter"], ["3", "j", "enter"], ["2", "d"]], ids="".join)
async def test_it_shows_what_a_new_one_would(keys: list[str], size: tuple[int, int], tmp_path: Path) -> None:
    assert await opened(keys, size, tmp_path, ahead=True) == await opened(keys, size, tmp_path, ahead=False)


async def test_it_begins_with_the_view_that_is_asked_for(tmp_path: Path) -> None:
    texts = [await opened(["2", "t"], (80, 24), tmp_path, ahead=ahead) for ahead in (True, False)]
    assert texts[0] == texts[1]
    assert "6 Live" in texts[0]


async def test_keys_go_where_they_would_and_back_comes_back(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(), db=tmp_path) as driven:
        await make_ahead(driven)
        await driven.press("2", "j", "enter", "2", "j", "escape")
        assert driven.app.screen is driven.dashboard
        assert driven.table.cursor is driven.table.list.rows[1]


async def test_one_for_another_size_or_theme_is_thrown_away(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(), db=tmp_path) as driven:
        await make_ahead(driven)
        old = made(driven)
        await driven.pilot.resize_terminal(200, 60)
        await driven.press("2", "enter")
        assert driven.app.screen is not old
        await driven.until(lambda: not old.is_running, "the end of the old one")
        assert not driven.app.screen.has_class("-one")
        await driven.press("escape")
        await make_ahead(driven)
        old = made(driven)
        await driven.press("colon", "'theme light", "enter", "enter")
        assert driven.app.screen is not old


@pytest.mark.parametrize(("keys", "said"), [("q", "Quit the dashboard?"), ("a", "Acknowledge alert"), ("x", "mute")])
async def test_the_first_question_stands_in_the_middle_of_what_it_is_about(
    keys: str, said: str, tmp_path: Path
) -> None:
    async with driving(fakes.Scenario(), db=tmp_path) as driven:
        await driven.press(keys)
        await driven.shows(said)
        lines = driven.text.splitlines()
        top = next(number for number, text in enumerate(lines) if "╭" in text)
        assert lines[top].index("╭") == 2
        assert 4 < top < 12


@pytest.fixture
def _no_cycles_found() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_cycles_found")
async def test_a_screen_that_was_left_is_gone_once_nobody_presses_a_key(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(), db=tmp_path) as driven:
        gc.disable()
        await driven.press("2", "enter")
        left = weakref.ref(driven.app.screen)
        await driven.press("escape")
        assert left() is not None
        await driven.until(lambda: left() is None, "the end of what was left of it")
