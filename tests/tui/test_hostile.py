"""What an attacker writes into a log never reaches the terminal as it is, on no screen, and breaks none."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from apiwatch.model import Severity
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import GroupView, Listing, Shared
from apiwatch.text import plain
from apiwatch.tui.measured import measured
from tests.tui import fakes, hostile
from tests.tui.pilot import Driven, driving, strips_of

SIZES = [(80, 24), (200, 60)]
FOREIGN = "हिन्दी" * 40


class Foreign(fakes.FakeReader):
    """A group that is named in letters with spacing marks, above one in ASCII; both failed alike."""

    async def groups(
        self, shared: Shared, window_minutes: int, *, limit: int = 200, scope: Scope = EVERYTHING, at: float = 0.0
    ) -> Listing[GroupView]:
        window = fakes.mix(1914, 0.0, 1.0)
        return Listing([GroupView(name, 42, window, fakes.NOW - 2, 41, "high") for name in (FOREIGN, "x" * 240)])


def drawn(driven: Driven) -> str:
    """All text that the compositor hands to the terminal."""
    return "\n".join("".join(segment.text for segment in strip) for strip in strips_of(driven.app.screen))


def check(driven: Driven, *, ascii_only: bool = False) -> None:
    text = drawn(driven)
    for wrong in hostile.FORBIDDEN:
        assert wrong not in text, f"{wrong!r} is on the screen"
    assert measured(text.replace("\n", ""), len(text) + 1) == text.replace("\n", "")
    assert driven.app._exception is None
    if ascii_only:
        assert text.isascii()


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_survives_and_shows_it_spelled(size: tuple[int, int], tmp_path: Path) -> None:
    async with driving(hostile.scenario(), size, db=tmp_path) as driven:
        check(driven)
        assert "\\x1b]52;" in driven.text
        for key in "234":
            await driven.press(key)
            check(driven)
        for key in ("enter", "d", "l", "question_mark"):
            await driven.press("1", key)
            check(driven)
            await driven.press("G")
            check(driven)
            await driven.press("escape")
        await driven.press("8")
        check(driven)
        await driven.press("enter")
        check(driven)
        await driven.press("G")
        check(driven)
        await driven.press("escape", "escape", "B")
        await driven.says("IP address")
        check(driven)


async def test_prompts_and_messages_survive(tmp_path: Path) -> None:
    async with driving(hostile.scenario(), db=tmp_path) as driven:
        await driven.press("b")
        await driven.shows("refused:")
        check(driven)
        await driven.press("a")
        check(driven)
        await driven.press("escape", "c")
        assert plain(driven.app.clipboard) == driven.app.clipboard
        check(driven)


async def test_a_reason_from_the_log_survives_the_block_prompt(tmp_path: Path) -> None:
    walker = fakes.alert(fakes.WALKER, f"enumeration{hostile.TEXT}", Severity.HIGH, 70, hostile.TEXT, key="a1" * 8)
    async with driving(fakes.Scenario(alerts=(walker,)), db=tmp_path) as driven:
        await driven.press("b")
        await driven.shows("Enter queue")
        check(driven)
        await driven.press("enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        reason = driven.control.said[0][2]
        assert plain(reason) == reason
        assert len(reason) <= 200


async def test_lines_that_no_format_understood_survive(tmp_path: Path) -> None:
    async with driving(hostile.unread(), (120, 40), db=tmp_path) as driven:
        check(driven)
        assert "\\x1b]52" in driven.text


async def test_ascii_only_stays_ascii(tmp_path: Path) -> None:
    async with driving(hostile.scenario(), (120, 40), ascii_only=True, db=tmp_path) as driven:
        check(driven, ascii_only=True)
        for key in ("enter", "B", "a", "s"):
            await driven.press(key)
            check(driven, ascii_only=True)
            await driven.press("escape")


async def test_markup_is_text(tmp_path: Path) -> None:
    texts = ("[/x]", "[red]x[/red]", "$(reboot)", "{id}", "漢字", "🙂")
    alerts = tuple(
        fakes.alert(fakes.WALKER, "enumeration.miss", Severity.HIGH, 70, f"on {text} it", key=f"a{number}")
        for number, text in enumerate(texts)
    )
    async with driving(fakes.Scenario(alerts=alerts), db=tmp_path) as driven:
        for text in texts:
            assert f"on {text} it" in driven.text


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(("word", "size"), [("agent", (80, 24)), ("user", (80, 24)), ("agent", (120, 40))])
async def test_letters_of_doubtful_width_move_no_column(
    word: str, size: tuple[int, int], ascii_only: bool, tmp_path: Path
) -> None:
    async with driving(size=size, ascii_only=ascii_only, reads=Foreign, db=tmp_path) as driven:
        await driven.press(":", f"'group {word}", "enter")
        await driven.shows("xxx~xxx")
        check(driven, ascii_only=ascii_only)
        foreign, known = [line for line in driven.text.splitlines() if "HIGH !" in line][:2]
        numbers = known[known.index(" 42 ") :]
        assert foreign.endswith(numbers)
        assert cell_len(foreign) == cell_len(known)


async def test_letters_that_are_spelled_out_are_found_by_what_they_are(tmp_path: Path) -> None:
    async with driving(hostile.scenario(FOREIGN), db=tmp_path) as driven:
        await driven.press("1", "l")
        await driven.shows("original lines")
        await driven.press("/", f"'{FOREIGN[:4]}", "enter")
        assert "is not here" not in driven.text
        check(driven)
