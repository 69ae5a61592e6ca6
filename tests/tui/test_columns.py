"""Columns follow the width of the pane by fixed steps, never the data."""

from itertools import pairwise

import pytest
from rich.cells import cell_len

from apiwatch.tui.columns import Column, choose, heads, place
from apiwatch.tui.line import Piece, line_text, line_width
from apiwatch.tui.views import VIEWS, Panel

ALL = [panel for view in VIEWS for panel in view.panels]


@pytest.mark.parametrize("panel", ALL, ids=lambda panel: panel.name)
@pytest.mark.parametrize("pane", [46, 60, 71, 78, 80, 100, 120, 160, 200])
def test_columns_fill_the_pane_exactly(panel: Panel, pane: int) -> None:
    chosen = choose(panel.columns, pane)
    cells = tuple(Piece("x" * 90) for _ in panel.columns)
    assert line_width(place(panel.columns, chosen, cells)) + 2 <= pane
    assert line_width(heads(panel.columns, chosen)) <= pane
    if chosen[-1][0] == len(panel.columns) - 1:
        assert line_width(place(panel.columns, chosen, cells)) + 2 == pane


@pytest.mark.parametrize("panel", ALL, ids=lambda panel: panel.name)
def test_a_wider_pane_never_shows_fewer_columns_but_for_the_last_which_takes_the_rest(panel: Panel) -> None:
    last = len(panel.columns) - 1
    shown = [{index for index, _width in choose(panel.columns, pane)} - {last} for pane in range(40, 161)]
    steps = [(40 + step, before - after) for step, (before, after) in enumerate(pairwise(shown))]
    widening = (69, 117)  # after these the columns that stay are wider themselves
    assert [(pane, lost) for pane, lost in steps if lost and pane not in widening] == []


@pytest.mark.parametrize("panel", [view.panels[0] for view in (*VIEWS[:2], VIEWS[3])], ids=lambda panel: panel.name)
@pytest.mark.parametrize("pane", [44, 80, 120])
def test_whom_it_is_about_and_how_bad_is_always_shown(panel: Panel, pane: int) -> None:
    titles = [panel.columns[index].title for index, _width in choose(panel.columns, pane)]
    assert titles[0] in ("SEV", "TEST")
    assert "CLIENT" in titles


@pytest.mark.parametrize("panel", ALL, ids=lambda panel: panel.name)
def test_titles_fit_their_columns_and_are_explained(panel: Panel) -> None:
    for column in panel.columns[:-1]:
        assert cell_len(column.title) <= column.width
    assert all(column.about for column in panel.columns)


def test_dropping_begins_with_the_highest_number() -> None:
    columns = (Column("A", "a", 4), Column("B", "b", 4, drop=2), Column("C", "c", 4, drop=1), Column("D", "d", 8))
    assert [index for index, _width in choose(columns, 25)] == [0, 1, 2, 3]
    assert [index for index, _width in choose(columns, 22)] == [0, 2, 3]
    assert [index for index, _width in choose(columns, 17)] == [0, 3]


def test_long_cells_are_cut_at_their_end_or_in_the_middle() -> None:
    columns = (Column("NET", "net", 12, middle=True), Column("WHY", "why", 8))
    cells = (Piece("2001:db8:1:2::/64", "strong"), Piece("walks object ids"))
    assert line_text(place(columns, choose(columns, 24), cells)) == "2001:d~::/64 walks ob~"


def test_cells_hold_nothing_that_a_terminal_obeys() -> None:
    columns = (Column("A", "a", 12), Column("B", "b", 12))
    drawn = line_text(place(columns, choose(columns, 27), (Piece("\x1b[2Jx"), Piece("\u202eevil"))))
    assert drawn == "\\x1b[2Jx     \\u202eevil  "
    assert drawn.isprintable()
