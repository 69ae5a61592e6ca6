"""Routes, versions and hosts that do not belong there; and releases, old apps, tests of a host and content that do."""

import pytest
from msgspec.structs import replace

from apiwatch.config import Settings
from apiwatch.config.inventory import UnknownHost
from apiwatch.config.settings import Detectors
from apiwatch.model import Alert, Severity
from tests.detect.inventory_attacks import (
    API,
    AWAKE,
    BAD,
    DAY,
    LATER,
    OFFICE,
    OLD_HOST,
    OLD_VERSION,
    QUIET_WEEKS,
    SLEEPING,
    TWO_DAYS,
    Timed,
    in_time,
    mine,
    old_host,
    old_version,
    once,
    shadow,
)
from tests.engine.lines import alerts_of, batch, engine_of, events_of

INFO, MEDIUM, HIGH = Severity.INFO, Severity.MEDIUM, Severity.HIGH


def of(detector: str, *parts: list[Timed], settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(in_time(*parts), settings) if alert.detector == f"inventory.{detector}"]


def at_home(at: float, number: int, path: str, *, size: int = 900, method: str = "GET") -> list[Timed]:
    """A known user who looks at usual things first."""
    return [
        once(at, API, mine(number), f"/v2/users/{5_000 + 37 * number}", user=f"w{number}"),
        once(at + 1, API, mine(number), "/v2/items", user=f"w{number}"),
        once(at + 2, API, mine(number), path, size=size, user=f"w{number}", method=method),
    ]


def test_first_answer_of_a_new_route_is_seen_and_a_large_one_is_medium() -> None:
    small = events_of(in_time(TWO_DAYS, [shadow(LATER, 1, size=300)]))
    assert [(event.alert.severity, event.alert.route) for event in small] == [(INFO, "GET /ops/reports/{int}")]
    (alert,) = of("shadow-endpoint", TWO_DAYS, [shadow(LATER, 1)])
    assert (alert.severity, alert.clients, alert.host) == (MEDIUM, (BAD,), API)


def test_two_strangers_make_it_medium_and_routes_about_people_high() -> None:
    pair = [shadow(LATER + step, step, f"203.0.113.{step + 7}", 300) for step in range(2)]
    (alert,) = of("shadow-endpoint", TWO_DAYS, pair)
    assert (alert.severity, alert.clients_total) == (MEDIUM, 2)
    (alert,) = of("shadow-endpoint", TWO_DAYS, [once(LATER, API, BAD, "/internal/users/7", size=300)])
    assert alert.severity == HIGH


@pytest.mark.parametrize("status", [401, 403, 500])
def test_refusals_and_failures_show_that_there_is_something(status: int) -> None:
    tries = [once(LATER + step, API, BAD, "/ops/run", status, size=0, method="POST") for step in range(4)]
    (alert,) = of("shadow-endpoint", TWO_DAYS, tries)
    assert alert.severity == INFO


def test_host_that_refuses_everything_says_nothing() -> None:
    wall = [once(LATER + step, API, BAD, f"/word{step // 2}/x", 403, size=61) for step in range(90)]
    assert len(of("shadow-endpoint", TWO_DAYS, wall)) <= 4
    late = [once(LATER + 200 + step, API, BAD, f"/other{step // 2}/x", 403, size=61) for step in range(20)]
    assert len(of("shadow-endpoint", TWO_DAYS, wall, late)) == len(of("shadow-endpoint", TWO_DAYS, wall))


def test_page_for_everything_is_no_endpoint() -> None:
    tries = [once(LATER + step, API, f"10.1.0.{step % 9}", f"/x{step}", size=4_444) for step in range(40)]
    assert sum(alert.severity > INFO for alert in of("shadow-endpoint", TWO_DAYS, tries)) <= 1


def test_release_is_one_row_for_information() -> None:
    release = [
        made
        for number in range(20)
        for step in range(37)
        for made in at_home(
            LATER + 100 * number + 2 * step, number, f"/v3/area{step % 6}/part{step}", size=5_000 + step
        )
    ]
    strangers = [
        once(LATER + 50 + 100 * step, API, f"10.9.0.{step}", f"/v3/area{step % 6}/part{step}", size=5_000 + step)
        for step in range(9)
    ]
    (alert,) = of("shadow-endpoint", TWO_DAYS, release)
    assert alert.severity == INFO
    assert alert.title == "37 new routes under /v3: looks like a release"
    (alert,) = of("shadow-endpoint", TWO_DAYS, release, strangers[5:])
    assert alert.severity == INFO


def test_routes_that_only_one_known_client_uses_are_medium_after_a_while() -> None:
    insider = [made for step in range(9) for made in at_home(LATER + 200 * step, 3, f"/hidden/{step}", size=9_000)]
    (alert,) = of("shadow-endpoint", TWO_DAYS, insider)
    assert alert.severity == MEDIUM


def test_content_that_grows_every_day_is_learned() -> None:
    posts = [
        once(
            DAY * day + 3_000 * step + 50 * again, API, f"10.8.{day}.{step + 9 * again}", f"/blog/about-{day}-{step}-x"
        )
        for day in range(4)
        for step in range(4)
        for again in range(3)
    ]
    assert of("shadow-endpoint", TWO_DAYS, posts) == []


def test_files_health_checks_and_preflights_are_ordinary() -> None:
    paths = ("/app.js", "/health", "/.well-known/x", "/docs/page.html", "/")
    lines = [once(LATER + step, API, BAD, path, size=9_000) for path in paths for step in range(3)]
    lines += [once(LATER + 50 + step, API, BAD, "/ops/x", 204, method="OPTIONS") for step in range(3)]
    assert of("shadow-endpoint", TWO_DAYS, lines) == []


def test_nothing_is_new_while_routes_are_learned() -> None:
    assert of("shadow-endpoint", [shadow(3_600 * step, step) for step in range(23)]) == []


def test_sleeping_host_wakes_up() -> None:
    events = events_of(in_time(QUIET_WEEKS, SLEEPING, [old_host(step) for step in range(3)]))
    assert [(event.alert.detector, event.alert.severity) for event in events] == [
        ("inventory.unknown-host", INFO),
        ("inventory.unknown-host", MEDIUM),
    ]


def test_many_addresses_that_wake_a_host_are_one_row() -> None:
    many = [old_host(step, f"203.0.{step // 200}.{step % 200}") for step in range(300)]
    (alert,) = of("unknown-host", QUIET_WEEKS, SLEEPING, many)
    assert (alert.severity, alert.clients_total) == (MEDIUM, 300)


def test_weekly_test_from_the_office_neither_alerts_nor_wakes_the_host() -> None:
    weekly = [
        once(DAY * day + 60 * step, OLD_HOST, OFFICE, "/health" if step % 4 else f"/customers/{step}")
        for day in (0.5, 5, 12)
        for step in range(20)
    ]
    assert of("unknown-host", QUIET_WEEKS, SLEEPING, weekly) == []
    attack = [(at + 3_600, raw) for at, raw in (old_host(step) for step in range(3))]
    (alert,) = of("unknown-host", QUIET_WEEKS, SLEEPING, weekly, attack)
    assert (alert.severity, alert.clients) == (MEDIUM, (BAD,))


def test_whoever_hardly_does_more_than_ask_for_health_is_a_monitor() -> None:
    checks = [once(AWAKE + step, OLD_HOST, OFFICE, "/health") for step in range(20)]
    ids = [once(AWAKE + 30 + step, OLD_HOST, OFFICE, f"/customers/{step}") for step in range(3)]
    assert of("unknown-host", QUIET_WEEKS, SLEEPING, checks, ids) == []
    (alert,) = of("unknown-host", QUIET_WEEKS, SLEEPING, checks[:1], ids)
    assert alert.severity == MEDIUM


def test_unknown_host_needs_answers_and_a_busy_one_is_silent() -> None:
    refused = [once(AWAKE + step, "shop.example.com", BAD, f"/a/{step}", 404) for step in range(9)]
    assert of("unknown-host", QUIET_WEEKS, refused) == []
    answered = [once(AWAKE + step, "shop.example.com", BAD, f"/a/{step}") for step in range(9)]
    (alert,) = of("unknown-host", QUIET_WEEKS, answered)
    assert alert.severity == MEDIUM
    guests = [once(AWAKE + step, API, f"10.7.0.{step}", f"/v2/users/{step}") for step in range(50)]
    assert of("unknown-host", QUIET_WEEKS, guests) == []


def test_host_for_developers_is_reported_though_it_refuses() -> None:
    tries = [once(AWAKE + step, "staging.example.com", BAD, f"/a/{step}", 404) for step in range(9)]
    (alert,) = of("unknown-host", QUIET_WEEKS, tries)
    assert (alert.severity, alert.principal) == (INFO, "host:staging.example.com")
    daily = [once(DAY * day + 99, "dev.example.com", OFFICE, "/a/7") for day in range(12)]
    assert of("unknown-host", QUIET_WEEKS, daily, [once(AWAKE + 5, "dev.example.com", OFFICE, "/b/7")]) == []


def test_service_with_a_host_for_each_customer_is_learned() -> None:
    tenants = [
        once(DAY * day + 900 * step + again, f"t{day}-{step}.example.com", f"10.6.{day}.{step}", "/v2/items/7")
        for day in range(6)
        for step in range(5)
        for again in range(4)
    ]
    assert of("unknown-host", QUIET_WEEKS, tenants) == []


def test_noise_of_host_names_is_bounded() -> None:
    noise = [once(AWAKE + step, f"dev{step}.dev.example.com", BAD, "/x", 404) for step in range(400)]
    assert 0 < len(of("unknown-host", QUIET_WEEKS, noise)) <= 64


def test_old_version_that_is_still_in_use_is_silent() -> None:
    apps = [
        once(DAY * day + 60 * number, API, mine(number), "/v1/users/7") for day in range(13) for number in range(12)
    ]
    assert of("zombie-version", QUIET_WEEKS, apps) == []
    one = [once(DAY * day + 1_800, API, mine(1), "/v1/users/7") for day in range(13)]
    assert of("zombie-version", QUIET_WEEKS, one) == []


def test_current_version_that_slept_is_silent() -> None:
    seldom = [once(60.0 * step, API, mine(step), "/v2/audits/7") for step in range(4)]
    assert of("zombie-version", QUIET_WEEKS, seldom, [once(AWAKE, API, BAD, "/v2/audits/7")]) == []


def test_known_client_with_an_old_app_is_information() -> None:
    visit = [made for step in range(4) for made in at_home(AWAKE + 60 * step, 2, "/v1/users/7")]
    (alert,) = of("zombie-version", QUIET_WEEKS, OLD_VERSION, [once(60.0, API, mine(2), "/v2/items")] * 3, visit)
    assert alert.severity == INFO


def test_client_that_tries_versions_is_found() -> None:
    tries = [
        once(AWAKE + step, API, BAD, f"/api/v{step % 3 + 1}/{word}", 404)
        for step, word in enumerate(word for word in ("keys", "users") for _ in range(3))
    ]
    events = [event for event in events_of(in_time(QUIET_WEEKS, tries)) if event.alert.family == "inventory"]
    assert [event.alert.severity for event in events] == [INFO, MEDIUM]
    assert events[-1].alert.title == "asks for 2 paths under several versions"


def test_app_that_falls_back_to_the_old_version_becomes_usual() -> None:
    apps = [
        once(DAY * day + 60 * number + 5 * old, API, mine(number), f"/v{3 - old}/things", 200 if old else 404)
        for day in range(3)
        for number in range(9)
        for old in range(2)
    ]
    assert of("zombie-version", QUIET_WEEKS, apps) == []


def test_thresholds_are_settings() -> None:
    patient = Settings(detectors=replace(Detectors(), hosts=UnknownHost(medium=5)))
    (alert,) = of("unknown-host", QUIET_WEEKS, SLEEPING, [old_host(step) for step in range(4)], settings=patient)
    assert alert.severity == INFO
    off = Settings(detectors=replace(Detectors(), hosts=UnknownHost(enabled=False)))
    assert of("unknown-host", QUIET_WEEKS, SLEEPING, [old_host(step) for step in range(4)], settings=off) == []


def test_wake_up_is_a_matter_of_days_not_of_requests() -> None:
    assert of("zombie-version", QUIET_WEEKS, OLD_VERSION, [old_version(0)])[0].severity == INFO
    assert of("zombie-version", [entry for entry in QUIET_WEEKS if entry[0] < 3 * DAY], OLD_VERSION,
              [(3 * DAY, old_version(0)[1].replace(b"13/Jan", b"04/Jan"))]) == []  # fmt: skip


def test_what_apiwatch_learn_has_read_is_known_however_short_it_is() -> None:
    learned = [entry for entry in TWO_DAYS if entry[0] < DAY / 4]
    engine = engine_of()
    engine.begin_learning()
    engine.feed(batch(in_time(learned, [once(3_000 + step, API, BAD, "/ops/seldom") for step in range(3)])))
    engine.end_learning()
    later = [shadow(DAY / 4 + step, step) for step in range(3)]
    later += [once(DAY / 4 + 60 + step, API, mine(3), "/ops/seldom") for step in range(3)]
    later += [once(DAY / 4 + 90 + step, "new.example.com", BAD, f"/x/{step}") for step in range(3)]
    engine.feed(batch(in_time(later), first=10_000))
    assert [(alert.detector, alert.severity, alert.route) for alert in engine.take().alerts] == [
        ("inventory.shadow-endpoint", MEDIUM, "GET /ops/reports/{int}"),
        ("inventory.unknown-host", MEDIUM, "GET /x/{int}"),
    ]
