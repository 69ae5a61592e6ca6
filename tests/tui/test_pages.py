"""The drill-down and the why of an alert are complete and fit their width."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from apiwatch.store.views import ClientDetail, EvidenceView, FacetView, PointView
from apiwatch.tui.glyphs import ASCII, UNICODE, Glyphs
from apiwatch.tui.line import Line, line_text, line_width
from apiwatch.tui.pages import campaign_page, client_page, histogram_page, lines_page, route_page, user_page, why_page
from apiwatch.tui.pages.parts import distinct
from tests.tui import fakes


class Asked(NamedTuple):
    time: float
    number: int
    found: bool
    principal: str = fakes.WALKER
    route: str = "GET /api/orders/{id}"
    parameter: str = "id"
    ordered: bool = True
    stride: int = 98


IDS = [Asked(fakes.NOW - 300 + 3 * i, 1_039_105 + 43 * i, i % 7 < 2) for i in range(100)]
USERS = [view._replace(principal="198.18.0.9", time=fakes.NOW - 7 * i, found=True) for i, view in enumerate(IDS[::9])]
MEMBERS = tuple(replace(view, spark=(0, 0, 9, 4) * 3) for view in fakes.CLIENTS[:9])


def route(width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    return route_page(
        fakes.detail().routes[0],
        width,
        fakes.NOW,
        glyphs,
        timeline=fakes.timeline(),
        usual=45,
        clients=fakes.CLIENTS,
        suspects=fakes.SUSPECTS,
        alerts=fakes.ALERTS[:1],
        points=IDS,
    )


def campaign(width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    agents = [FacetView("python-httpx/0.27", 41, fakes.NOW)]
    return campaign_page(
        fakes.ALERTS[1], MEMBERS, fakes.evidence(fakes.WALKER), width, fakes.NOW, glyphs, agents=agents
    )


def user(width: int, glyphs: Glyphs = UNICODE, *, let_in: Sequence[EvidenceView] = ()) -> list[Line]:
    visits = [FacetView(view.client, 9, view.last_seen) for view in fakes.CLIENTS[:4]]
    return user_page(
        "alice@example.com",
        fakes.CLIENTS[:3],
        visits,
        width,
        fakes.NOW,
        glyphs,
        clients_total=41,
        first_seen=fakes.NOW - 9000,
        last_seen=fakes.NOW - 3,
        routes=fakes.detail().routes,
        alerts=fakes.ALERTS[2:3],
        suspects=fakes.AUTH,
        let_in=let_in,
    )


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
        "limit evidence >= 13.8; usual 2% (other clients, 812 steps)",
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
    pages = (
        client_page(fakes.detail(), width, fakes.NOW, glyphs, points=IDS + USERS, times=[9.0, 9.5, 10.0, 11.0, 12.0]),
        client_page(fakes.detail(fakes.STUFFER), width, fakes.NOW, glyphs),
        why_page(fakes.ALERTS[1], fakes.evidence(fakes.WALKER), width, fakes.NOW, glyphs),
        route(width, glyphs),
        campaign(width, glyphs),
        user(width, glyphs),
    )
    for drawn in pages:
        assert [line_text(row) for row in drawn if line_width(row) > width] == []
        assert not glyphs.plain or joined(drawn).isascii()


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
        "limit evidence >= 13.8",
        " but    104 of 9916",
        " clears about 30 steps",
        " tags   API1:2023",
        " acked  jane: asked the partner",
        "original lines, 2",
    ):
        assert wanted in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_first_screen_says_who_why_since_when_and_how_much(width: int) -> None:
    first = "\n".join(client_text(width).splitlines()[:18])
    for wanted in (
        "203.0.113.7   CRIT !!",
        "50m 00s ago",
        "11.5k requests",
        "limit evidence >= 13.8",
        "peak 632",
        "a trusted proxy",
    ):
        assert wanted in first


def test_ids_are_a_picture_with_the_first_one_that_exists() -> None:
    text = joined(client_page(fakes.detail(), 120, fakes.NOW, ASCII, points=IDS + USERS))
    for wanted in (
        "ids tried on GET /api/orders/{id}",
        "one in 98 is shown",
        "near id 1039105",
        "o found 30",
        "- others 12",
        "1043362 |",
    ):
        assert wanted in text


def test_an_address_with_many_user_agents_may_be_shared() -> None:
    agents = tuple(FacetView(f"agent {number}", 9, fakes.NOW) for number in range(7))
    text = client_text(120, replace(fakes.detail(), user_agents=agents))
    assert "a block would hit all behind it" in text
    assert "and 2 more, further down" in text
    assert "agent 6" in text
    assert "a block would hit" not in client_text(120)


def test_a_route_page_says_what_is_hit_by_how_many_and_how() -> None:
    text = joined(route(120))
    for wanted in (
        "GET /api/orders/{id}   CRIT !!  1 alert",
        "10.9k requests of 1 client for 9812 objects: miss 72%, ok 28%",
        "walks object ids on GET /api/orders/{id}",
        "peak 632, usual 45",
        "clients, the busiest 20 of 43",
        "enumeration.miss 198.18.0.77",
    ):
        assert wanted in text


def test_a_route_whose_outcomes_are_not_known_by_the_minute_has_a_timeline_too() -> None:
    view = replace(fakes.detail().routes[0], spark=(0, 7, 0, 90))
    text = joined(route_page(view, 80, fakes.NOW, ASCII))
    assert "10 minutes to 14:02Z, peak 90" in text
    assert "now" in text


def test_a_campaign_page_says_what_its_members_share() -> None:
    text = joined(campaign(120))
    for wanted in (
        "41 clients fail to log in as 1914 users",
        "networks 203.0.113.0/24 (41)",
        "1 user agent: python-httpx/0.27 (41)",
        "by their own: critical 1, high 2",
        "members, 9 of 41",
        "  \u2588\u2584  \u2588\u2584  \u2588\u2584  miss 68%  ok 27%  deny 5%",
        "203.0.113.104",
    ):
        assert wanted in text


def test_a_user_page_says_from_where_and_whether_guessing_had_success() -> None:
    lines = [EvidenceView(fakes.NOW - 60, "a.log", 7, '192.0.2.66 - alice@example.com [...] "POST /login" 200 7')]
    text = joined(user(80, let_in=lines))
    for wanted in (
        "alice@example.com   HIGH !  41 clients   1 alert",
        "somebody who guesses passwords was let in at 2026-09-20 14:01:31Z",
        '192.0.2.66 - alice@example.com [...] "POST /login" 200 7',
        "clients it came from, the latest 4 of 41",
        "2001:db8:9:1::5",
    ):
        assert wanted in text
    assert "let in" not in joined(user(80))


def test_why_of_a_campaign_lists_its_addresses() -> None:
    text = joined(why_page(fakes.ALERTS[1], (), 80, fakes.NOW, UNICODE))
    assert "addresses, 41" in text
    assert "203.0.113.104" in text


def test_axes_appear_where_there_is_room_and_never_in_ascii() -> None:
    assert "┤" in client_text(120)
    assert "┤" not in client_text(80)
    assert "┤" not in joined(client_page(fakes.detail(), 120, fakes.NOW, ASCII))


def test_a_selection_in_pictures_counts_the_ids_of_its_busiest_route() -> None:
    asked = [
        PointView(1, number, True, "p", "192.0.2.1", "h", "GET /orders/{id}", "id", True, 1)
        for number in (*range(90), 2**70)
    ]
    text = joined(histogram_page((), fakes.mix(91, 1, 0), (), 80, fakes.NOW, ASCII, points=asked))
    assert "ids tried on GET /orders/{id}, 91 kept" in text
    assert " 98.9%    90 ###" in text


def test_values_that_are_counted_together_are_not_taken_for_one() -> None:
    users = [FacetView("ann", 4, fakes.NOW), FacetView("bob", 2, fakes.NOW)]
    assert distinct(users) == "2"
    assert distinct([*users, FacetView("(other)", 450, fakes.NOW)]) == "2+"


@pytest.mark.parametrize("width", [80, 160])
def test_a_client_page_shows_first_where_it_got_in(width: int) -> None:
    lines = tuple(EvidenceView(fakes.NOW - n, "a.log", n, f"user{n} got in", n < 7) for n in range(9))
    text = client_text(width, replace(fakes.detail(), evidence=lines))
    assert text.index("lines of success, 7") < text.index("requests per minute")
    assert "user4 got in" in text
    assert "and 2 more: d on the alert" in text
    assert "lines of success" not in client_text(width)
