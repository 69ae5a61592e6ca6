"""Terminals that are small, monochrome or not UTF-8."""

from pathlib import Path

import pytest

from apiwatch.tui.themes import without_colour
from tests.tui.pilot import driving, strips_of


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (1, 1)])
async def test_a_terminal_that_is_too_small_gets_one_line_and_the_keys_work(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with driving(size=size, db=tmp_path) as driven:
        lines = [line for line in driven.text.splitlines() if line.strip()]
        assert len(lines) == 1
        assert size[0] < 20 or "LIVE" in lines[0]
        await driven.press("q", "n", "question_mark")
        await driven.press("escape")
        await driven.pilot.resize_terminal(80, 24)
        await driven.pilot.pause()
        assert "203.0.113.64" in driven.text


async def test_help_can_be_read_where_nothing_else_fits(tmp_path: Path) -> None:
    async with driving(size=(59, 14), db=tmp_path) as driven:
        assert driven.text.splitlines()[0].rstrip() == "LIVE 2 CRIT 2 HIGH 1 MED  needs 60x15  ? help  q quit"
        await driven.press("question_mark")
        assert "this page" in driven.text
        await driven.press("escape", "b", "x", "2", "slash")
        assert driven.text.splitlines()[0].rstrip().startswith("LIVE 2 CRIT")
        assert driven.app.screen is driven.dashboard
        await driven.press("q")
        assert "y or Enter quit   n stay" in driven.text


async def test_a_low_terminal_keeps_head_list_and_foot(tmp_path: Path) -> None:
    async with driving(size=(60, 15), db=tmp_path) as driven:
        for wanted in ("LIVE", "5m ", "[1 Alerts(5)]", "203.0.113.7", "gw1 > alerts", "? help"):
            assert wanted in driven.text
        assert "ALL " not in driven.text


async def test_ascii_draws_nothing_else(tmp_path: Path) -> None:
    async with driving(size=(120, 40), ascii_only=True, db=tmp_path) as driven:
        assert driven.text.isascii()
        for keys in (("enter",), ("B",), ("question_mark",), ("s",), ("q",)):
            await driven.press(*keys)
            assert driven.text.isascii(), driven.text
            await driven.press("escape")


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("yes", True), ("", False), (None, False)])
def test_no_color_counts_when_it_is_set_and_not_empty(value: str | None, wanted: bool) -> None:
    environment = {} if value is None else {"NO_COLOR": value}
    assert without_colour(environment) is wanted
    assert environment.get("NO_COLOR") != ""


async def test_without_colour_the_cursor_is_reverse_and_severity_is_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driving(db=tmp_path) as driven:
        row = next(
            strip for strip in strips_of(driven.app.screen) if "203.0.113.7 " in "".join(part.text for part in strip)
        )
        assert any(segment.style is not None and segment.style.reverse for segment in row)
        assert "CRIT !!" in driven.text


async def test_a_read_only_dashboard_says_so_and_its_keys_change_nothing(tmp_path: Path) -> None:
    async with driving(read_only=True, served=True, db=tmp_path) as driven:
        assert "READ-ONLY" in driven.text.splitlines()[0]
        await driven.press("a")
        assert "not done: this dashboard is read-only: it only looks" in driven.text
        await driven.press("b", "B", "o")
        assert "not done: a dashboard in a browser does nothing on the server" in driven.text
        await driven.press("x", "y", "question_mark")
        assert "on this screen" in driven.text
        for greyed in ("acknowledge the alert", "queue this client", "write the export", "validator"):
            assert greyed not in driven.text
        await driven.press("escape")
        for command in ("handover", "save x.csv", "mute", "unblock 203.0.113.9"):
            await driven.press("colon", f"'{command}", "enter")
            assert "not done: " in driven.text, driven.text
            await driven.press("escape")
        assert driven.control.said == []
    async with driving(db=tmp_path) as driven:
        assert "READ-ONLY" not in driven.text
        await driven.press("a")
        assert "Acknowledge alert" in driven.text
