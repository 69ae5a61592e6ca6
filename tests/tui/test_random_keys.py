"""Whatever keys are pressed, commands typed and sizes taken: the dashboard goes on."""

import asyncio
import random
from pathlib import Path

import pytest
from textual import events

from apiwatch.tui.commands.table import VERBS
from tests.tui.pilot import driving

_KEYS = (
    *"0123456789jkgGsrpFMUwWeEadlbBxitcCzvVoyYnNhK",
    *("question_mark", "slash", "colon", "less_than_sign", "greater_than_sign", "left_square_bracket", "plus", "minus"),
    *("enter", "escape", "tab", "shift+tab", "space", "up", "down", "pagedown", "ctrl+d", "ctrl+e", "ctrl+p", "ctrl+s"),
    *("home", "end", "backspace", "delete", "enter", "escape", "escape", "down"),
)
_WORDS = (
    "203.0.113.7", "10.1.2.3", "2001:db8::1", "alice@example.com", "GET /api/orders/{id}", "nftables", "1h", "15m", "x",
    "sev>=high", "06:55", "ever", "why not", "203.0.113.0/24", "99999d", "-1", "[/x]", "(", "",
)  # fmt: skip
_SIZES = ((80, 24), (120, 40), (200, 60), (60, 15), (50, 10))
_STEPS = 120


@pytest.mark.parametrize("seed", range(4))
async def test_no_keys_end_the_dashboard(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(seed)  # noqa: S311  which keys
    async with driving(size=_SIZES[seed], db=tmp_path) as driven:
        app = driven.app
        monkeypatch.setattr(app, "exit", lambda *_: None)
        for _ in range(_STEPS):
            for key in _pressed(chance):
                app.post_message(events.Key(key, key if len(key) == 1 else None))
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            if chance.random() < 0.03:
                await driven.pilot.resize_terminal(*chance.choice(_SIZES))
            assert app._exception is None
        await driven.pilot.pause()
        assert app.is_running


def _pressed(chance: random.Random) -> list[str]:
    """A key, or a text, a filter or a command with Enter behind it."""
    kind = chance.random()
    if kind < 0.1:
        verb = chance.choice(VERBS)
        words = [chance.choice((verb.name, *verb.also)), *(chance.choice(_WORDS) for _ in range(chance.randrange(4)))]
        return ["colon", *" ".join(words), "enter"]
    if kind < 0.2:
        return [*([] if chance.random() < 0.5 else ["slash"]), *chance.choice(_WORDS), "enter"]
    return [chance.choice(_KEYS)]


@pytest.mark.parametrize(
    "typed",
    [
        ("enter", "escape", "escape", "escape"),
        ("enter", "x", "1", "escape", "escape"),
        ("enter", "a", "enter", "enter"),
        ("enter", "slash", *"sev", "escape", "escape"),
        ("q", "n", "n", "n"),
    ],
)
@pytest.mark.parametrize("pause", [0.0, 0.01])
async def test_keys_pressed_at_once_close_one_screen_each(typed: tuple[str, ...], pause: float, tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        for key in typed:
            driven.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await asyncio.sleep(pause)
        for _ in range(4):
            await driven.press("escape")
        assert driven.app._exception is None
        assert len(driven.app.screen_stack) == 1


@pytest.mark.parametrize("keys", [("enter",), ("enter", "x"), ("enter", "a"), ("enter", "question_mark"), ("q",)])
async def test_a_screen_that_is_left_twice_takes_none_with_it(keys: tuple[str, ...], tmp_path: Path) -> None:
    """As by a second Esc that is obeyed before the first one has taken it away."""
    async with driving(db=tmp_path) as driven:
        await driven.press(*keys)
        screen, below = driven.app.screen, driven.app.screen_stack[-2]
        for _ in range(2):
            screen.dismiss(None)
        await driven.until(lambda: driven.app.screen is below, "the screen below")
        await driven.pilot.pause(0.1)
        assert driven.app.screen is below
        assert driven.app._exception is None
