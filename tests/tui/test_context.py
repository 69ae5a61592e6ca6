"""Scopes, views inside them, the command line, time travel, and what can be taken away."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.model import Severity
from apiwatch.store.views import ActionView
from apiwatch.tui.palette import Palette
from tests.tui import fakes
from tests.tui.pilot import driving


async def test_digits_look_inside_of_a_client_and_esc_comes_back_to_the_row(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "j", "enter")
        assert "[0 Client]" in driven.text
        for key, crumb in (("3", "routes"), ("6", "live"), ("1", "alerts")):
            await driven.press(key)
            assert f"clients > {fakes.STUFFER} > {crumb}" in driven.line("gw1 >")
        await driven.press("q")
        assert driven.app.screen is driven.dashboard
        assert driven.list.cursor_key == fakes.STUFFER


async def test_a_route_and_a_campaign_have_pages_of_their_own(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("3", "enter")
        assert "[0 Route]" in driven.text
        assert "api.example.com; template learned" in driven.text
        await driven.press("escape", "1", "j", "enter")
        assert "[0 Alert]" in driven.text
        assert "what they share" in driven.text


async def test_lists_inside_an_alert_without_known_members_say_so(tmp_path: Path) -> None:
    named = fakes.alert("", "auth.failures", Severity.MEDIUM, 50, "many clients at once", key="b1")
    nameless = replace(named, alert=replace(named.alert, clients=(), clients_total=0))
    scenario = fakes.Scenario(alerts=(nameless,), clients=(), enumeration=(), auth=(), lines=())
    async with driving(scenario, db=tmp_path) as driven:
        await driven.press("e")
        for key in "246":
            await driven.press(key)
            await driven.says("the members of this alert are not known yet")
            assert "no client sent a request" not in driven.text
        await driven.press("7", "V")
        assert "not known yet" not in driven.text
        await driven.press("escape", "escape", "2")
        await driven.says("no client sent a request in the last 5m")
        assert "not known yet" not in driven.text


async def test_e_walks_the_alerts_from_anywhere(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("8", "e")
        await driven.shows("why: a1b2c3d4e5f60001")
        await driven.press("e")
        await driven.shows("203.0.113.64")
        await driven.press("E")
        await driven.shows("why: a1b2c3d4e5f60001")
        await driven.press("escape")
        assert driven.app.screen is driven.dashboard


async def test_commands_go_act_and_explain_themselves(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("colon", "'window 15m", "enter")
        assert driven.app.session.window_minutes == 15
        await driven.press("colon", "'routes", "enter")
        assert "[3 Routes]" in driven.text
        await driven.press("colon", "'mute 203.0.113.7 2h noisy", "enter")
        await driven.until(lambda: bool(driven.control.said), "the mute")
        assert driven.control.said[0] == ("mute", "a1b2c3d4e5f60001", "oncall@gw1", "noisy")
        await driven.press("colon", "'blokc 203.0.113.7", "enter")
        assert "block" in driven.line(":blokc") or "did you mean" in driven.text
        assert driven.dashboard.prompt.value == "blokc 203.0.113.7"
        await driven.press("escape", "colon", "'client 198.51.100.23", "enter")
        assert f"> {fakes.SLOW}" in driven.line("gw1 >")


async def test_the_palette_offers_what_is_possible(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("ctrl+p")
        assert type(driven.app.screen) is Palette
        await driven.press("escape")
        assert driven.app.screen_stack[-1] is driven.dashboard


async def test_a_filter_asks_the_store_and_says_what_it_does_not_understand(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("slash", "'sev>=high route:/login", "enter")
        assert [row.key[-1] for row in driven.list.rows] == ["2", "3"]
        await driven.press("slash", "ctrl+u", "'seb:high", "enter")
        assert "sev" in driven.text.splitlines()[-2] + driven.text.splitlines()[-3]
        assert driven.dashboard.prompt.display
        await driven.press("escape")
        assert len(driven.list.rows) == 5


async def test_time_goes_back_by_windows_and_esc_comes_back(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("left_square_bracket")
        assert "PAST 13:52-13:57" in driven.text.splitlines()[0]
        await driven.press("left_square_bracket", "right_square_bracket")
        assert "PAST 13:52-13:57" in driven.text.splitlines()[0]
        await driven.press("escape")
        assert "PAST " not in driven.text.splitlines()[0]


async def test_lists_without_a_past_say_that_they_are_of_now(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        for keys in (("1", "v"), ("4",), ("5",), ("6",)):
            await driven.press(*keys)
            assert "of now, not of then" not in driven.text
        await driven.press("left_square_bracket")
        for keys in (("1", "v"), ("4",), ("5",), ("6",)):
            await driven.press(*keys)
            assert "of now, not of then" in driven.text
        await driven.press("3")
        assert "REQS and LAST as of now" in driven.text
        await driven.press("0")
        assert "told as of now" in driven.text


async def test_a_step_back_and_one_forward_lead_to_now(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("left_square_bracket")
        health = driven.scenario.health
        assert health is not None
        later = health.watermark + 20
        driven.clock.now += 20
        driven.scenario.health = replace(health, watermark=later, heartbeat=driven.clock.now)
        await driven.commit()
        assert "PAST 13:52-13:57" in driven.text.splitlines()[0]
        await driven.press("right_square_bracket")
        assert "PAST " not in driven.text.splitlines()[0]


async def test_x_offers_less_noise_for_all_that_is_marked(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("space", "space", "x")
        assert "2 marked rows" in driven.text
        await driven.press("1")
        await driven.shows("Mute 2 alerts")
        await driven.press("enter")
        await driven.until(lambda: len(driven.control.said) == 2, "both mutes")
        assert {words[0] for words in driven.control.said} == {"mute"}
        await driven.press("x", "2")
        await driven.shows("for how long (2h 30d, or ever)")


def there(directory: Path, pattern: str) -> bool:
    """Whether there is such a file."""
    return bool(list(directory.glob(pattern)))


def written(directory: Path, *patterns: str) -> list[str]:
    """The texts of the only file of each pattern."""
    return [path.read_text() for pattern in patterns for path in directory.glob(pattern)]


async def test_what_is_seen_can_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with driving(db=tmp_path) as driven:
        for choice, pattern in (("1", "*.csv"), ("2", "*.jsonl"), ("3", "*.txt"), ("4", "*.svg"), ("5", "*.md")):
            await driven.press("ctrl+s", choice)
            await driven.until(partial(there, tmp_path, pattern), pattern)
        rows, text, report = await asyncio.to_thread(written, tmp_path, "*.jsonl", "*.txt", "*.md")
        assert fakes.WALKER in str(json.loads(rows.splitlines()[0]))
        assert "walks object ids on GET /api/orders/{id}: 9811 of 9812 steps adjacent" in text
        assert fakes.WALKER in report
        await driven.until(lambda: len(driven.app.farewell) == 5, "the farewell")


async def test_who_saves_the_first_rows_of_more_is_told_how_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "ctrl+s", "1")
        await driven.until(lambda: bool(driven.app.farewell), "the farewell")
        await driven.press("space", "ctrl+s", "2")
        await driven.until(lambda: len(driven.app.farewell) == 2, "the farewell")
    of_all, marked = driven.app.farewell
    assert f"({len(fakes.CLIENTS)} of 2914 rows, " in of_all, "as its title says"
    assert "rows, " not in marked


async def test_pictures_of_a_selection(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("i")
        assert "statuses of the newest" in driven.text
        await driven.press("escape")
        assert driven.app.screen is driven.dashboard


async def test_another_dashboard_is_heard(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.scenario.actions = (
            ActionView("a9", fakes.NOW, "bob@gw1", "acknowledge", "a1b2c3d4e5f60001", None, "looking"),
        )
        await driven.commit()
        await driven.shows("bob@gw1 acked a1b2c3d4 'looking'")


async def test_the_allow_list_can_be_looked_at_and_shortened(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("7", "v", "v")
        assert "allow-list" in driven.text
        await driven.press("v")
        assert "what operators did" in driven.text


async def test_enter_that_is_typed_ahead_of_a_list_opens_its_row(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.pilot.press("2", "enter")
        await driven.shows(f"clients > {fakes.WALKER}")


async def test_x_names_a_route_as_it_is_written(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("3", "x")
        await driven.shows("mute the alert for a while")
        assert "\\x1f" not in driven.text


@pytest.mark.parametrize(
    ("word", "shown", "opened"),
    [
        ("net", "203.0.113.0/24", "gw1 > networks > 203.0.113.0/24"),
        ("agent", "python-requests/2.31", "python-requests/2.31"),
        ("user", "alice", "alice"),
    ],
)
async def test_clients_are_put_together_and_a_group_opens(word: str, shown: str, opened: str, tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press(":", f"'group {word}", "enter")
        await driven.shows(shown)
        assert " 42 " in driven.line(shown)
        await driven.press("enter")
        await driven.until(lambda: opened in driven.line("gw1 >"), "the group's page")
        await driven.press("escape")
        await driven.shows("by requests")
        await driven.press(":", "'group none", "enter")
        await driven.shows("by score")


async def test_v_steps_through_the_groups_and_b_blocks_a_network(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "v")
        await driven.shows("2001:db8:9:1::/64")
        await driven.press("b")
        await driven.says("for blocking; nothing is applied yet")
        assert "203.0.113.0/24" in driven.text
        await driven.press("escape", "/", "'reqs>1000", "enter")
        await driven.until(lambda: "2001:db8:9:1::/64" not in driven.text, "one network")
        await driven.press("v", "v", "v")
        await driven.shows("by score")


@pytest.mark.parametrize("key", ["1", "2", "4", "8"])
async def test_the_smallest_terminal_has_every_digit_and_a_row_of_every_list(key: str, tmp_path: Path) -> None:
    async with driving(size=(60, 15), db=tmp_path) as driven:
        await driven.press(key)
        await driven.until(lambda: f"[{key} " in driven.text and "> " in driven.text, "a view with a row")
        digits = next(row for row in driven.text.splitlines() if f"[{key} " in row)
        assert all(digit in digits for digit in "012345678")


async def test_the_palette_finds_what_other_lists_hold(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        for letters, found in (("login", "route POST /login"), ("alice", "user alice"), ("Firefox", "agent Mozilla")):
            assert found not in driven.text
            await driven.press("ctrl+p", f"'{letters}")
            await driven.shows(found)
            await driven.press("escape")
