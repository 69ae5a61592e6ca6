"""The row of the views: what gives way to what where it is narrow."""

import pytest

from apiwatch.model import Severity
from apiwatch.store.views import Overview
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.side import view_line
from apiwatch.tui.views import VIEWS
from tests.tui import fakes

FULL = {"alerts": "+", "block": "1", "sources": "5!"}


def overview(**found: int) -> Overview:
    alerts = tuple(
        fakes.alert("203.0.113.9", "recon", Severity[severity.upper()], 50, "walks", key=f"{severity}{number}")
        for severity, times in found.items()
        for number in range(times)
    )
    return fakes.overview(fakes.Scenario(alerts=alerts), 5)


def drawn(shown: Overview, width: int = 80, summary: str = "User", active: int | None = None, **counts: str) -> str:
    row = view_line(VIEWS, counts, active, shown, width, summary=summary)
    assert line_width(row) <= width
    return line_text(row)


@pytest.mark.parametrize("summary", ["Overview", "User", "Route", "Client"])
def test_labels_are_short_before_counts_go(summary: str) -> None:
    text = drawn(overview(critical=1, high=3, medium=1), summary=summary)
    assert text.endswith("8 Src 1C 3H 1M" if summary == "Client" else " 1C 3H 1M")
    assert "5 Inv 6" in text


def test_counts_of_all_severities_stand_close_where_there_is_little_room() -> None:
    shown = overview(critical=1, high=3, medium=3)
    assert drawn(shown, active=6, block="1").endswith("[7 Block(1)]8 Src  1C3H3M")


def test_a_plus_stands_for_severities_that_are_left_out() -> None:
    shown = overview(critical=1, high=3, medium=3)
    assert drawn(shown, summary="Overview", active=7, alerts="7", block="1").endswith("[8 Src]  1C+")
    assert drawn(shown, summary="Client", active=6, block="1").endswith("8 Src 1C3H+")


@pytest.mark.parametrize("width", [60, 70, 80, 90, 100, 109])
@pytest.mark.parametrize("active", [None, 0, 6, 7])
@pytest.mark.parametrize("counts", [{}, {"block": "1"}, FULL], ids=["none", "one", "full"])
def test_open_alerts_never_vanish_in_silence(width: int, active: int | None, counts: dict[str, str]) -> None:
    for summary in ("Overview", "User", "Route", "Client"):
        text = drawn(overview(critical=2, high=12, medium=9, low=1), width, summary, active, **counts)
        mix = text.rpartition("8")[2].partition(" ")[2]
        assert "2C" in mix.replace(" CRIT", "C")
        assert mix.endswith(("1L", "1 LOW", "+"))


def test_a_calm_overview_has_long_labels_and_no_counts() -> None:
    assert drawn(overview(), width=100).rstrip().endswith("7 Block 8 Sources")
