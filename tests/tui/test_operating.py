"""What an operator does with keys, commands and the mouse, through the screens, as far as to the store."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events

from apiwatch.store import Scope
from apiwatch.tui.layout import Shape
from apiwatch.tui.screens.lines import LinesScreen
from tests.tui import fakes
from tests.tui.fakes import NOW, WALKER
from tests.tui.pilot import driving

FIRST = fakes.ALERTS[0].alert.id


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        (1, "mute", "for how long"),
        (2, "allow", "who it is"),
        (3, "benign", "comes back when the client does clearly more"),
        (4, "note", "note"),
    ],
)
async def test_every_choice_of_x_asks_and_does_it(number: int, kind: str, word: str, tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("x", str(number))
        await tui.until(lambda: "Esc leave" in tui.text, "the question")
        assert word in tui.text or kind == "allow"
        await tui.press("'because", "enter")
        if kind in ("mute", "benign"):
            await tui.press("ctrl+u", "'1h", "enter")
        await tui.until(lambda: bool(tui.control.said), "the word")
        assert tui.control.said[0][0] == kind


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("benign 203.0.113.7 30d ours", ("benign", FIRST)),
        ("mute 203.0.113.7 2h noisy", ("mute", FIRST)),
        ("note 203.0.113.7 hello", ("note", FIRST)),
        ("ack 203.0.113.7 mine", ("acknowledge", FIRST)),
        ("block 203.0.113.7 1h", ("block", "203.0.113.7/32")),
        ("allow 203.0.113.7 1h ours", ("allow", "network:203.0.113.7/32")),
    ],
)
async def test_every_command_does_it(command: str, said: tuple[str, ...], tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("colon", f"'{command}", "enter")
        await tui.until(lambda: bool(tui.control.said), "the word")
        assert tui.control.said[0][:2] == said


async def test_an_acknowledgement_can_be_taken_back(tmp_path: Path) -> None:
    alert = replace(fakes.ALERTS[0], state="acknowledged", acknowledged_by="bob@gw1", acknowledged_note="mine")
    async with driving(fakes.Scenario(alerts=(alert,)), db=tmp_path) as tui:
        await tui.press("x", "6", "enter")
        await tui.until(lambda: bool(tui.control.said), "the word")
        assert tui.control.said[0][:2] == ("unacknowledge", FIRST)


async def test_a_command_that_a_rail_stops_asks_for_the_network_again(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("colon", "'block 10.1.2.3 2h seen it", "enter")
        await tui.shows("type 10.1.2.3/32 to override the guard")
        assert "2h" in tui.text
        await tui.press("'10.1.2.3/32", "enter")
        await tui.until(lambda: bool(tui.control.said), "the entry")
        assert tui.control.said[0][:3] == ("block", "10.1.2.3/32", "seen it")


async def test_a_filter_can_be_a_command(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("colon", "'filter sev>=critical", "enter")
        await tui.shows("filter: sev>=critical")
        assert all(row.cells()[0].text == "CRIT !!" for row in tui.list.rows)


async def test_the_question_to_allow_says_what_speaks_against_it(tmp_path: Path) -> None:
    about, crowd, *_ = fakes.ALERTS
    crowd = replace(crowd, alert=replace(crowd.alert, clients=(*crowd.alert.clients, WALKER)))
    async with driving(fakes.Scenario(alerts=(about, crowd)), db=tmp_path) as tui:
        await tui.control.block(f"{WALKER}/32", "walks", (), "bob@gw1", NOW, NOW + 3600)
        await tui.press("x", "2")
        await tui.shows("Esc leave")
        text = " ".join(tui.text.split())
        assert "1 open alert, the worst CRIT !!, may close" in text, "the crowd's is about others, too"
        assert f"{WALKER}/32 is in the block queue, and stays there" in text


async def test_texts_are_found_in_original_lines(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("l")
        assert isinstance(tui.app.screen, LinesScreen)
        await tui.until(lambda: "original lines" in tui.text, "the lines")
        await tui.press("slash", "'NO SUCH", "enter")
        await tui.shows("'NO SUCH' is not here")
        await tui.press("slash", "'http/1.1", "enter", "n", "N")
        assert "'http/1.1' is not here" not in tui.text
        await tui.press("a")
        await tui.shows("Acknowledge alert")
        assert tui.control.said == []


async def test_lines_of_a_route_are_those_of_its_alerts(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        tui.dashboard.open_scope(Scope(host="api.example.com", route="GET /api/orders/{id}"))
        await tui.shows("Route")
        await tui.press("l")
        await tui.shows("original lines of api.example.com GET /api/orders/{id}")
        assert "203.0.113.7" in tui.text


async def test_t_goes_to_the_live_lines_and_back(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        before = tui.app.screen
        await tui.press("t")
        await tui.shows("[6 Live]")
        assert tui.app.screen is not before
        await tui.press("t")
        assert tui.app.screen is before


async def test_a_target_that_is_chosen_already_is_shown_again(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as tui:
        for _ in range(2):
            await tui.press("colon", "'target nftables", "enter")
            await tui.until(lambda: "table inet apiwatch" in tui.text or "nft" in tui.text, "the export")
            await tui.until(lambda: "loading..." not in tui.text, "the export")


async def test_a_view_opens_on_its_first_list_with_the_keys_in_it(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as tui:
        await tui.press("7", "v", "tab", "1", "7")
        await tui.shows("block queue")
        assert tui.dashboard.panel is not None
        assert tui.dashboard.panel.name == "blocks"
        assert tui.table.has_focus


async def test_a_frozen_picture_shows_what_is_chosen_meanwhile(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("2", "1", "p")
        for address, shown in (("198.18.7.1", True), ("198.18.7.2", False)):
            tui.scenario.clients = (fakes.client_view(address, 10, 900, fakes.mix(160, 0.9, 0.1)),)
            tui.scenario.version += 1
            if shown:
                await tui.press("2")
                await tui.shows(address)
            else:
                tui.app.session.demand()
                await tui.pilot.pause()
                assert address not in tui.text


async def test_the_mouse_presses_keys_and_chooses_views(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as tui:
        views = next(at for at, row in enumerate(tui.text.splitlines()) if "2 Clients" in row)
        cell = tui.text.splitlines()[views].index("3 Routes")
        await tui.pilot.click(offset=(cell + 3, views))
        await tui.shows("[3 Routes]")
        bar = len(tui.text.splitlines()) - 1
        await tui.pilot.click(offset=(tui.text.splitlines()[bar].index("help") + 1, bar))
        await tui.shows("on this screen")
        await tui.press("escape", "1")
        table = next(at for at, row in enumerate(tui.text.splitlines()) if "CRIT !!" in row and "203.0.113" in row)
        await tui.pilot.click(offset=(20, table + 1))
        assert len(tui.app.screen_stack) == 1
        await tui.pilot.click(offset=(20, table + 1))
        await tui.until(lambda: len(tui.app.screen_stack) == 2, "the drill-down")


async def test_a_page_without_a_list_is_not_saved_as_one(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        await tui.press("enter", "ctrl+s", "1")
        await tui.shows("not saved: there is no list here")


async def test_a_tiny_terminal_obeys_no_key_that_acts_on_what_is_not_seen(tmp_path: Path) -> None:
    async with driving(size=(50, 10), db=tmp_path) as tui:
        assert tui.dashboard.shape is Shape.TINY
        assert "needs 60x15" in tui.text
        await tui.press("b", "a", "x", "enter", "3")
        assert tui.app.screen is tui.dashboard
        assert tui.control.said == []


async def test_a_selection_in_pictures_has_its_minutes_and_alerts(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as tui:
        await tui.press("i")
        await tui.shows("in pictures: 203.0.113.7")
        assert "requests per minute" in tui.text
        assert tui.line("alert ").split()[1].startswith("!")
        await tui.press("escape", "3", "i")
        await tui.shows("in pictures: GET /api/orders/{id}")
        assert "statuses of the newest" in tui.text


async def test_keys_that_are_typed_ahead_of_a_box_end_nothing(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        for keys in (
            ("ctrl+p", "pagedown", "pageup", "escape"),
            ("x", "2", "enter", "down", "escape"),
            ("q", "pageup"),
        ):
            for key in keys:
                tui.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await tui.pilot.pause(0.1)
            await tui.press("escape", "escape")
        assert tui.app.is_running
        assert tui.control.said == []
