"""Distinct objects against a floor and against what others read."""

import pytest

from apiwatch.config.settings import DistinctObjects
from apiwatch.detect.kit import Histogram
from apiwatch.detect.scraping import limit_of
from apiwatch.model import Severity
from tests.engine.lines import BROWSER, alerts_of, events_of, line, names

SCRAPER = "203.0.113.9"


def reads(count: int, *, pace: float = 1.0, client: str = SCRAPER, start: float = 0.0, first: int = 0) -> list[bytes]:
    """UUIDs, so that neither order nor misses tell."""
    return [
        line(
            start + pace * step,
            client,
            f"/albums/{first + step:08x}-1b1a-4c1e-9a0e-{client[-3:].replace('.', '0'):0>12}",
        )
        for step in range(count)
    ]


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def test_worked_examples_of_the_limit() -> None:
    settings = DistinctObjects()
    assert limit_of(filled([8] * 300), 30, settings)[0] == 30
    assert limit_of(filled([26] * 300), 30, settings)[0] == pytest.approx(52, rel=0.2)
    assert limit_of(filled([8] * 299), 30, settings)[0] == 60


def test_cold_route_alerts_at_twice_the_floor() -> None:
    lines = [*reads(2), *reads(80, start=5, first=100)]
    events = events_of(lines)
    assert [event.alert.detector for event in events] == ["scraping.distinct-objects"]
    assert 60 <= events[0].line <= 64
    assert events[0].alert.severity == Severity.MEDIUM


def test_slow_scraper_is_found_in_a_longer_window() -> None:
    events = events_of([*reads(2), *reads(120, pace=40.0, first=100)])
    assert [event.alert.detector for event in events[:1]] == ["scraping.distinct-objects"]
    assert "in 1 h" in events[0].alert.title


def test_scraper_across_the_border_of_a_window_is_found() -> None:
    assert names(alerts_of([*reads(2), *reads(75, pace=4.0, start=450.0, first=100)])) == ["scraping.distinct-objects"]


def test_reader_who_reads_again_is_no_scraper() -> None:
    album = reads(40, start=5, first=100)
    assert alerts_of([*reads(2), *album, *album, *album[:30], *reads(30, start=60, first=500)]) == []


def test_popular_objects_are_no_scrape() -> None:
    others = [
        line(step / 10, f"192.0.2.{reader + 1}", f"/albums/{step:08x}-1b1a-4c1e-9a0e-000000000000")
        for step in range(80)
        for reader in (step % 40, (step + 7) % 40, (step + 19) % 40)
    ]
    scrape = [line(60 + step, SCRAPER, f"/albums/{step:08x}-1b1a-4c1e-9a0e-000000000000") for step in range(80)]
    assert alerts_of([*others, *scrape]) == []


def test_shared_address_is_not_counted() -> None:
    agents = [BROWSER, "Mozilla/5.0 Firefox/130.0", "okhttp/4.12.0", "curl/8.9.1", "Wget/1.24"]
    office = [line(step / 10, SCRAPER, "/", agent=agents[step % 5]) for step in range(10)]
    assert alerts_of([*office, *reads(2), *reads(80, start=5, first=100)]) == []


def test_four_times_the_limit_is_high_on_a_known_route() -> None:
    day = 90_000.0
    events = events_of([*reads(2), *reads(400, start=day, first=100)])
    assert [event.alert.severity for event in events if event.reason in {"open", "severity"}] == [2, 3]


def test_partner_that_reads_every_day_what_it_read_before_is_no_scraper() -> None:
    days = [raw for day in range(4) for raw in reads(60, pace=2.0, start=86_400.0 * day)]
    known = [line(0, "192.0.2.1", "/albums/00000000-1b1a-4c1e-9a0e-000000000000") for _ in range(2)]
    first = [event for event in events_of([*known, *days]) if event.line <= 62]
    assert [event for event in events_of([*known, *days]) if event not in first] == []


def test_route_that_hardly_anybody_uses_is_known_after_a_week() -> None:
    now_and_then = [
        raw for day in range(8) for raw in reads(3, client="192.0.2.9", start=86_400.0 * day, first=10 * day)
    ]
    events = events_of([*now_and_then, *reads(80, start=8 * 86_400.0, first=1_000)])
    assert events[0].line - len(now_and_then) == 31


def test_busy_route_whose_objects_the_log_does_not_hold_is_no_small_space() -> None:
    checks = [
        line(4 * step, f"10.{step % 40}.{step % 200}.1", "/api/score/lookup", method="POST") for step in range(4_200)
    ]
    scrape = [line(17_000 + step, SCRAPER, "/api/score/lookup", method="POST") for step in range(40)]
    assert "scraping.distinct-objects" in names(alerts_of([*checks, *scrape]))
