"""The impact of a block in words."""

import pytest
from msgspec.structs import replace

from apiwatch.blocklist.crawling import published_owners
from apiwatch.blocklist.impact import Impact, impact_fields, impact_lines
from apiwatch.blocklist.networks import parse_network
from tests.blocklist.kit import HOSTILE, NOW
from tests.blocklist.test_review import view

QUIET = view(clients=0, requests=0, ok=0, agents=0, recent=0)
CROWD = replace(
    view(clients=12, requests=300, ok=250, users=4, agents=9, without_alert=11, without_alert_ok=240, recent=3),
    examples=("203.0.113.9", "203.0.113.20"),
)


def text(hour: object, day: object = None, **more: object) -> str:
    impact = Impact(("203.0.113.7/32",), hour, day or hour, **more)  # type: ignore[arg-type]  # views
    return "\n".join(impact_lines(impact, 200))


def test_numbers_shares_and_who_is_innocent() -> None:
    assert text(CROWD).splitlines() == [
        "last hour: 12 clients, 300 requests (25.0 % of all), 250 answered; 4 users, 9 user agents",
        "without an alert: 11 clients with 240 answered requests: 203.0.113.9, 203.0.113.20",
        "active in the last 5 minutes: 3 of 12",
    ]
    assert "every client of it is named by an alert" in text(view())


def test_what_is_not_known_is_never_zero() -> None:
    blind = view(held_minutes=0, clients=0, requests=0)
    assert text(blind) == "last hour: unknown, the state file holds no counts of clients"
    assert impact_fields(Impact(("203.0.113.7/32",), blind, blind))["hour"]["clients"] is None
    assert impact_fields(Impact(("203.0.113.7/32",), QUIET, QUIET))["hour"]["clients"] == 0
    assert "no client seen" in text(QUIET)
    short = replace(view(requests=9), window_minutes=1440, held_minutes=180)
    assert "counts reach back 180 minutes only" in text(view(), short)
    assert "at least 12 clients" in text(replace(CROWD, at_least=True))
    assert "answered; at least 5 users" in text(replace(CROWD, users=5, more_facets=True))


def test_wider_networks_count_whom_they_would_add() -> None:
    wider = (("203.0.113.0/24", CROWD),)
    assert "203.0.113.0/24: would cut 11 other clients, 11 of them without an alert" in text(view(), wider=wider)
    assert "203.0.113.0/24: would cut nobody else" in text(view(), wider=(("203.0.113.0/24", view()),))


def test_crawlers_are_named_as_they_publish_themselves() -> None:
    assert "google crawls from here" in text(view(), crawlers=("google",))
    assert published_owners(parse_network("66.249.64.0/24")) == ("google",)
    assert published_owners(parse_network("203.0.113.0/24")) == ()


def test_old_news_are_said_to_be_old() -> None:
    impact = Impact(("203.0.113.7/32",), view(), view())
    assert not any("the hour ends" in line for line in impact_lines(impact, 80, now=NOW + 60))
    assert any("the hour ends at" in line for line in impact_lines(impact, 80, now=NOW + 4000))


@pytest.mark.parametrize("width", [20, 40, 100])
def test_lines_are_printable_and_no_wider_than_asked(width: int) -> None:
    hostile = replace(CROWD, examples=HOSTILE[:3], forwarded=2)
    for line in impact_lines(Impact(("2001:db8::/64",), hostile, QUIET, (("2001:db8::/48", hostile),)), width, now=NOW):
        assert line.isprintable()
        assert len(line) <= max(width, 45)
