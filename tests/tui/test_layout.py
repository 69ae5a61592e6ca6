"""Room goes to the rows of a list first: more of a terminal never shows fewer of them."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.store.views import ActionView
from tests.tui import fakes
from tests.tui.pilot import Driven, driving

WIDTHS = (60, 119, 120, 159, 160, 200)
HEIGHTS = (15, 20, 29, 30, 38, 44, 45, 60)
SEVEN = tuple(replace(view, alert=replace(view.alert, id=f"{n:016x}")) for n, view in enumerate(fakes.ALERTS * 2))[:7]

ACTIONS = tuple(ActionView(str(n), fakes.NOW - n, "jane", "block", f"203.0.113.{n}/32", None, "") for n in range(9))


def rows(driven: Driven) -> int:
    """How many rows of the list in sight stand on the screen."""
    strips = driven.text.splitlines()[driven.table.region.y : driven.table.region.bottom]
    return sum(bool(strip[2 : driven.table.size.width].strip()) for strip in strips[2:])


@pytest.mark.parametrize(
    ("keys", "most"),
    [(("1",), 7), (("2",), 42), (("8",), 2), (("7", "V"), 9)],
    ids=["alerts", "clients", "few", "acts"],
)
async def test_a_larger_terminal_shows_no_fewer_rows(keys: tuple[str, ...], most: int, tmp_path: Path) -> None:
    scenario = fakes.Scenario(alerts=SEVEN, actions=ACTIONS)
    shown: dict[tuple[int, int], int] = {}
    async with driving(scenario, (60, 15), db=tmp_path) as driven:
        await driven.press(*keys)
        for width in WIDTHS:
            for height in HEIGHTS:
                await driven.pilot.resize_terminal(width, height)
                await driven.pilot.pause()
                shown[width, height] = rows(driven)
    for (width, height), number in shown.items():
        smaller = max(shown[w, h] for w in WIDTHS for h in HEIGHTS if w <= width and h <= height)
        assert number == smaller, f"{width}x{height}"
    assert shown[200, 60] == most


async def test_a_short_list_stands_whole_on_the_smallest_wide_screen(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(alerts=SEVEN), (160, 45), db=tmp_path) as driven:
        await driven.shows("newest requests of this row")
        await driven.shows("alert feed, 7 open")
        assert rows(driven) == 7
