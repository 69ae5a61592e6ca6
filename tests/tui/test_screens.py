"""Drill-down, why, lines, help, acknowledging, leaving: what each key leads to and how one comes back."""

import re
from pathlib import Path

import pytest

from apiwatch.errors import StoreError
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.help import key_groups
from apiwatch.tui.screens.prompts import Question
from tests.tui import fakes
from tests.tui.pilot import Driven, driving


async def test_enter_opens_the_client_of_the_row_and_esc_comes_back(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        for keys, client in ((("1",), fakes.WALKER), (("2",), fakes.WALKER), (("4",), fakes.STUFFER)):
            await driven.press(*keys, "enter")
            assert f"> {client}" in driven.line("gw1 >")
            assert "why its score is 97" in driven.text
            await driven.press({"1": "escape", "2": "q", "4": "backspace"}[keys[0]])
            assert driven.app.screen is driven.dashboard


async def test_a_client_page_scrolls_and_stays_where_it_is_while_it_is_refreshed(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("enter", "space")
        assert "lines 17-33 of" in driven.text
        await driven.commit()
        assert "lines 17-33 of" in driven.text
        await driven.press("G")
        assert re.search(r"lines \d+-(\d+) of \1 ", driven.text)
        await driven.press("g", "j")
        assert "lines 2-18 of" in driven.text


async def test_a_client_page_at_120_columns_has_requests_and_ids_beside_each_other(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("enter")
        assert "632│" in driven.text
        assert "o found" in driven.text
        assert "13:03" in driven.text
        assert "alice@example.com" in driven.text


async def test_a_client_that_the_store_does_not_know(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(detail=lambda _client: None), db=tmp_path) as driven:
        await driven.press("enter")
        assert f"the state file knows nothing about {fakes.WALKER}" in driven.text


async def test_why_lines_and_client_lead_to_each_other(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("d")
        assert "why: a1b2c3d4e5f60001" in driven.text
        assert "limit evidence >= 13.8; usual 2%" in driven.text
        await driven.press("l")
        assert "original lines of alert a1b2c3d4e5f60001, 12" in driven.text
        assert "/var/log/nginx/access.log:9210000" in driven.text
        await driven.press("enter")
        assert driven.line("gw1 >").rstrip() == f"gw1 > alerts > alert a1b2c3d4e5f6 > lines > {fakes.WALKER}"
        await driven.press("escape", "escape", "escape")
        assert driven.app.screen is driven.dashboard


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_why_of_a_client_is_its_worst_alert(size: tuple[int, int], tmp_path: Path) -> None:
    async with driving(db=tmp_path, size=size) as driven:
        await driven.press("2")
        await driven.shows(fakes.WALKER)
        await driven.press("g", "d")
        await driven.shows("limit evidence >= 13.8; usual 2%")


async def test_lines_of_a_client_without_an_alert(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "G", "d")
        await driven.shows("no open alert names it")
        await driven.press("l")
        assert "original lines of 198.18.0.39, 12" in driven.text


async def test_acknowledging_takes_a_note_and_is_shown_once_the_store_says_so(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("a")
        assert "Acknowledge alert a1b2c3d4 " in driven.text
        await driven.press("'on it", "enter")
        await driven.until(lambda: bool(driven.control.said), "the acknowledgement")
        assert driven.control.said == [("acknowledge", "a1b2c3d4e5f60001", "oncall@gw1", "on it")]
        await driven.shows("[ack] walks object ids")
        await driven.shows("acked alert a1b2c3d4")


async def test_esc_in_a_prompt_says_nothing_to_the_store(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("a", "'no", "escape")
        await driven.press("2", "G", "a")
        assert "nothing to acknowledge: 198.18.0.39 has no alert" in driven.text
        assert driven.control.said == []


async def test_a_store_that_refuses_is_told(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.control.failure = StoreError("the state file is read-only")
        await driven.press("a", "enter")
        await driven.shows("not acked: the state file is read-only")


async def test_copy_says_what_was_copied_and_where_it_is_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with driving(db=tmp_path) as driven:
        await driven.press("c")
        await driven.says("copied 11 bytes by OSC 52, and to")
        assert (tmp_path / "apiwatch" / "clipboard.txt").read_text() == fakes.WALKER


@pytest.mark.parametrize(
    ("owns", "sentence"), [(True, "the collector stops cleanly"), (False, "the collector keeps running")]
)
async def test_q_asks_once_and_says_what_happens_to_the_collector(owns: bool, sentence: str, tmp_path: Path) -> None:
    async with driving(owns_collector=owns, db=tmp_path) as driven:
        await driven.press("q")
        assert "Quit the dashboard?" in driven.text
        assert f"When it goes, {sentence}; nothing recorded is lost." in " ".join(driven.text.split())
        await driven.press("n")
        assert driven.app.screen is driven.dashboard
        await driven.press("q")
        await driven.pilot.press("q")
        await driven.until(lambda: not driven.app.is_running, "the end")


async def test_ctrl_c_asks_everywhere_and_quits_at_the_second_press(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("enter", "a", "ctrl+c")
        assert isinstance(driven.app.screen, Question)
        await driven.press("escape", "escape", "ctrl+c")
        assert "Quit the dashboard?" in driven.text
        await driven.pilot.press("ctrl+c")
        await driven.until(lambda: not driven.app.is_running, "the end")


async def opened(driven: Driven, keys: str) -> LiveScreen:
    await driven.press(*keys.split())
    screen = driven.app.screen
    assert isinstance(screen, LiveScreen)
    return screen


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ("1", (80, 24)),
        ("2", (120, 40)),
        ("enter", (80, 24)),
        ("d", (80, 24)),
        ("l", (80, 24)),
        ("B", (120, 40)),
        ("question_mark", (80, 24)),
        ("8", (120, 40)),
        ("8 enter", (80, 24)),
    ],
)
async def test_help_and_key_line_list_only_keys_that_work(keys: str, size: tuple[int, int], tmp_path: Path) -> None:
    async with driving(size=size, db=tmp_path) as driven:
        screen = await opened(driven, keys)
        listed = {name for _title, group in key_groups(screen) for names, _tip in group for name in names.split()}
        for names, _label in screen.bar_keys():
            if names != "j k":
                assert set(names.split()) <= listed | {"?"}, names
        dead = {"l": "l", "enter": "/"}.get(keys)
        assert dead not in listed
        assert ("z" in listed) == (keys in ("1", "2", "B", "8") and size[0] >= 120)
        for key in screen.active_bindings.values():
            assert key.enabled


async def test_help_explains_keys_columns_and_keeps_messages(tmp_path: Path) -> None:
    async with driving(size=(100, 60), db=tmp_path) as driven:
        await driven.press("c", "question_mark")
        for wanted in (
            " w W                  shorter, longer window (1m 5m 15m 1h 24h)",
            " Space                mark or unmark the row, move on",
            " SEV                  severity",
        ):
            assert wanted in driven.text
        await driven.press("G")
        assert "14:02:31Z  copied 11 bytes by OSC 52" in driven.text
        await driven.press("question_mark")
        assert len(driven.app.screen_stack) == 2
        await driven.press("escape")
        assert driven.app.screen is driven.dashboard


async def test_screens_below_are_not_read(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("enter")
        driven.reader.calls.clear()
        await driven.commit()
        assert "client" in driven.reader.calls
        assert not any(call.startswith("clients") for call in driven.reader.calls)


async def test_an_unchanged_store_is_not_read(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.reader.calls.clear()
        for _ in range(3):
            await driven.fail()
        assert set(driven.reader.calls) == {"changed"}


async def test_a_message_that_is_longer_than_the_foot_is_shown_whole(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.app.session.say(f"refused: {'because ' * 20}of its end", "bad")
        driven.dashboard.tick()
        await driven.shows("of its end")
        assert "gw1 >" in driven.text
