"""Charts start at 0, show everything above 0, and keep to their cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.store.views import MinuteView
from apiwatch.tui.charts import bar, block_chart, per_minute, spark
from apiwatch.tui.glyphs import ASCII, UNICODE, Glyphs
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.plot import timeline_plot
from tests.tui import fakes

VALUES = st.lists(st.integers(min_value=0, max_value=10**9), max_size=130)
BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


def test_absent_minutes_are_zero() -> None:
    timeline = [MinuteView(100, fakes.mix(5, 1, 0)), MinuteView(103, fakes.mix(7, 1, 0))]
    assert per_minute(timeline, 6) == [0, 0, 5, 0, 0, 7]
    assert per_minute([], 6) == []


@BOTH
@given(values=VALUES, width=st.integers(min_value=1, max_value=90), height=st.integers(min_value=1, max_value=8))
def test_charts_keep_to_their_cells(glyphs: Glyphs, values: list[int], width: int, height: int) -> None:
    drawn = block_chart(values, width, height, glyphs)
    assert [line_width(row) for row in drawn] == [width] * height
    assert len(spark(values, width, glyphs)) == width
    if glyphs.plain:
        assert all(line_text(row).isascii() for row in drawn)


@BOTH
def test_one_request_among_a_million_is_visible(glyphs: Glyphs) -> None:
    values = [0, 1, 0, 1_000_000]
    text = line_text(block_chart(values, 4, 3, glyphs)[-1])
    assert text[0] == text[2] == " "
    assert text[1] != " "
    assert spark(values, 4, glyphs)[1] != " "


def test_a_folded_column_shows_its_peak() -> None:
    values = [0] * 100
    values[57] = 9
    assert spark(values, 10, ASCII) == "     #    "


def test_nothing_is_blank() -> None:
    assert spark([], 5, ASCII) == "     "
    assert [line_text(row) for row in block_chart([0, 0], 4, 2, ASCII)] == ["    ", "    "]


def test_bars_are_proportional_and_show_the_least_share() -> None:
    assert bar(50, 100, 10, ASCII) == "#####"
    assert bar(1, 10**6, 10, ASCII) == "#"
    assert bar(0, 10, 10, ASCII) == bar(1, 0, 10, ASCII) == ""
    assert len(bar(200, 100, 10, ASCII)) == 10


@given(st.lists(st.integers(min_value=0, max_value=10**7), min_size=1, max_size=120), st.integers(40, 198))
def test_plot_keeps_to_its_cells(values: list[int], width: int) -> None:
    first = int(fakes.NOW // 60)
    drawn = timeline_plot(range(first, first + len(values)), values, width, 11)
    assert 0 < len(drawn) <= 11
    assert all(len(row) <= width for row in drawn)
    assert not any("\x1b" in row for row in drawn)


def test_plot_has_axes_from_zero_to_the_peak_in_utc() -> None:
    first = int(fakes.NOW // 60) - 59
    drawn = timeline_plot(range(first, first + 60), [index % 20 for index in range(60)], 100, 11)
    labels = [row.split("┤")[0].strip() for row in drawn if "┤" in row]
    assert labels[0] == "19"
    assert labels[-1] == "0"
    assert drawn[-1].split()[0] == "13:03"
    assert drawn[-1].split()[-1] == "14:02"


def test_plot_without_room_or_values_is_nothing() -> None:
    assert timeline_plot([], [], 100, 11) == []
    assert timeline_plot([1], [1], 10, 11) == []
