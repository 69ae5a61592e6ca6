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
