"""The first screen: panels, cursor, order, filter, window, pause, states."""

import asyncio
import re
import socket
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace
from textual.screen import Screen

from apiwatch.model import Alert
from apiwatch.store.views import AlertView, Overview
from apiwatch.tui.app import EAGER_REFRESH_S, FIRST_S, TICK_S, ApiwatchApp
from apiwatch.tui.owner import SILENT_S
from tests.tui import fakes
from tests.tui.pilot import Driven, driving
from tests.tui.test_owner import ended_pid


async def test_digits_and_tab_switch_views_where_one_pane_is_shown(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        assert "[1 Alerts(5)]" in driven.text
        for key, active, row in (
            ("2", "[2 Clients]", "198.18.0.9"),
            ("3", "[3 Routes]", "GET /api/orders/{id}"),
            ("4", "[4 Auth]", "POST /login"),
            ("7", "[7 Block(2)]", "203.0.113.99/32"),
            ("8", "[8 Src]", "/var/log/nginx/api.log"),
            ("tab", "[0 All]", "requests"),
            ("tab", "[1 Alerts(5)]", "41 clients fail to log in"),
            ("shift+tab", "[0 All]", "requests"),
        ):
            await driven.press(key)
            assert active.replace("All", "Overview") in driven.text or active in driven.text
            assert row in driven.text


class SlowReader(fakes.FakeReader):
    """Needs longer for its answer than anybody waits for the first picture."""

    async def overview(self, window_minutes: int, now: float, at: float = 0.0) -> Overview:
        await asyncio.sleep(FIRST_S + 0.2)
        return await super().overview(window_minutes, now, at)


@pytest.mark.parametrize("reads", [fakes.FakeReader, SlowReader])
async def test_the_first_picture_waits_for_a_read_but_not_for_long(
    reads: type[fakes.FakeReader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ApiwatchApp.get_default_screen

    def noted(app: ApiwatchApp) -> Screen[None]:
        assert isinstance(app.session.reader, fakes.FakeReader)
        app.session.reader.calls.append("screen")
        return first(app)

    monkeypatch.setattr(ApiwatchApp, "get_default_screen", noted)
    async with driving(reads=reads, db=tmp_path) as driven:
        calls = driven.reader.calls
        assert (calls.index("alerts") < calls.index("screen")) is (reads is fakes.FakeReader)
        assert "203.0.113.64" in driven.text


async def test_first_alerts_of_a_collector_of_our_own_are_shown_at_once(tmp_path: Path) -> None:
    async with driving(fakes.nothing(), owns_collector=True, db=tmp_path) as driven:
        driven.scenario.alerts = fakes.ALERTS
        driven.scenario.health = fakes.health()
        driven.scenario.version += 1
        await driven.shows("203.0.113.64")
        driven.reader.calls.clear()
        await asyncio.sleep(3 * EAGER_REFRESH_S)
        assert driven.reader.calls == []


async def test_v_steps_through_the_lists_of_a_view(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("v")
        assert "suspicious enumeration, alert or not yet" in driven.text
        assert "198.18.0.77        miss" in driven.text
        await driven.press("v", "v")
        assert "open alerts" in driven.text


async def test_a_larger_terminal_shows_the_detail_of_the_row_and_z_hides_it(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        assert "WHY    walks object ids in order" in driven.text
        await driven.press("z")
        assert "WHY    " not in driven.text
        await driven.press("z", "tab", "z")
        assert "SEV     SCORE" not in driven.text
        assert "WHY    walks object ids in order" in driven.text
        await driven.press("z")
        assert "SEV     SCORE" in driven.text


async def test_resizing_rearranges_and_keeps_cursor_and_panel(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("2", "j", "j")
        key = driven.list.cursor_key
        for size, shown in (((80, 24), "198.18.0.9"), ((59, 14), "needs 60x15"), ((200, 60), "alert feed, 5 open")):
            await driven.pilot.resize_terminal(*size)
            await driven.pilot.pause()
            await driven.shows(shown)
        assert driven.list.cursor_key == key
        assert driven.list.panel.name == "clients"


async def test_calm_traffic_starts_on_clients_and_says_that_nothing_is_open(tmp_path: Path) -> None:
    closed = replace(fakes.ALERTS[2], state="closed", alert=_closed(fakes.ALERTS[2]))
    async with driving(replace(fakes.calm(), alerts=(closed,)), db=tmp_path) as driven:
        assert driven.list.panel.name == "clients"
        assert "198.18.0.1 " in driven.text
        await driven.press("1")
        text = " ".join(driven.text.split())
        assert "no open alerts." in text
        assert "The last one: HIGH ! auth.credential-stuffing 2001:db8:9:1::5" in text


def _closed(view: AlertView) -> Alert:
    return structs.replace(view.alert, closed=True)


async def test_an_alert_that_opens_is_shown_unless_somebody_chose_a_list(tmp_path: Path) -> None:
    for chosen, panel in ((False, "alerts"), (True, "clients")):
        async with driving(fakes.calm(), db=tmp_path) as driven:
            assert driven.list.panel.name == "clients"
            if chosen:
                await driven.press("2")
            driven.scenario.alerts = fakes.ALERTS
            await driven.commit()
            assert driven.list.panel.name == panel
            driven.scenario.alerts = ()
            driven.clock.now += 6
            await driven.commit()
            assert driven.list.panel.name == panel


async def test_the_cursor_follows_its_row(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "j", "j")
        assert driven.list.cursor_key == fakes.SLOW
        driven.clock.now += 6
        driven.scenario.clients = tuple(reversed(driven.scenario.clients[:5]))
        await driven.commit()
        assert driven.list.cursor_key == fakes.SLOW
        assert driven.line(fakes.SLOW).startswith(">")
        assert [row.key for row in driven.list.rows].index(fakes.SLOW) == 2
        driven.scenario.clients = driven.scenario.clients[:2]
        driven.clock.now += 6
        await driven.commit()
        assert driven.list.cursor_key in [row.key for row in driven.list.rows]


async def test_order_is_held_while_somebody_moves_and_then_let_go(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "j")
        before = [row.key for row in driven.list.rows]
        assert "order held" in driven.text
        driven.scenario.clients = tuple(reversed(driven.scenario.clients))
        await driven.commit()
        assert [row.key for row in driven.list.rows] == before
        driven.clock.now += 6
        await driven.commit()
        assert [row.key for row in driven.list.rows] == before[::-1]
        assert "order held" not in driven.text


async def test_marks_hold_the_order_and_survive_the_filter(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "space", "space")
        assert "2 marked" in driven.text
        assert driven.line(fakes.WALKER).startswith(" *")
        driven.clock.now += 60
        before = [row.key for row in driven.list.rows]
        driven.scenario.clients = tuple(reversed(driven.scenario.clients))
        await driven.commit()
        assert [row.key for row in driven.list.rows] == before
        await driven.press("slash", "'198.18", "enter")
        assert {row.key for row in driven.table.marked} == {fakes.WALKER, fakes.STUFFER}
        await driven.press("U")
        assert driven.table.marked == []
        assert "marked" not in driven.text
        await driven.press("M")
        assert len(driven.table.marked) == len(driven.list.rows) == 39


async def test_a_filter_that_is_not_understood_is_not_claimed_of_the_list(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("slash", "'sev>=hig")
        assert "filter not understood" in driven.text
        assert "filter: sev" not in driven.text
        await driven.press("'h score:9")
        assert "filter: sev>=high" in driven.text
        await driven.press("'x")
        assert "filter understood in part" in driven.text


async def test_filter_narrows_while_typing_and_esc_clears_it(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("slash", "'login")
        assert [row.key[-1] for row in driven.list.rows] == ["2", "3"]
        await driven.press("enter")
        assert "filter: login" in driven.text
        assert driven.table.has_focus
        await driven.press("2")
        assert "filter: login" not in driven.line("gw1 > clients")
        await driven.press("1", "escape")
        assert "filter" not in driven.line("gw1 > alerts")
        assert len(driven.list.rows) == 5
        await driven.press("slash", "'nowhere", "enter")
        assert "nothing matches the filter 'nowhere'; Esc clears it" in " ".join(driven.text.split())
        await driven.press("slash")
        assert driven.dashboard.prompt.value == "nowhere"
        await driven.press("escape")
        assert len(driven.list.rows) == 5


async def test_filter_that_finds_nothing_says_so(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "slash", "'zzz", "enter")
        assert "nothing matches the filter 'zzz'" in " ".join(driven.text.split())


async def test_sort_chooser_orders_now_even_while_the_order_is_held(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("j", "s")
        assert "open alerts by" in driven.text
        await driven.press("5")
        assert driven.list.panel.name == "alerts"
        assert [row.key[-1] for row in driven.list.rows] == ["2", "1", "3", "4", "5"]
        assert "by requests" in driven.text
        await driven.press("2", "j", "s", "down", "enter")
        await driven.until(lambda: "clients by requests" in driven.reader.calls, "a read in the new order")
        await driven.pilot.pause()
        assert [row.key for row in driven.list.rows][:2] == [fakes.WALKER, fakes.STUFFER]
        wanted = sorted(fakes.CLIENTS, key=lambda view: -view.window.requests)
        assert [row.key for row in driven.list.rows] == [view.client for view in wanted]
        await driven.press("s", "escape")
        assert driven.list.sort.name == "requests"


async def test_window_steps_and_stops_at_its_ends(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        assert driven.app.session.window_minutes == 5
        for key, label in (
            ("w", "1m"),
            ("w", "1m"),
            ("W", "5m"),
            ("W", "15m"),
            ("W", "1h"),
            ("W", "24h"),
            ("W", "24h"),
        ):
            await driven.press(key)
            await driven.shows(f"\n{label} ")
        assert driven.app.session.window_minutes == 1440


async def test_pause_holds_the_lists_while_the_head_moves(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("p")
        driven.clock.now += 12
        driven.scenario.alerts = ()
        driven.scenario.total = fakes.mix(18_400_902 + 14_000, 0.938, 0.03)
        await driven.commit()
        assert "PAUSED 00:12, 14.0k new" in driven.text
        assert "203.0.113.64" in driven.text
        await driven.press("p")
        await driven.shows("no open alerts.")
        assert "PAUSED" not in driven.text


async def test_the_detail_takes_the_rows_that_a_short_list_leaves(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        assert "WHY    walks object ids in order" in driven.text
        assert "adjacent steps: 9811 of 9812" in driven.text
        await driven.press("2")
        assert sum("198.18.0" in line for line in driven.text.splitlines()) == 10
        assert "1 open alert  11.5k requests in all  window: miss 68%  ok 27%  deny 5%" in driven.text


async def test_the_detail_follows_the_cursor(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("j")
        assert "── 203.0.113.64 +40  auth.credential-stuffing  from 13:57:02Z" in driven.text
        await driven.press("v", "j", "j")
        assert "── 198.18.0.77  enumeration.miss  from 13:52:31Z" in driven.text
        assert "4 of 6 new objects missing" in driven.text


async def test_the_widest_screen_has_chart_and_queue(tmp_path: Path) -> None:
    async with driving(size=(200, 60), db=tmp_path) as driven:
        assert "requests per minute, 60 minutes to 14:02Z, peak 632" in driven.text
        assert "block queue, 2" in driven.text
        assert "203.0.113.99/32" in driven.text


async def test_newest_requests_are_those_of_the_row_whatever_arrives(tmp_path: Path) -> None:
    def asked(driven: Driven) -> set[str]:
        """Clients of the requests beside the list."""
        x, y, width, height = driven.dashboard.lines.region
        drawn = "\n".join(row[x : x + width] for row in driven.text.splitlines()[y : y + height])
        assert "newest requests of this row" in drawn
        return set(re.findall(r"(?:203\.0\.113|198\.18\.0)\.\d+", drawn))

    async with driving(size=(200, 60), db=tmp_path) as driven:
        await driven.press("6")
        await driven.until(lambda: bool(asked(driven)), "the requests of the first row")
        for number in range(1, 4):
            newest = fakes.lines(f"198.18.0.{number}", 1)
            driven.scenario.lines = (newest[0]._replace(line=number), *driven.scenario.lines)
            await driven.commit()
            assert driven.list.cursor is not None
            assert driven.list.cursor.client == f"198.18.0.{number}"
            assert asked(driven) <= {f"198.18.0.{number}"}
            await driven.until(lambda: bool(asked(driven)), "the requests of the row")
            assert asked(driven) == {f"198.18.0.{number}"}


async def test_dead_collector_is_said_without_a_read(tmp_path: Path) -> None:
    ended: list[str] = []
    async with driving(ended=lambda: ended[0] if ended else None, db=tmp_path) as driven:
        ended.append("the collector was killed by signal 9")
        driven.reader.calls.clear()
        await driven.shows("STALE: the collector was killed by signal 9")
        assert "203.0.113.64" in driven.text
        assert driven.reader.calls == []


async def test_ages_move_on_when_nothing_more_comes(tmp_path: Path) -> None:
    ended = "the collector was killed by signal 9"
    async with driving(ended=lambda: ended, db=tmp_path) as driven:
        assert "last 1s ago" in driven.text
        driven.clock.now += 40
        driven.app.session.wake.set()
        await driven.shows("last 41s ago")
        driven.clock.now += 300
        await driven.press("8")
        await driven.shows("as they were 5m ago")


async def test_a_successor_of_the_dead_collector_is_believed(tmp_path: Path) -> None:
    async with driving(size=(160, 40), ended=lambda: "the collector was killed by signal 9", db=tmp_path) as driven:
        await driven.shows("STALE: the collector was killed by signal 9; start it again with: apiwatch collect --db")
        driven.clock.now += 5
        driven.scenario.health = fakes.health(heartbeat=driven.clock.now, started=driven.clock.now)
        await driven.commit()
        await driven.shows("LIVE")
        assert "STALE" not in driven.text


async def test_process_that_vanished_is_said_without_a_read(tmp_path: Path) -> None:
    pid = ended_pid()
    gone = fakes.health(pid=pid, owner=f"oncall@{socket.gethostname()}")
    async with driving(fakes.Scenario(health=gone), db=tmp_path) as driven:
        assert "LIVE" in driven.text
        driven.clock.now += SILENT_S
        await driven.shows(f"STALE: the collector (pid {pid}) has died")
        driven.scenario.health = replace(gone, heartbeat=driven.clock.now)
        await driven.commit()
        assert "STALE" in driven.text
        driven.scenario.health = fakes.health(heartbeat=driven.clock.now, started=driven.clock.now)
        await driven.commit()
        await driven.shows("LIVE")


def test_looking_and_waiting_for_a_heartbeat_take_less_than_two_seconds() -> None:
    assert TICK_S + SILENT_S < 2.0


async def test_silent_collector_is_stale_and_comes_back(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.clock.now += 14
        await driven.shows("STALE 14s")
        await driven.shows("apiwatch collect")
        driven.scenario.health = fakes.health(heartbeat=driven.clock.now)
        await driven.commit()
        await driven.shows("LIVE")
        assert "STALE" not in driven.text


async def test_failing_reads_keep_the_picture_and_are_said_at_the_third(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.scenario.failure = OSError("disk on fire")
        for _ in range(2):
            await driven.fail()
            assert "STALE" not in driven.text
        await driven.fail()
        await driven.shows("STALE: cannot read the state file (OSError: disk on fire)")
        assert "203.0.113.64" in driven.text
        driven.scenario.failure = None
        driven.scenario.health = fakes.health(heartbeat=driven.clock.now)
        await driven.commit()
        await driven.shows("LIVE")
    assert "disk on fire" in (await asyncio.to_thread(log_text, tmp_path))


def log_text(directory: Path) -> str:
    return next(directory.glob("dashboard-*.log")).read_text()


async def test_first_run_says_what_is_watched(tmp_path: Path) -> None:
    async with driving(fakes.nothing(), (120, 40), db=tmp_path) as driven:
        assert "NO DATA" in driven.text
        assert driven.text.count("/var/log/nginx/access.log waiting: does not exist yet") == 1
        await driven.pilot.resize_terminal(80, 24)
        await driven.press("4")
        assert "/var/log/nginx/access.log waiting: does not exist yet" in driven.text


async def test_unparsed_lines_are_shown(tmp_path: Path) -> None:
    async with driving(fakes.not_parsed(), db=tmp_path) as driven:
        assert "UNPARSED 100%" in driven.text
        assert "combined stopped at character 5" in driven.text
        assert "GET|/api/orders/1|200|17ms" in driven.text


async def test_a_source_that_is_away_is_named(tmp_path: Path) -> None:
    gone = fakes.source("/var/log/nginx/api.log", "gone", "missing 3s, retrying")
    async with driving(fakes.Scenario(sources=(fakes.source(), gone)), db=tmp_path) as driven:
        assert "SRC 1/2" in driven.text
        assert "not read: /var/log/nginx/api.log is gone: missing 3s, retrying" in driven.text


async def test_head_can_be_hidden(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("ctrl+e")
        assert driven.text.startswith(" 0 All[1 Alerts(5)]")
        await driven.press("enter")
        assert driven.text.startswith("[0 Client]")
        await driven.press("ctrl+e")
        assert driven.text.startswith("apiwatch gw1 LIVE")
        await driven.press("escape")
        assert driven.text.startswith("apiwatch gw1 LIVE")


async def test_click_selects_and_double_click_opens(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.pilot.click("#list", offset=(20, 4))
        assert driven.list.cursor_key == "a1b2c3d4e5f60003"
        await driven.pilot.click("#list", offset=(20, 4), times=2)
        await driven.settled()
        assert f"gw1 > alerts > {fakes.STUFFER}" in driven.text


@pytest.mark.parametrize("panel", [0, 1])
async def test_paging_keys_move_and_stay_inside(panel: int, tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press(str(panel + 1))
        keys = [row.key for row in driven.list.rows]
        for key, index in (("G", -1), ("j", -1), ("g", 0), ("k", 0), ("end", -1), ("home", 0)):
            await driven.pilot.press(key)
            assert driven.list.cursor_key == keys[index]
        await driven.press("pagedown")
        assert driven.list.cursor_key == keys[min(len(keys) - 1, driven.table.size.height - 2)]
