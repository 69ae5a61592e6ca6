"""The Sources view: every number and every complaint about a source, and the lines that nothing understood."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.tui.glyphs import UNICODE
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.pages import source_page
from apiwatch.tui.rows import SourceRow
from apiwatch.tui.screens.context import ContextScreen
from apiwatch.tui.screens.sources import SourceScreen
from apiwatch.tui.unparsed import unparsed_lines
from tests.tui import fakes
from tests.tui.pilot import Driven, driving

MANY = fakes.Scenario(sources=tuple(fakes.source(f"/var/log/nginx/{number:04}.log") for number in range(2000)))


def shown(driven: Driven) -> ContextScreen:
    screen = driven.app.screen
    assert isinstance(screen, ContextScreen)
    return screen


async def test_8_shows_them_and_the_digits_lead_on(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("8")
        assert "[8 Src]" in driven.text
        assert driven.line("gw1 >").startswith("gw1 > sources   sort: trouble")
        for key, name in (("2", "clients"), ("4", "auth"), ("1", "alerts")):
            await driven.press("8", key)
            assert driven.list.panel.name == name
            assert driven.table.has_focus


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 15)])
async def test_all_numbers_of_a_source_are_in_sight(size: tuple[int, int], tmp_path: Path) -> None:
    odd = replace(
        fakes.source("/var/log/odd.log"),
        lines=1111, requests=2222, unparsed=3333, skipped=444, late=55, cut=66, dropped=77, backlog_bytes=8800,
        last_time=fakes.NOW - 130,
    )  # fmt: skip
    async with driving(fakes.Scenario(sources=(odd,)), size, db=tmp_path) as driven:
        await driven.press("8")
        if size == (60, 15):
            await driven.press("enter")
        wanted = (
            "/var/log/odd.log", "following", "file", "combined", "1111", "2222", "3333", "444", "late 55", "cut 66",
            "dropped 77", "lag 2m", "8.8kB unread", "2026-09-20 14:00:21Z",
        )  # fmt: skip
        seen = driven.text
        if size == (60, 15):
            await driven.press("pagedown")
            seen += driven.text
        for word in wanted:
            assert word in seen, word


async def test_the_head_of_the_dashboard_counts_sources_that_are_wrong(tmp_path: Path) -> None:
    async with driving(fakes.ailing(), size=(120, 40), db=tmp_path) as driven:
        assert "8 Sources(5!)" in driven.text
        driven.scenario.sources = (fakes.source(),)
        await driven.commit()
        assert "8 Sources(" not in driven.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_log_that_shows_the_proxy_is_told_on_every_screen_until_it_is_over(
    size: tuple[int, int], tmp_path: Path
) -> None:
    proxied = fakes.source(message=fakes.PROXY_HINT)
    async with driving(fakes.Scenario(sources=(proxied,)), size, db=tmp_path) as driven:
        sentence = (
            "the log shows the proxy instead of the clients; log X-Forwarded-For and give --trusted-proxy 10.0.0.5"
        )
        for keys in ((), ("enter",), ("escape", "8"), ("enter",)):
            await driven.press(*keys)
            await driven.says(f"{sentence} (sources.trusted_proxy)")
        driven.scenario.sources = (fakes.source(),)
        await driven.commit()
        assert "the log shows" not in driven.text


async def test_rows_are_held_by_key_sorted_and_filtered(tmp_path: Path) -> None:
    async with driving(fakes.ailing(), size=(120, 40), db=tmp_path) as driven:
        await driven.press("8", "j")
        screen = shown(driven)
        assert screen.row is not None
        assert screen.row.key == fakes.MISREAD
        driven.clock.now += 60
        driven.scenario.sources = tuple(
            replace(view, dropped=9, state="denied") if view.name == fakes.PROXIED else view
            for view in driven.scenario.sources
        )
        await driven.commit()
        assert driven.list.rows[0].key == fakes.PROXIED
        assert screen.row.key == fakes.MISREAD
        await driven.press("s", "j", "enter")
        assert "sort: name" in driven.text
        assert [row.key for row in driven.list.rows] == [view.name for view in driven.scenario.sources]
        await driven.press("slash", "'no permission", "enter")
        assert [row.key for row in driven.list.rows] == ["/var/log/secret.log"]
        await driven.press("escape")
        assert len(driven.list.rows) == 8


async def test_enter_shows_the_lines_that_match_no_format_of_this_source_only(tmp_path: Path) -> None:
    async with driving(fakes.ailing(), size=(120, 40), db=tmp_path) as driven:
        await driven.press("8", "j", "enter")
        assert isinstance(driven.app.screen, SourceScreen)
        assert "lines that match no format, the first 3 of 480" in driven.text
        rows = driven.text.splitlines()
        for number in (1, 2, 7):
            at = rows.index(f" line {number}: combined stopped at character 5")
            assert rows[at + 1] == f"   GET|/api/orders/{number}|200|17ms|[red]x[/red]"
            assert rows[at + 2] == "       ^"
        await driven.press("escape")
        assert shown(driven).row is not None


async def test_a_source_that_leaves_the_store_while_it_is_shown(tmp_path: Path) -> None:
    async with driving(fakes.ailing(), db=tmp_path) as driven:
        await driven.press("8", "enter")
        driven.scenario.sources = ()
        await driven.commit()
        assert "the state file no longer holds this source" in driven.text
        await driven.press("escape")
        assert "no source is watched" in driven.text


async def test_thousands_of_sources_scroll_and_keep_room_for_the_detail(tmp_path: Path) -> None:
    async with driving(MANY, db=tmp_path) as driven:
        await driven.press("8", "G")
        screen = shown(driven)
        assert screen.row is not None
        assert screen.row.key == "/var/log/nginx/1999.log"
        assert screen.table.size.height >= 8
        assert screen.detail.size.height >= 7
        assert "── /var/log/nginx/1999.log" in driven.text


async def test_copy_and_help(tmp_path: Path) -> None:
    async with driving(size=(100, 60), db=tmp_path) as driven:
        await driven.press("8", "c")
        assert "copied 25 bytes" in driven.text
        await driven.press("question_mark")
        for wanted in ("everything about this row", " UNP ", "summary, and the views"):
            assert wanted in driven.text
        for unwanted in ("mark all", "queue this client", "acknowledge"):
            assert unwanted not in driven.text


@pytest.mark.parametrize("width", [60, 78, 118])
def test_details_and_page_fit(width: int) -> None:
    scenario = fakes.ailing()
    for view in scenario.sources:
        row = SourceRow(view, scenario.health, fakes.NOW)
        assert len(row.cells()) == len(row.columns)
        assert view.name in line_text(row.headline())
        assert line_text(row.summary())
        assert all(line_width(drawn) <= width for drawn in row.details(width))
        unparsed = [one for one in scenario.unparsed if one.source == view.name]
        assert all(line_width(drawn) <= width for drawn in source_page(row, unparsed, width, UNICODE))


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("GET|/x", 3),
        ("a" * 500 + "|rest", 500),
        ("\u65e5\u672c" * 90 + "|rest", 180),
        ("", 0),
        ("whole", 5),
        ("x" * 2000, 0),
    ],
)
def test_the_caret_stands_below_the_place_where_matching_stopped(text: str, matched: int) -> None:
    view = replace(fakes.not_parsed().unparsed[0], text=text, matched=matched)
    sample, caret = unparsed_lines(view, 70)[-2:]
    assert line_width(sample) <= 70
    assert line_text(caret).strip() == "^"
    known = sample[:2]
    assert line_width(known) == line_text(caret).index("^")
