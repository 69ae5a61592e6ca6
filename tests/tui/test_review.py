"""`B`: the queue, what an export would be, and writing one."""

import asyncio
import sys
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from apiwatch.blocklist import TARGETS
from apiwatch.config.settings import Block
from apiwatch.store.views import Application
from apiwatch.tui.screens.context import ContextScreen
from tests.tui import fakes, guards
from tests.tui.pilot import Driven, driving


async def review(driven: Driven) -> ContextScreen:
    await driven.press("B")
    screen = driven.app.screen
    assert isinstance(screen, ContextScreen)
    await driven.shows("guard")
    return screen


async def test_the_queue_and_what_an_export_would_be(tmp_path: Path) -> None:
    async with driving(size=(100, 40), db=tmp_path) as driven:
        screen = await review(driven)
        for wanted in (
            " block queue ",
            "203.0.113.99/32",
            "50m 00s",
            "[nftables]",
            "2 networks",
            "guard ok",
            "table inet apiwatch",
        ):
            assert wanted in driven.text
        names = tuple(TARGETS)
        for name in names[1:5]:
            await driven.press("t")
            await driven.shows(f"[{name}]")
            if TARGETS[name].caps.cidr:
                await driven.shows("guard ok")
        await driven.press("T")
        assert screen.target == names[3]


async def test_writing_makes_a_real_file_and_says_what_to_type_next(tmp_path: Path) -> None:
    path = tmp_path / "out.nft"
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.press("o")
        await driven.shows("Write the nftables export")
        assert "./apiwatch-nftables.nft" in driven.text
        await type_path(driven, path)
        await driven.shows(f"wrote {path}")
        content = await asyncio.to_thread(path.read_text)
        assert "203.0.113.99" in content
        assert "2001:db8:7:7::/64" in content
        assert "apply" in driven.text
        assert f"nft -f {path}" in driven.text
    assert driven.app.farewell[0] == f"apiwatch: wrote {path}; nothing is applied yet"
    assert any(line.startswith("  apply: ") and str(path) in line for line in driven.app.farewell)


async def type_path(driven: Driven, path: Path) -> None:
    """Put a path into the prompt's field and confirm."""
    field = driven.app.screen.query_one("#field-0", Input)
    field.value = str(path)
    await driven.pilot.pause()
    await driven.press("enter")


async def test_a_path_that_cannot_be_is_refused_in_place(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.press("o")
        await driven.shows("Write the")
        for path, objection in ((tmp_path, "directory"), (tmp_path / "no" / "file", "not exist")):
            await type_path(driven, path)
            await driven.says(objection)
        await driven.press("escape")
        assert isinstance(driven.app.screen, ContextScreen)


async def test_an_empty_list_must_be_typed_out(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    async with driving(fakes.Scenario(blocks=()), (120, 40), db=tmp_path) as driven:
        await review(driven)
        assert "the block queue is empty; b on a client queues it." in driven.text
        await driven.press("o")
        await driven.shows("the queue is empty: type 'withdraw all'")
        await type_path(driven, path)
        await driven.says("type 'withdraw all', or Esc")
        driven.app.screen.query_one("#field-1", Input).value = "withdraw all"
        await driven.pilot.pause()
        await driven.press("enter")
        await driven.shows(f"wrote {path}")


async def test_what_the_guard_refuses_now_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    allowed = replace(fakes.BLOCKS[0], id="b9", net=f"{guards.ALLOWED}/32")
    async with driving(fakes.Scenario(blocks=(*fakes.BLOCKS, allowed)), (120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.shows(f"H8 {guards.ALLOWED}/32")
        await driven.press("o")
        await driven.shows("Write the")
        await type_path(driven, path)
        await driven.shows("not written:")
        assert not await asyncio.to_thread(path.exists)


async def test_what_the_last_hour_says_is_shown_and_a_list_that_cuts_too_many_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    shared = replace(fakes.IMPACT, users=7, agents=9)
    async with driving(fakes.Scenario(impact=shared), (120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.shows("7 users, 9 user agents")
        await driven.shows("S2 203.0.113.99/32 is shared: 7 users")
        assert "guard ok" in driven.text
        driven.scenario.impact = replace(shared, clients=90, without_alert=80, without_alert_ok=1750)
        await driven.press("t")
        await driven.says("H5 the list would cut 50 % of the last hour's answered requests")
        assert "guard ok" not in driven.text
        await driven.press("o")
        await driven.shows("Write the")
        await type_path(driven, path)
        await driven.shows("not written:")
        assert not await asyncio.to_thread(path.exists)


async def test_what_a_check_said_stays_while_the_last_hour_is_asked_for_again(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await review(driven)
        while "[plain]" not in driven.text:
            await driven.press("t")
        await driven.shows("2 user")
        await driven.press("y")
        await driven.shows("accepts it")
        driven.scenario.impact = replace(fakes.IMPACT, users=77)
        driven.clock.now += 61
        await driven.commit()
        await driven.shows("77 users")
        assert "accepts it" in driven.text


async def test_withdrawing_asks_and_q_means_no(tmp_path: Path) -> None:
    async with driving(size=(100, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.press("x")
        await driven.shows("Withdraw 1 from the queue?")
        await driven.press("q")
        assert driven.control.said == []
        await driven.press("M", "x")
        await driven.shows("Withdraw 2 from the queue?")
        await driven.press("y")
        await driven.shows("the block queue is empty")
        assert [words[:2] for words in driven.control.said] == [("unblock", "b0001"), ("unblock", "b0002")]


async def test_renewing_keeps_the_whole_network(tmp_path: Path) -> None:
    wide = replace(fakes.BLOCKS[0], net="203.0.113.0/24")
    async with driving(fakes.Scenario(blocks=(wide,)), (100, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.press("b")
        await driven.shows("Enter queue")
        await driven.press("'3h", "enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        assert driven.control.said[0][1] == "203.0.113.0/24"


async def test_tab_gives_the_keys_to_the_file(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        screen = await review(driven)
        await driven.press("tab", "j")
        assert screen.detail.has_focus
        assert screen.detail.top == 1
        await driven.press("tab")
        assert screen.table.has_focus
        await driven.press("d")
        assert "no longer holds this alert" in driven.text


APPLIES = (
    "import sys; print('2 added'); sys.stdout.flush(); print('kept' if sys.stdin.readline() == 'keep\\n' else 'no')"
)


async def test_applying_goes_through_the_command_of_the_settings_and_is_kept_by_hand(tmp_path: Path) -> None:
    block = Block(apply_command=(sys.executable, "-c", APPLIES))
    async with driving(size=(100, 40), block=block, db=tmp_path) as driven:
        await review(driven)
        await driven.press("A")
        await driven.shows("2 added")
        await driven.press("K")
        await driven.shows("kept")
        await driven.shows("done")
        await driven.press("escape")
        assert driven.app.screen is driven.dashboard


async def test_what_is_in_force_and_what_it_stopped_is_in_sight(tmp_path: Path) -> None:
    held = Application("b0001", "nftables", "gw1", 17, fakes.NOW - 60, fakes.NOW - 5, fakes.NOW + 3000, 1204)
    entries = (replace(fakes.BLOCKS[0], applications=(held,)), fakes.BLOCKS[1])
    async with driving(fakes.Scenario(blocks=entries), (120, 40), db=tmp_path) as driven:
        await review(driven)
        assert "in force" in driven.line("203.0.113.99/32")
        assert "1204" in driven.line("203.0.113.99/32")
        assert "nftables on gw1: until 2026-09-20 14:52:31Z, 1204 dropped; read 5s ago" in driven.text
        driven.scenario.unreadable = "nft: Operation not permitted"
        await driven.press("y")
        await driven.says("not compared: nft: Operation not permitted; 1 of 2 entries were in force when it was read")


async def test_what_an_apply_would_change_and_the_commands_stand_beside_the_queue(tmp_path: Path) -> None:
    held = ("203.0.113.99/32", "198.51.100.7/32")
    async with driving(fakes.Scenario(held=held), (120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.shows("nftables holds 2 networks: 1 to add, 1 to remove")
        assert " + 2001:db8:7:7::/64" in driven.text
        assert " - 198.51.100.7/32" in driven.text
        await driven.says("written by hand: 198.51.100.7/32; an apply takes them away")
        db = f"--db={tmp_path / 'state.db'}"
        text = driven.text.replace("\n        ", "")
        assert f"apply   apiwatch block apply --target=nftables {db}" in text
        assert f"undo    apiwatch block undo --last --target=nftables {db}" in text
        assert "panic   nft delete table inet apiwatch" in text
        driven.scenario.held = ("203.0.113.99/32", "2001:db8:7:7::/64")
        await driven.press("y")
        await driven.shows("nftables holds 2 networks: nothing to change")


async def test_a_queue_that_is_not_the_one_behind_the_list_is_told(tmp_path: Path) -> None:
    held = tuple(f"198.51.100.{number}/32" for number in range(40))
    async with driving(fakes.Scenario(held=held), (120, 40), db=tmp_path) as driven:
        await review(driven)
        await driven.says("H6 40 of the 40 networks that nftables holds would be unblocked")
        assert "and 32 more" in driven.text


async def test_the_target_is_read_again_after_an_apply(tmp_path: Path) -> None:
    block = Block(apply_command=(sys.executable, "-c", "print('done so')"))
    async with driving(size=(120, 40), block=block, db=tmp_path) as driven:
        await review(driven)
        await driven.shows("nftables holds 0 networks: 2 to add")
        await driven.press("A")
        await driven.shows("done so")
        driven.scenario.held = ("203.0.113.99/32", "2001:db8:7:7::/64")
        await driven.press("escape")
        await driven.shows("nftables holds 2 networks: nothing to change")


async def test_on_a_small_screen_tab_goes_through_the_file_to_the_next_view(tmp_path: Path) -> None:
    async with driving(size=(80, 24), db=tmp_path) as driven:
        screen = await review(driven)
        await driven.press("tab", "j")
        assert screen.detail.has_focus
        assert screen.detail.top == 1
        await driven.press("shift+tab")
        assert screen.table.has_focus
        await driven.press("tab", "tab")
        assert "> sources" in driven.text
        assert screen.table.has_focus


async def test_the_queue_is_shown_whichever_list_of_the_view_was_left(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        for keys in (("7", "v", "B"), ("7", "v", "7"), ("7", "v", "1", "B")):
            await driven.press(*keys)
            await driven.shows("guard ok")
            assert "> blocks" in driven.text, keys


async def test_the_export_can_be_asked_for_from_every_view(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("1", "colon", *"export ipset", "enter")
        await driven.shows("[ipset]")
        assert "> blocks" in driven.text


async def test_help_tells_the_codes_of_the_guard_where_they_are_seen(tmp_path: Path) -> None:
    async with driving(size=(120, 60), db=tmp_path) as driven:
        await driven.press("question_mark")
        assert "codes of the guard" not in driven.text
        await driven.press("escape")
        await review(driven)
        await driven.press("question_mark")
        await driven.press("G")
        await driven.shows("codes of the guard: H refuses, S warns")
        assert "H4b" in driven.text


async def test_what_was_withdrawn_stays_in_sight_while_a_firewall_holds_it(tmp_path: Path) -> None:
    held = Application("b0001", "nftables", "gw1", 17, fakes.NOW - 60, fakes.NOW - 5, fakes.NOW + 3000, 1204)
    gone = replace(fakes.BLOCKS[0], state="withdrawn", applications=(held,))
    async with driving(fakes.Scenario(blocks=(gone, fakes.BLOCKS[1])), (120, 40), db=tmp_path) as driven:
        await review(driven)
        assert "withdrawn" in driven.line("203.0.113.99/32")
        assert "nftables" in driven.line("203.0.113.99/32")
