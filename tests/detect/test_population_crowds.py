"""Crowds that hide behind ordinary visits, and ordinary crowds that look like campaigns."""

from random import Random

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors, MissEnumeration
from tests.detect.crowds import addresses
from tests.engine.lines import alerts_of, events_of, known_route, line, names

STRANGERS = addresses(800)
COVER = ("/", "/spring-sale", "/api/config")


def visits(count: int, *, every: float = 2.0, failing: float = 0.05, start: float = 0.0) -> list[bytes]:
    """People who look around for two minutes and log in, each at an address of the own."""
    dice = Random(8)  # noqa: S311  # reproducible, not secret
    steps: list[tuple[float, bytes]] = []
    for number in range(count):
        at, client, user = start + every * number, f"192.0.{number // 250}.{number % 250}", f"reader{number}"
        steps += [(at + 3 * step, line(at + 3 * step, client, path)) for step, path in enumerate(COVER)]
        status = 401 if dice.random() < failing else 200
        steps.append((at + 70, line(at + 70, client, "/api/login", status, method="POST", user=user)))
        steps.append((at + 110, line(at + 110, client, "/spring-sale", user=user)))
    return [raw for _, raw in sorted(steps)]


def test_stuffing_by_clients_that_load_pages_before_is_a_campaign_and_no_outage() -> None:
    start = 2_000.0
    attack = [
        raw
        for step in range(150)
        for raw in (
            *(line(start + 4 * step + page, STRANGERS[step], path) for page, path in enumerate(COVER)),
            line(start + 4 * step + 3, STRANGERS[step], "/api/login", 401, method="POST", user=f"u{step}", size=83),
        )
    ]
    (alert,) = alerts_of([*visits(900), *attack])
    assert alert.detector == "population.login-failures"
    assert set(alert.clients) <= set(STRANGERS)
    assert alert.clients_total >= 100


def test_sign_up_form_whose_checks_mostly_miss_is_no_campaign() -> None:
    dice = Random(9)  # noqa: S311  # reproducible, not secret
    forms = [
        raw
        for number in range(250)
        for at, status in ((20.0 * number, 404 if dice.random() < 0.9 else 200),)
        for raw in (
            line(at, STRANGERS[number], "/signup"),
            line(at + 9, STRANGERS[number], f"/api/members/n{dice.getrandbits(40):x}@example.org", status),
        )
    ]
    assert alerts_of([*known_route("/api/members/first@example.org"), *forms]) == []


def test_forgotten_device_that_changes_networks_is_no_campaign() -> None:
    tablet = [
        line(1_300.0 * step, client, "/api/login", 401, method="POST", user="old-tablet", agent="ExampleTablet/1.0")
        for step, client in enumerate(STRANGERS[:80])
    ]
    known = known_route("/api/login", method="POST")
    assert {alert.family for alert in alerts_of([*known, *visits(20), *tablet])} <= {"auth"}


def test_strangers_on_a_blind_route_that_others_reach_by_a_form_are_a_campaign() -> None:
    checks = [
        raw
        for number in range(350)
        for at, client in ((30.0 * number, f"192.0.{number // 250}.{number % 250}"),)
        for raw in (line(at, client, "/credit-check"), line(at + 7, client, "/api/score/lookup", method="POST"))
    ]
    start = 30.0 * 350
    attack = [line(start + step, STRANGERS[step], "/api/score/lookup", method="POST") for step in range(90)]
    assert alerts_of(checks) == []
    events = events_of([*checks, *attack])
    assert names(event.alert for event in events[:1]) == ["population.context-free"]
    assert events[0].line - len(checks) <= 40
    assert set(alerts_of([*checks, *attack])[0].clients) <= set(STRANGERS)


def test_what_everybody_does_for_days_on_a_new_route_is_usual_there() -> None:
    dice = Random(10)  # noqa: S311  # reproducible, not secret
    alone = Settings(detectors=Detectors(miss=MissEnumeration(enabled=False)))
    lookups = [
        line(600.0 * number, STRANGERS[number], f"/api/members/n{dice.getrandbits(40):x}@example.org", status)
        for number in range(720)
        for status in (404 if dice.random() < 0.8 else 200,)
    ]
    days = [int(600.0 * number // 86_400) for number in range(720)]
    known = known_route("/api/members/first@example.org")
    events = events_of([*known, *lookups], alone)
    assert {days[event.line - len(known) - 1] for event in events} <= {0, 1}


def test_members_are_told_again_as_the_campaign_grows() -> None:
    attack = [
        line(5.0 * step, client, "/api/login", 401, method="POST", user=f"u{step}", size=83)
        for step, client in enumerate(STRANGERS)
    ]
    known = known_route("/api/login", method="POST")
    told = [event.alert.clients_total for event in events_of([*known, *attack])]
    assert told[-1] >= 0.8 * len(STRANGERS)
    assert len(told) <= 14


def test_member_of_a_campaign_that_gets_in_as_somebody_else_has_taken_over_an_account() -> None:
    attack = [
        line(5.0 * step, client, "/api/login", 401, method="POST", user=f"u{step}", size=83)
        for step, client in enumerate(STRANGERS[:60])
    ]
    known = known_route("/api/login", method="POST")
    forgot = line(400, STRANGERS[3], "/api/login", method="POST", user="u3")
    assert {alert.family for alert in alerts_of([*known, *attack, forgot])} == {"population"}
    other = line(400, STRANGERS[3], "/api/login", method="POST", user="lea")
    found = alerts_of([*known, *attack, other])
    assert [alert.client for alert in found if alert.detector == "auth.account-takeover"] == [STRANGERS[3]]
