"""Pictures keep to their cells, start at 0, show everything above 0, and mean the same without colours."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.model import SEVERITIES
from apiwatch.store.views import MinuteView, Mix
from apiwatch.tui.glyphs import ASCII, UNICODE, Glyphs
from apiwatch.tui.line import Line, line_text, line_width
from apiwatch.tui.pictures import (
    Bar,
    Mark,
    Point,
    bar,
    bars,
    block_chart,
    gap_histogram,
    heat,
    id_histogram,
    outcome_bars,
    per_minute,
    regularity,
    scatter,
    spark,
    timeline,
    timeline_title,
)
from tests.tui import fakes
from tests.tui.test_golden import compare

LAST = int(fakes.NOW // 60)
BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
NUMBERS = st.integers(min_value=0, max_value=10**9)
WIDTHS = st.one_of(st.integers(min_value=1, max_value=99), st.integers(min_value=100, max_value=200))
MIXES = st.builds(lambda ok, miss, deny: Mix(requests=ok + miss + deny, ok=ok, miss=miss, deny=deny), *[NUMBERS] * 3)
MINUTES = st.dictionaries(st.integers(min_value=LAST - 200, max_value=LAST), MIXES, max_size=40).map(
    lambda found: tuple(MinuteView(minute, found[minute]) for minute in sorted(found))
)
MARKS = st.lists(
    st.builds(Mark, st.integers(LAST - 250, LAST + 9).map(lambda minute: minute * 60.0), st.sampled_from(SEVERITIES)),
    max_size=8,
)
POINTS = st.lists(
    st.builds(
        Point,
        st.floats(min_value=0, max_value=2e9),
        st.one_of(st.integers(min_value=0, max_value=99), st.integers(min_value=-(2**70), max_value=2**70)),
        st.booleans(),
    ),
    max_size=60,
)


def text_of(drawn: list[Line]) -> str:
    return "\n".join(line_text(row).rstrip() for row in drawn)


def keeps_to_its_cells(drawn: list[Line], width: int, height: int, glyphs: Glyphs) -> None:
    assert len(drawn) == height
    assert [line_text(row) for row in drawn if line_width(row) > width] == []
    assert not glyphs.plain or all(line_text(row).isascii() for row in drawn)
    assert "\x1b" not in text_of(drawn)


@BOTH
@settings(max_examples=25, deadline=None)
@given(
    minutes=MINUTES, marks=MARKS, points=POINTS, others=POINTS, usual=NUMBERS, width=WIDTHS, height=st.integers(1, 18)
)
def test_pictures_keep_to_their_cells(
    glyphs: Glyphs,
    minutes: tuple[MinuteView, ...],
    marks: list[Mark],
    points: list[Point],
    others: list[Point],
    usual: int,
    width: int,
    height: int,
) -> None:
    mixes = [minute.mix for minute in minutes]
    gaps = [point.time for point in points]
    ids = [point.number for point in points]
    severities = {int(mark.time // 60): mark.severity for mark in marks}
    known = [replace(view, severity=severities.get(view.minute, "")) for view in minutes]
    items = [*gap_histogram(gaps, height), *id_histogram(ids, height), *outcome_bars(mixes[0] if mixes else Mix())]
    pictures: tuple[list[Line], ...] = (
        timeline(minutes, width, height, glyphs, marks=marks, usual=usual),
        scatter(points, width, height, glyphs, others=others),
        heat(known, width, height, glyphs),
        bars(items, width, height, glyphs),
        block_chart([mix.requests for mix in mixes], width, height, glyphs),
    )
    for drawn in pictures:
        keeps_to_its_cells(drawn, width, height, glyphs)
    keeps_to_its_cells([regularity(gaps, width, glyphs)], width, 1, glyphs)
    assert len(spark([mix.requests for mix in mixes], width, glyphs)) == width
    assert sum(item.number for item in gap_histogram(gaps, height)) == len(gaps)
    assert sum(item.number for item in id_histogram(ids, height)) == len(ids)


def test_absent_minutes_are_zero() -> None:
    minutes = [MinuteView(100, fakes.mix(5, 1, 0)), MinuteView(103, fakes.mix(7, 1, 0))]
    assert per_minute(minutes, 6) == [0, 0, 5, 0, 0, 7]
    assert per_minute([], 6) == []


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


def test_sparks_compare_on_a_common_scale() -> None:
    assert spark([50, 100], 2, ASCII) == "=#"
    assert spark([50, 100], 2, ASCII, peak=200) == ":="
    assert spark([500], 1, ASCII, peak=100) == "#"


def test_bars_are_proportional_and_show_the_least_share() -> None:
    assert bar(50, 100, 10, ASCII) == "#####"
    assert bar(1, 10**6, 10, ASCII) == "#"
    assert bar(0, 10, 10, ASCII) == bar(1, 0, 10, ASCII) == ""
    assert len(bar(200, 100, 10, ASCII)) == 10


def day(minutes: int = 1440) -> list[MinuteView]:
    """A day of even traffic, the last 30 minutes of which are an attack."""
    return [
        MinuteView(LAST - ago, fakes.mix(640, 0.2, 0.7, 0.1) if ago < 30 else fakes.mix(90 + ago % 41, 0.97, 0.03))
        for ago in range(minutes - 1, -1, -1)
    ]


def walk(number: int = 200) -> list[Point]:
    return [Point(fakes.NOW - 300 + 1.5 * i, 1_039_105 + 43 * i, i % 7 < 2) for i in range(number)]


@pytest.mark.parametrize("width", range(20, 130))
def test_hours_are_written_whole_or_not_at_all(width: int) -> None:
    hours = line_text(heat(day(), width, 2, ASCII)[-1])[6:].split()
    assert hours[-1] == "now"
    assert all(re.fullmatch(r"\d\dh", label) for label in hours[:-1])


def gallery(width: int, glyphs: Glyphs) -> list[Line]:
    chance = random.Random(3)  # noqa: S311 - a picture, not a secret
    users = [Point(fakes.NOW - chance.random() * 300, chance.randint(1_030_000, 1_060_000), True) for _ in range(60)]
    marks = [Mark(fakes.NOW - 1740, "critical"), Mark(fakes.NOW - 600, "medium"), Mark(fakes.NOW - 20, "high")]
    severities = dict.fromkeys(range(LAST - 29, LAST + 1), "critical") | dict.fromkeys(
        range(LAST - 700, LAST - 640), "low"
    )
    alerted = [replace(view, severity=severities.get(view.minute, "")) for view in day()]
    beat = [fakes.NOW + 0.028 * i + 0.004 * chance.random() for i in range(100)]
    return [
        *timeline(day(), width, 12, glyphs, marks=marks, usual=110, most=60),
        *scatter([*walk(), Point(fakes.NOW - 150, 9_000_000, False)], width, 12, glyphs, others=users),
        *heat(alerted, width, 4, glyphs),
        *heat(alerted, width, 2, glyphs),
        *bars(outcome_bars(fakes.mix(11_502, 0.27, 0.68, 0.05)), width, 3, glyphs),
        *bars(outcome_bars(fakes.mix(11_502, 0.27, 0.68, 0.05)), width, 2, glyphs),
        *bars(gap_histogram([0.028] * 90 + [0.7, 3], 4), width, 4, glyphs),
        regularity(beat, width, glyphs),
    ]


@pytest.mark.parametrize(("width", "glyphs"), [(80, UNICODE), (80, ASCII), (120, UNICODE)], ids=["80", "ascii", "120"])
def test_pictures_look_as_reviewed(width: int, glyphs: Glyphs) -> None:
    compare(f"pictures-{'ascii-' if glyphs.plain else ''}{width}", text_of(gallery(width, glyphs)))


def test_a_timeline_marks_alerts_where_they_opened_and_says_how_bad_they_were() -> None:
    marks = [Mark(fakes.NOW - 1800, "medium"), Mark(fakes.NOW - 1800, "critical"), Mark(fakes.NOW - 9000, "high")]
    drawn = timeline(day(60), 70, 12, ASCII, marks=marks, most=60)
    (row,) = [line_text(line) for line in drawn if line_text(line).startswith("alert")]
    assert row[10:].index("!C") == 29
    assert row.count("!") == 1
    assert [piece.style for line in drawn for piece in line if "!" in piece.text] == ["critical"]


def test_a_timeline_with_axes_goes_from_zero_to_the_peak_in_utc() -> None:
    drawn = text_of(timeline(day(), 120, 12, UNICODE, most=60, end="")).splitlines()
    labels = [row.split("\u2524")[0].strip() for row in drawn if "\u2524" in row]
    assert (labels[0], labels[-1]) == ("640", "0")
    (axis,) = [row.split() for row in drawn if "13:03" in row]
    assert (axis[0], axis[-1]) == ("13:03", "14:02")
    assert timeline_title(day(), most=60, usual=110) == "requests per minute, 60 minutes to 14:02Z, peak 640, usual 110"


def test_a_walk_is_a_line_and_a_user_is_a_cloud() -> None:
    drawn = [line_text(row) for row in scatter(walk(), 60, 12, ASCII)][1:-1]
    starts = [min(row.index(sign) for sign in "o." if sign in row) for row in (row[9:] for row in drawn)]
    assert starts == sorted(starts, reverse=True)
    assert drawn[0].startswith("1047662 |")
    assert drawn[-1].startswith("1039105 |")


def test_a_far_id_does_not_flatten_the_walk() -> None:
    drawn = text_of(scatter([*walk(), Point(fakes.NOW - 100, 2**70, False)], 80, 12, ASCII))
    assert "^ 1 far up" in drawn
    assert str(2**70) not in drawn
    assert "1047662 |" in drawn


@pytest.mark.parametrize(
    "points", [[Point(9.0, 2**80, True)], [Point(9.0, 7, False)] * 9, []], ids=["one", "equal", "none"]
)
def test_few_ids_are_a_picture_too(points: list[Point]) -> None:
    drawn = text_of(scatter(points, 60, 7, ASCII))
    assert ("no ids are kept" in drawn) is (not points)
    assert (f"found {sum(point.found for point in points)}" in drawn) is bool(points)


def test_gaps_of_a_log_with_whole_seconds_claim_no_milliseconds() -> None:
    assert gap_histogram([0.0, 0.0, 1.0, 3.0], 12, whole=True)[0] == Bar("in the same second", 2)
    assert [bar.name for bar in gap_histogram([0.0, 0.0], 12, whole=True)] == ["in the same second"]
    assert "second" not in gap_histogram([0.5, 1.0], 12)[0].name
