"""Errors that a client causes and time that it uses up; and outages, deploys, retries, reports, long polling."""

from collections.abc import Iterable

import pytest

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.model import Alert, Severity
from tests.detect.amount_attacks import BAD, PATHS, Timed, in_order, slow, steady
from tests.engine.lines import alerts_of, events_of, line

ERRORS, TIME = "volume.error-surge", "volume.latency-abuse"


def shop(seconds: float, *, failing: tuple[float, float] = (0.0, 0.0), paths: Iterable[str] = PATHS) -> list[Timed]:
    """Ordinary requests, one in 250 an error; between two times all of them are, on some paths."""
    found = []
    for step in range(int(seconds)):
        path = PATHS[(step * 7 + step // 60) % 5]
        down = path in paths and failing[0] <= step < failing[1]
        status = 502 if down or step % 250 == 249 else 200
        found.append((float(step), line(step, f"10.8.0.{step % 60 + 1}", path, status)))
    return found


def failing(at: float, count: int, *, every: float, path: str = "/api/feed?q={}", clients: int = 1) -> list[Timed]:
    """Errors of the attacker, or of many clients in turn that do nothing else."""
    return [
        (at + every * step, line(at + every * step, BAD if clients == 1 else f"203.0.{step % clients}.9",
                                 path.format(step), (500, 503, 429)[step % 3]))
        for step in range(count)
    ]  # fmt: skip


def of(parts: Iterable[list[Timed]], detector: str, settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(in_order(*parts), settings) if alert.detector == detector]


@pytest.mark.parametrize("path", ["/api/feed?q={}", "/api/feed"], ids=["payloads", "one target"])
def test_client_that_causes_errors_is_named(path: str) -> None:
    """U6: one client causes four in ten answers of a route to be errors."""
    lines = in_order(shop(3_000), failing(2_000, 200, every=2.0, path=path))
    first = next(event for event in events_of(lines) if event.alert.detector == ERRORS)
    assert (first.alert.principal, first.alert.severity) == (BAD, Severity.MEDIUM)
    assert sum(1 for raw in lines[: first.line] if raw.startswith(BAD.encode())) <= 40


def test_error_now_and_then_is_no_surge() -> None:
    assert of([shop(4_000)], ERRORS) == []


def test_outage_is_one_row_of_information() -> None:
    (alert,) = of([shop(3_000, failing=(2_000, 2_200))], ERRORS)
    assert alert.severity == Severity.INFO
    assert alert.title.startswith("outage")
    assert alert.explanation.subject.kind == "route"


def test_outage_that_only_new_clients_meet_is_an_outage_as_well() -> None:
    """Who comes while all is down is answered nowhere; several routes that fail at once tell what it is."""
    visitors = [
        (2_000 + step / 4, line(2_000 + step / 4, f"10.9.{step // 250}.{step % 250}", PATHS[step % 5], 502))
        for step in range(800)
    ]
    alerts = of([shop(2_000), visitors], ERRORS)
    assert {alert.severity for alert in alerts} == {Severity.INFO}
    assert alerts[-1].title.startswith("outage")


def test_deploy_that_breaks_one_route_for_everybody_is_an_outage() -> None:
    alerts = of([shop(4_000, failing=(2_000, 3_000), paths=PATHS[:1])], ERRORS)
    assert [alert.severity for alert in alerts] == [Severity.INFO]


def test_many_clients_that_do_nothing_else_are_no_outage() -> None:
    alerts = of([shop(3_000), failing(2_000, 300, every=1.0, clients=100)], ERRORS)
    assert [(alert.severity, alert.explanation.subject.kind) for alert in alerts] == [(Severity.MEDIUM, "route")]


@pytest.mark.parametrize(
    "retries",
    [failing(2_000, 15, every=0.5, path="/api/menu"), failing(2_000, 60, every=60.0, path="/api/menu")],
    ids=["storm", "device"],
)
def test_retries_are_no_attack(retries: list[Timed]) -> None:
    assert of([shop(6_000), retries], ERRORS) == []


def test_only_client_of_a_service_that_fails_is_not_accused() -> None:
    lonely = [
        (60.0 + 20 * step, line(60.0 + 20 * step, BAD, "/health", 200 if step < 50 else 500)) for step in range(300)
    ]
    assert of([lonely], ERRORS) == []


def test_route_where_errors_are_normal_is_blind() -> None:
    usual = [(2.0 * step, line(2.0 * step, f"10.8.0.{step % 60}", f"/api/feed?q={step}", 500 if step % 10 < 6 else 200))
             for step in range(2_000)]  # fmt: skip
    late = [alert for alert in of([usual, failing(3_900, 60, every=1.0)], ERRORS) if alert.principal == BAD]
    assert late == []


def test_client_that_keeps_the_server_busy_is_named() -> None:
    """U7: report queries of 25 s."""
    lines = in_order(steady(4_000), slow(3_000, 12, every=25.0, seconds=25.0))
    first = next(event for event in events_of(lines) if event.alert.detector == TIME)
    assert (first.alert.principal, first.alert.severity) == (BAD, Severity.MEDIUM)
    assert sum(1 for raw in lines[: first.line] if BAD.encode() in raw) <= 4


def test_slow_requests_of_many_are_the_service() -> None:
    crowd = [slow(3_000, 1, every=60.0, seconds=25.0, client=f"10.8.{number}.1") for number in range(40)]
    assert of([steady(4_000), *crowd], TIME) == []


def test_long_polling_that_several_clients_do_is_usual() -> None:
    polls = [slow(30.0 * number, 100, every=30.0, seconds=30.0, client=f"10.8.0.{number}") for number in range(1, 6)]
    late = slow(2_500, 40, every=30.0, seconds=30.0)
    assert of([steady(4_000), *polls, late], TIME) == []


def test_nightly_report_is_known_on_the_next_day_and_that_of_staff_at_once() -> None:
    nights = [slow(86_400.0 * day + 7_200, 8, every=25.0, seconds=25.0) for day in range(4)]
    alerts = of([steady(4 * 86_400.0, every=120.0), *nights], TIME)
    assert [alert.last_seen - alert.first_seen < 600 for alert in alerts] == [True]
    staff = Settings(classes=Classes(staff=("203.0.113.0/28",)))
    assert of([steady(4_000), slow(3_000, 12, every=25.0, seconds=25.0)], TIME, staff) == []


def test_first_half_hour_only_learns() -> None:
    assert of([steady(1_700), slow(600, 20, every=25.0, seconds=25.0)], TIME) == []
