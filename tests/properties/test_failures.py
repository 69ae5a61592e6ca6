"""What went wrong in the prototype of the design, once and never again (section 13)."""

from random import Random

import pytest

from apiwatch.model import Severity
from tests.engine.lines import alerts_of, events_of, line, scattered

DAY = 86_400
ATTACKER = "203.0.113.66"


def readers(seconds: int, *, every: int = 5) -> list[tuple[float, bytes]]:
    """Users who read popular items in no order, and some twice."""
    dice = Random(2)  # noqa: S311  # reproducible, not secret
    return [
        (
            at,
            line(
                at,
                f"10.3.{at // every % 4}.{dice.randrange(1, 200)}",
                f"/items/{int(dice.paretovariate(0.8)) % 500 + 1}",
            ),
        )
        for at in range(0, seconds, every)
    ]


def merged(*streams: list[tuple[float, bytes]]) -> list[bytes]:
    return [raw for _, raw in sorted((timed for stream in streams for timed in stream), key=lambda timed: timed[0])]


@pytest.mark.parametrize("begin", range(7_200, 7_200 + 3_600, 1_100))
def test_a_slow_scrape_is_found_wherever_the_borders_of_its_windows_fall(begin: int) -> None:
    objects = scattered(120)
    slow = [
        (begin + 21.0 * step, line(begin + 21 * step, ATTACKER, f"/items/{item}")) for step, item in enumerate(objects)
    ]
    event = next(event for event in events_of(merged(readers(begin), slow)) if event.alert.client == ATTACKER)
    assert event.alert.detector == "scraping.distinct-objects"
    assert event.alert.count <= 81


def test_who_reads_the_ids_of_others_is_found_where_own_ids_are_adjacent() -> None:
    users = [
        (600.0 * visit + user + step, line(600 * visit + user + step, f"10.4.{user // 200}.{user % 200 + 1}",
                                           f"/orders/{10_000 + user * 12 + visit * 4 + step}", user=f"u{user}"))
        for visit in range(3) for user in range(80) for step in range(4)
    ]  # fmt: skip
    assert alerts_of(merged(users)) == []
    steals = [
        (3_000.0 + step, line(3_000 + step, ATTACKER, f"/orders/{10_000 + step}", user="mallory")) for step in range(30)
    ]
    (alert,) = alerts_of(merged(users, steals))
    assert (alert.detector, alert.principal) == ("enumeration.foreign-object", "user:mallory")


def test_one_batch_of_a_partner_does_not_raise_the_limit_for_scrapers() -> None:
    def scraped(partner: list[tuple[float, bytes]]) -> int:
        scraper = [
            (12_000.0 + step, line(12_000 + step, ATTACKER, f"/items/{item}"))
            for step, item in enumerate(scattered(200))
        ]
        events = events_of(merged(readers(12_000), partner, scraper))
        return next(event.alert.count for event in events if event.alert.client == ATTACKER)

    batch = [
        (9_000.0 + step, line(9_000 + step, "198.51.100.9", f"/items/{item}"))
        for step, item in enumerate(scattered(500, 9))
    ]
    assert scraped(batch) == scraped([]) <= 62


def test_a_small_space_of_ids_that_everybody_walks_accuses_nobody() -> None:
    visits = [
        (40.0 * user + step, line(40 * user + step, f"10.5.{user // 200}.{user % 200 + 1}", f"/categories/{step + 1}"))
        for user in range(300)
        for step in range(30)
    ]
    alerts = [alert for alert in alerts_of(merged(visits)) if alert.severity >= Severity.MEDIUM]
    assert {alert.client for alert in alerts} <= {"10.5.0.1", "10.5.0.2", "10.5.0.3"}


def test_a_search_bot_is_one_alert_a_day() -> None:
    bot = [(60.0 * step, line(60 * step, "66.249.66.1", f"/items/{item}", agent="Googlebot/2.1"))
           for step, item in enumerate(scattered(DAY // 60))]  # fmt: skip
    events = events_of(merged(readers(DAY, every=40), bot))
    assert {event.alert.client for event in events} == {"66.249.66.1"}
    assert len({event.alert.id for event in events}) == 1
    assert len(events) <= 4
