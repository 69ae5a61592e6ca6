"""Lines are cut and padded in terminal cells, and what is drawn holds nothing that a terminal would obey."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from apiwatch.tui.line import (
    Line,
    Piece,
    beside,
    changed_span,
    cut_middle,
    fit,
    fit_line,
    line,
    line_text,
    line_width,
    merged,
    titled_rule,
    wrap,
)
from apiwatch.tui.measured import ascii_only, measured

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["漢字カナ", "e\u0301a\u0301", "🙂🙂🙂", "हिन्दी", "வணக்கம்"]
)
WIDTHS = st.integers(min_value=1, max_value=60)
PIECES = st.builds(Piece, st.text("abc xyz", max_size=12), st.sampled_from(["", "dim", "bad"]))


@given(TEXTS, WIDTHS, st.booleans())
def test_fit_gives_exactly_the_width(text: str, width: int, right: bool) -> None:
    fitted = fit(text, width, right=right)
    assert cell_len(fitted) == width
    assert fitted.isprintable()


@given(TEXTS, WIDTHS)
def test_cut_in_the_middle_is_never_wider(text: str, width: int) -> None:
    assert cell_len(cut_middle(text, width)) <= width


def test_cut_in_the_middle_keeps_both_ends_of_an_address() -> None:
    cut = cut_middle("2001:db8:1234:5678:9abc:def0:1234:5678", 20)
    assert cut.startswith("2001:db8")
    assert cut.endswith(":5678")
    assert "~" in cut


@given(st.lists(PIECES, max_size=6), WIDTHS)
def test_fit_line_gives_exactly_the_width_and_keeps_the_beginning(pieces: list[Piece], width: int) -> None:
    drawn: Line = tuple(pieces)
    fitted = fit_line(drawn, width)
    assert line_width(fitted) == width
    if line_width(drawn) <= width:
        assert line_text(fitted).rstrip() == line_text(drawn).rstrip()
    else:
        assert line_text(fitted)[:-1] == line_text(drawn)[: width - 1]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.integers(min_value=12, max_value=60))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    drawn = wrap(text, width, first="- ", rest="  ")
    assert all(line_width(row) <= width for row in drawn)
    assert line_text(drawn[0]).startswith("- ")


def test_wrap_keeps_all_words_in_order() -> None:
    words = "guesses object ids of one route and finds only a few of them"
    drawn = wrap(words, 20)
    assert " ".join(line_text(row).strip() for row in drawn) == words


def test_wrap_of_nothing_is_one_empty_line() -> None:
    assert [line_text(row) for row in wrap("", 20)] == [""]


@given(st.lists(PIECES, max_size=5), st.lists(PIECES, max_size=5))
def test_changed_span_covers_every_difference(before: list[Piece], after: list[Piece]) -> None:
    old, new = tuple(before), tuple(after)
    width = max(line_width(old), line_width(new))
    cells_of = [
        [(char, piece.style) for piece in drawn for char in piece.text] + [(" ", "")] * (width - line_width(drawn))
        for drawn in (old, new)
    ]
    differing = [index for index in range(width) if cells_of[0][index] != cells_of[1][index]]
    assert changed_span(old, new) == ((differing[0], differing[-1] + 1) if differing else None)


def test_changed_text_beyond_ascii_counts_from_the_start() -> None:
    assert changed_span(line("ab█"), line("ab█x")) == (0, 4)


@given(st.lists(PIECES, max_size=8))
def test_merged_lines_look_the_same_in_no_more_pieces(pieces: list[Piece]) -> None:
    drawn = merged(pieces)
    assert changed_span(drawn, tuple(pieces)) is None
    assert all(one.style != other.style for one, other in pairwise(drawn))
    assert len(drawn) <= len(pieces)


def test_beside_keeps_the_right_column_in_its_place() -> None:
    drawn = beside([line("one"), line("a much longer left line")], [line("R1")], 10, " | ")
    assert [line_text(row) for row in drawn] == ["one        | R1", "a much lo~ | "]


@given(TEXTS, st.integers(min_value=4, max_value=80), st.sampled_from(["", "lines 1-18 of 57"]))
def test_titled_rule_fills_its_width(title: str, width: int, note: str) -> None:
    drawn = titled_rule((Piece(fit(title, 10)),), width, "-", note)
    assert line_width(drawn) == width


def test_titled_rule_drops_the_note_before_the_title() -> None:
    title: Line = (Piece("203.0.113.7"),)
    assert line_text(titled_rule(title, 40, "-", "lines 1-2 of 3")) == "-- 203.0.113.7 ------- lines 1-2 of 3 --"
    assert line_text(titled_rule(title, 24, "-", "lines 1-2 of 3")) == "-- 203.0.113.7 ---------"
    assert line_text(titled_rule((), 5, "-")) == "-----"


def test_spacing_marks_are_spelled_out_in_every_script() -> None:
    marks = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) == "Mc"]
    assert len(marks) > 400
    assert all(measured(char).isascii() for char in marks)


@pytest.mark.parametrize("char", ["\u2630", "\u268f", "\u3248", "\u4dc0", "\U0001d300", "\U0001d376"])
def test_signs_of_which_terminals_count_one_cell_or_two_are_spelled_out(char: str) -> None:
    assert measured(char).isascii()


@pytest.mark.parametrize("text", ["漢字カナ", "한국어", "ภาษาไทย", "مرحبا", "שלום", "Привет", "Ü e\u0301", "🙂", "█▁░"])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert measured(text) == text


@given(TEXTS, WIDTHS)
def test_what_was_cut_or_padded_is_not_spelled_out_afterwards(text: str, width: int) -> None:
    for only in (False, True):
        before = ascii_only.set(only)
        for drawn in (fit(text, width), cut_middle(text, width), *map(line_text, wrap(text, 20)), line(text)[0].text):
            assert measured(drawn) == drawn
            assert drawn.isascii() or not only
        ascii_only.reset(before)


def test_a_number_stands_in_its_place_behind_a_name_in_ascii_mode() -> None:
    before = ascii_only.set(True)
    assert fit("é", 6) + "12" == "\\xe9  12"
    assert cut_middle("漢字カナ", 12) == "\\u6f22~u30ca"
    ascii_only.reset(before)
