"""The drill-down and the why of an alert are complete and fit their width."""

from dataclasses import replace

import pytest

from apiwatch.store.views import ClientDetail
from apiwatch.tui.glyphs import ASCII, UNICODE, Glyphs
from apiwatch.tui.line import Line, line_text, line_width
from apiwatch.tui.pages import client_page, lines_page, why_page
from tests.tui import fakes


def joined(drawn: list[Line]) -> str:
    return "\n".join(line_text(row).rstrip() for row in drawn)


def client_text(width: int, detail: ClientDetail | None = None, blocked: str = "") -> str:
    return joined(client_page(detail or fakes.detail(), width, fakes.NOW, UNICODE, blocked))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_client_page_answers_the_questions_of_an_incident(width: int) -> None:
    text = client_text(width, blocked="queued for blocking as 203.0.113.7/32 until 15:02:31Z by jane")
    for wanted in (
        "203.0.113.7   CRIT !!  score 97",
        "first 2026-09-20 13:12:31Z, 50m 00s ago; last 2s ago",
        "address sent by 10.0.0.2, a trusted proxy",
        "1 user agent, 1 user; beside it: 41 other clients in its /24",
        "queued for blocking as 203.0.113.7/32 until 15:02:31Z by jane",
        "+90   enumeration: 9811 of 9812 steps adjacent",
        "+7    recon: 12 of 14 targets unknown",
        "requests per minute, 60 minutes to 14:02Z, peak 632",
        "GET /api/orders/{id}",
        "10.9k  9812  28%  72%   0%   0%",
        "python-httpx/0.27",
        "alice@example.com",
        "limit S >= 13.8; usual 2% (other clients, 812 steps)",
        "clears about 30 steps without a neighbour",
        "API1:2023",
        " 203.0.113.7 - - [20/Sep/2026:14:02:30 +0000]",
    ):
        assert wanted in text


def test_who_and_why_come_first() -> None:
    text = client_text(80)
    order = ["203.0.113.7   CRIT", "walks object ids", "+90", "requests per minute", "routes, 3", "original lines"]
    places = [text.index(wanted) for wanted in order]
    assert places == sorted(places)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [60, 80, 99, 100, 119, 120, 160, 200])
def test_pages_fit(width: int, glyphs: Glyphs) -> None:
    for detail in (fakes.detail(), fakes.detail(fakes.STUFFER)):
        drawn = client_page(detail, width, fakes.NOW, glyphs)
        assert [line_text(row) for row in drawn if line_width(row) > width] == []
        if glyphs.plain:
            assert joined(drawn).isascii()
    drawn = why_page(fakes.ALERTS[1], fakes.evidence(fakes.WALKER), width, fakes.NOW, glyphs)
    assert [line_text(row) for row in drawn if line_width(row) > width] == []


def test_an_unsuspicious_client_says_so() -> None:
    detail = replace(
        fakes.detail(),
        row=fakes.client_view("198.18.0.1", 0, 9, fakes.mix(9, 1, 0)),
        points=(),
        timeline=(),
        alerts=(),
        suspects=(),
        evidence=(),
        user_agents=(),
        users=(),
        peer="198.18.0.1",
    )
    text = client_text(80, detail)
    for wanted in (
        "nothing speaks against it",
        "none in the minutes that are kept",
        "none kept: only alerts keep lines",
        "none in the log",
        "the address is the socket's own",
        "0 open alerts",
    ):
        assert wanted in text


def test_original_lines_keep_their_ends() -> None:
    text = client_text(80)
    assert '"python-httpx/0.27"' in text.split("original lines")[1]


def test_endless_original_lines_are_cut_and_say_so() -> None:
    endless = replace(fakes.evidence(fakes.WALKER, 1)[0], text="A" * 2000)
    text = client_text(80, replace(fakes.detail(), evidence=(endless,)))
    shown = text.split("original lines")[1].splitlines()[1:]
    assert len(shown) == 3
    assert shown[-1].endswith("~")
    whole = joined(lines_page([endless], 80))
    assert whole.count("A") == 2000


def test_lines_say_where_they_stand() -> None:
    text = joined(lines_page(fakes.evidence(fakes.WALKER, 1), 80))
    assert text.startswith("2026-09-20 14:02:31Z  /var/log/nginx/access.log:9210000\n")
    assert "none kept" in joined(lines_page([], 80))


def test_why_has_every_part_of_the_explanation() -> None:
    view = fakes.ALERTS[3]
    text = joined(why_page(view, fakes.evidence(fakes.SLOW, 2), 120, fakes.NOW, UNICODE))
    for wanted in (
        "HIGH !  score 66  enumeration.sequential  acknowledged",
        " who    ipv4 198.51.100.23",
        " where  api.example.com GET /api/orders/{id}",
        "13:57:02Z",
        "44 suspicious requests",
        " why    walks object ids in order",
        "adjacent steps: 9811 of 9812",
        "limit S >= 13.8",
        " but    104 of 9916",
        " clears about 30 steps",
        " tags   API1:2023",
        " acked  jane: asked the partner",
        "original lines, 2",
    ):
        assert wanted in text


def test_why_of_a_campaign_lists_its_addresses() -> None:
    text = joined(why_page(fakes.ALERTS[1], (), 80, fakes.NOW, UNICODE))
    assert "addresses, 41" in text
    assert "203.0.113.104" in text


def test_axes_appear_where_there_is_room_and_never_in_ascii() -> None:
    assert "┤" in client_text(120)
    assert "┤" not in client_text(80)
    assert "┤" not in joined(client_page(fakes.detail(), 120, fakes.NOW, ASCII))
