"""An empty list says what is going on and what to do."""

import pytest
from msgspec.structs import replace

from apiwatch.tui.empty import empty_list
from apiwatch.tui.line import Line, line_text, line_width
from apiwatch.tui.views import VIEWS
from tests.tui import fakes
from tests.tui.test_summary import ill, link

CALM = "no open alerts."
ALL = [panel.calm for view in VIEWS for panel in view.panels]


def said(lines: list[Line]) -> str:
    return " ".join(" ".join(line_text(row) for row in lines).split())


@pytest.mark.parametrize("calm", ALL)
def test_calm_lists_say_that_they_judged(calm: str) -> None:
    text = said(empty_list(link(fakes.calm()), calm, (), 76))
    assert "18.4M requests of 41.2k clients judged" in text
    assert calm.format(window="the last 5m") in text


def test_calm_alerts_name_the_last_one() -> None:
    assert "no open alerts. The last one: HIGH" in said(
        empty_list(link(fakes.calm()), CALM, (), 76, " The last one: HIGH")
    )


def test_first_run_names_the_sources_and_how_to_go_on() -> None:
    text = said(empty_list(link(fakes.nothing()), CALM, (), 76))
    assert "/var/log/nginx/access.log waiting: does not exist yet" in text
    assert "apiwatch FILE" in text
    assert "apiwatch demo" in text


def test_first_run_with_many_sources_counts_the_rest() -> None:
    many = replace(fakes.nothing(), sources=tuple(fakes.source(f"/log/{n}", "waiting") for n in range(9)))
    text = said(empty_list(link(many), CALM, (), 76))
    assert "/log/5" in text
    assert "and 3 more" in text


def test_unparsed_lines_are_shown_with_the_place_where_matching_stopped() -> None:
    scenario = fakes.not_parsed()
    drawn = empty_list(link(scenario), CALM, scenario.unparsed, 76)
    text = said(drawn)
    assert "none of 1200 lines could be parsed; --log-format tells the format" in text
    assert "combined stopped at character 5" in text
    sample = next(row for row in drawn if "GET|" in line_text(row))
    assert [(piece.text, piece.style) for piece in sample if piece.style] == [
        ("GET|", "good"),
        ("/api/orders/1|200|17ms", "bad"),
    ]


def test_the_place_where_matching_stopped_is_in_sight_in_a_long_line() -> None:
    scenario = fakes.not_parsed()
    view = replace(scenario.unparsed[0], text="a" * 300 + "|rest", matched=300)
    sample, caret = map(line_text, empty_list(link(scenario), CALM, (view,), 76)[-2:])
    assert "~aaa" in sample
    assert "a|rest" in sample[:76]
    assert caret.index("^") == sample.index("|rest")


def test_a_line_that_matched_nothing_says_so() -> None:
    scenario = fakes.not_parsed()
    view = replace(scenario.unparsed[0], matched=0, format="")
    assert "no format matched its start" in said(empty_list(link(scenario), CALM, (view,), 76))


def test_states_before_the_first_read() -> None:
    assert said(empty_list(link(overview=None), CALM, (), 76)) == "loading..."
    assert "heartbeat" in said(empty_list(link(fakes.Scenario(health=None)), CALM, (), 76))
    assert "killed" in said(empty_list(link(overview=None, ended="the collector was killed"), CALM, (), 76))
    nowhere = replace(fakes.nothing(), sources=())
    assert "no source is watched" in said(empty_list(link(nowhere), CALM, (), 76))


def test_states_while_reading() -> None:
    assert "reading history" in said(empty_list(ill(state="catching-up", backlog_bytes=62), CALM, (), 76))
    assert "silent for 14s" in said(empty_list(ill(heartbeat=fakes.NOW - 14), CALM, (), 76))


@pytest.mark.parametrize("width", [20, 38, 76, 118])
@pytest.mark.parametrize("calm", ALL)
def test_sentences_fit(calm: str, width: int) -> None:
    for scenario in (fakes.calm(), fakes.nothing()):
        assert all(line_width(row) <= width for row in empty_list(link(scenario), calm, (), width))
