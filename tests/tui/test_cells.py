"""Numbers in narrow columns never grow wider than their column, and never say something else than the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.model import SEVERITIES
from apiwatch.tui import cells


@given(st.floats(min_value=0, max_value=1e24))
def test_amounts_fit_five_cells(number: float) -> None:
    assert len(cells.amount(number)) <= 5


@given(st.integers(min_value=-5, max_value=10**18))
def test_counts_fit_five_cells_and_are_exact_below_ten_thousand(number: int) -> None:
    assert len(cells.count(number)) <= 5
    if 0 <= number < 10_000:
        assert cells.count(number) == str(number)


@given(st.floats(min_value=0, max_value=1e12))
def test_rates_fit_five_cells_and_hide_nothing(per_second: float) -> None:
    assert len(cells.rate(per_second)) <= 5
    assert (cells.rate(per_second) == "0") == (per_second == 0)


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_shares_round_neither_to_nothing_nor_to_all(part: float, whole: float) -> None:
    text, precise = cells.percent(part, whole), cells.share(part, whole)
    assert len(text) <= 4
    assert len(precise) == 5
    if 0 < part < whole and part / whole > 1e-12:
        assert text != "0%"
    if whole > 0 and part / whole < 0.9999:
        assert text != "100%"


@given(st.floats(min_value=-1e9, max_value=1e12))
def test_ages_fit_four_cells(elapsed: float) -> None:
    assert len(cells.age(elapsed)) <= 4
    assert len(cells.seconds(elapsed)) <= 4


def test_the_future_counts_as_now() -> None:
    assert cells.age(-3) == "0s"
    assert cells.span(-3) == "0s"


@pytest.mark.parametrize(("time", "wanted"), [(0.0, "-"), (1_789_912_951.0, "14:02:31Z"), (1e18, "23:59:59Z")])
def test_times_are_utc_and_say_never_for_zero(time: float, wanted: str) -> None:
    assert cells.clock(time) == wanted


def test_severities_are_words_of_at_most_seven_cells() -> None:
    words = [cells.severity_word(name) for name in SEVERITIES]
    assert words == ["INFO", "LOW", "MED", "HIGH !", "CRIT !!"]
    assert [cells.rank(name) for name in SEVERITIES] == [0, 1, 2, 3, 4]
    assert cells.severity_word("") == "-"
    assert cells.rank("unheard of") == -1
