"""Floods of one client and of many; and load tests, nightly batches, rushes, releases, pages that load, cold starts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.detect.volume.rates import Rate, learn, tail
from apiwatch.model import Alert, Severity
from tests.detect.amount_attacks import BAD, PATHS, Timed, hammer, in_order, steady
from tests.engine.lines import START, alerts_of, batch, engine_of, events_of, line

ONE, ROUTE = "volume.principal-surge", "volume.route-surge"
HOUR, DAY = 3_600.0, 86_400.0


def volume(*parts: list[Timed], settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(in_order(*parts), settings) if alert.family == "volume"]


def test_flood_of_one_client_is_found_after_thirty_seconds() -> None:
    lines = in_order(steady(4_000), hammer(3_000, 120, 15))
    first = next(event for event in events_of(lines) if event.alert.family == "volume")
    assert (first.alert.detector, first.alert.severity, first.alert.principal) == (ONE, Severity.MEDIUM, BAD)
    assert 30 <= first.time - START - 3_000 <= 40
    assert BAD.encode() in lines[first.line - 1]
    assert first.alert.explanation.numbers[0].now == 15


def test_flood_of_a_known_client_on_a_page_that_everybody_opens_is_found() -> None:
    visitors = [(8.0 * step, line(8 * step, f"10.7.{step // 200}.{step % 200}", PATHS[1])) for step in range(400)]
    known = [(20.0 * step, line(20 * step, BAD, PATHS[1])) for step in range(160)]
    (alert,) = volume(visitors, known, hammer(3_300, 60, 15))
    assert (alert.detector, alert.principal) == (ONE, BAD)


def test_flood_that_goes_on_updates_its_row() -> None:
    (alert,) = volume(steady(3_600), hammer(3_000, 400, 15))
    assert alert.count > 10 * 15 * 10
    assert alert.last_seen - alert.first_seen > 300


def test_client_that_always_sends_much_is_silent_until_it_sends_three_times_as_much() -> None:
    usual = hammer(0, 4_000, 8)
    assert volume(steady(4_000), usual) == []
    assert volume(steady(4_000), usual, hammer(3_000, 60, 9)) == []
    (alert,) = volume(steady(4_000), usual, hammer(3_000, 60, 24))
    assert "8." in alert.title


@pytest.mark.parametrize(
    "visit", [hammer(3_000, 4, 30), hammer(3_000, 20, 12), hammer(3_000, 600, 4)], ids=["page", "short", "poll"]
)
def test_pages_that_load_and_polling_are_no_flood(visit: list[Timed]) -> None:
    assert volume(steady(4_000), visit) == []


def test_load_test_that_comes_again_and_again_is_learned_and_a_named_one_is_spared() -> None:
    bursts = [hammer(at, 30, 20) for at in (200, 1_000, 1_700, 2_600, 3_300, 4_000)]
    assert volume(steady(5_000), *bursts) == []
    named = Settings(classes=Classes(loadtest=("203.0.113.0/28",)))
    assert len(volume(steady(4_000), hammer(3_000, 60, 30))) == 1
    assert volume(steady(4_000), hammer(3_000, 60, 30), settings=named) == []


def test_nightly_batch_is_known_after_three_days() -> None:
    nights = [hammer(day * DAY + 2 * HOUR, 300, 12) for day in range(5)]
    traffic = steady(5 * DAY, every=60.0)
    alerts = volume(traffic, *nights)
    assert [alert.principal for alert in alerts] == [BAD]
    assert alerts[0].last_seen < START + 3 * DAY


def test_from_the_first_line_on_rates_are_learned_for_half_an_hour() -> None:
    assert volume(steady(1_700), hammer(600, 900, 40)) == []


def test_pause_of_the_collector_is_no_baseline() -> None:
    usual = hammer(0, 3_000, 12)
    later = hammer(9 * HOUR, 120, 12)
    assert volume(usual, later) == []


def test_route_that_many_clients_flood_is_found_and_named() -> None:
    push = hammer(3_000, 120, 60, PATHS[0], clients=400)
    alerts = volume(steady(4_000, every=0.2), push)
    (alert,) = [alert for alert in alerts if alert.detector == ROUTE]
    assert (alert.severity, alert.route, alert.explanation.subject.kind) == (
        Severity.MEDIUM,
        f"GET {PATHS[0]}",
        "route",
    )
    assert len(alert.explanation.samples) == 5


def test_rush_on_the_whole_site_is_information_only() -> None:
    usual = [hammer(0, 2_700, 2, path, clients=200) for path in PATHS]
    rush = [hammer(2_600, 60, 40, path, clients=2_000) for path in PATHS]
    alerts = volume(*usual, *rush)
    assert {alert.severity for alert in alerts} == {Severity.INFO}
    assert all("rush" in alert.title for alert in alerts)


def test_release_with_new_routes_is_silent() -> None:
    before = hammer(0, 2_400, 4, "/api/v1/feed", clients=300)
    after = hammer(2_400, 120, 60, "/api/v2/feed", clients=300)
    assert volume(before, after) == []


def test_second_log_of_the_same_time_is_no_flood() -> None:
    lines = in_order(hammer(0, 3_000, 4, clients=80))
    engine = engine_of()
    engine.feed(batch(lines, "/var/log/a.log"))
    engine.feed(batch(lines, "/var/log/b.log"))
    assert [alert for alert in engine.take().alerts if alert.family == "volume"] == []


def test_worked_examples_of_the_tail() -> None:
    assert 1e-15 < tail(320, 100.0, 400.0) < 1e-13
    assert 1e-4 < tail(20, 2.0, 6.0) < 1e-3


@given(st.integers(1, 60), st.floats(0.5, 20.0), st.floats(1.0, 8.0))
def test_tail_is_above_the_true_one_and_falls(count: int, mean: float, spread: float) -> None:
    variance = mean * spread
    bounds = [tail(at, mean, variance) for at in range(count, count + 3)]
    assert 1.0 >= bounds[0] >= bounds[1] >= bounds[2] >= 0.0


@pytest.mark.parametrize("seed", range(5))
def test_rate_finds_mean_and_variance(seed: int) -> None:
    dice = Random(seed)  # noqa: S311  # reproducible, not secret
    counts = [dice.randint(20, 400) for _ in range(400)]
    rate = Rate.start(0.0, 0, counts[0])
    for bucket, count in enumerate(counts):
        learn(rate, bucket, count, 100_000.0)
    assert rate.mean == pytest.approx(sum(counts) / len(counts), rel=0.06)
    assert rate.square == pytest.approx(sum(count * count for count in counts) / len(counts), rel=0.15)


def test_quiet_buckets_count_as_zero() -> None:
    rate = Rate.start(0.0, 0, 100)
    for bucket in range(0, 400, 4):
        learn(rate, bucket, 100, 3_600.0)
    assert rate.mean == pytest.approx(25, rel=0.2)
