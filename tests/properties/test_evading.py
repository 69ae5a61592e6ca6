"""Attackers who try to hide from the tests: they come first, teach slowly, or change their name with every request."""

from collections.abc import Callable
from random import Random

import pytest

from apiwatch.model import Severity
from tests.engine.lines import BROWSER, alerts_of, events_of, known_route, line, scattered

ATTACKER = "203.0.113.66"
AGENTS = ("curl/8.9", "Wget/1.24", "python-requests/2.32", "Go-http-client/1.1", "okhttp/4.12", BROWSER, "axios/1.7")
HOUR = 3_600.0
HOURS = 70

Attack = Callable[[int, str], list[bytes]]
"""(requests, what follows each target) -> lines; each starts a second after the one before."""


def walk(count: int, tail: str = "") -> list[bytes]:
    return [line(500 + step, ATTACKER, f"/items/{7_000 + step}{mark(tail, step)}") for step in range(count)]


def misses(count: int, tail: str = "") -> list[bytes]:
    return [
        line(500 + step, ATTACKER, f"/items/{item}{mark(tail, step)}", 404)
        for step, item in enumerate(scattered(count))
    ]


def log_ins(count: int, tail: str = "") -> list[bytes]:
    return [line(500 + step, ATTACKER, f"/login{mark(tail, step)}", 401, method="POST") for step in range(count)]


def refused_with_200(count: int, tail: str = "") -> list[bytes]:
    return [line(500 + step, ATTACKER, f"/index.php/login{mark(tail, step)}", size=4_481, method="POST")
            for step in range(count)]  # fmt: skip


def paths(count: int, tail: str = "") -> list[bytes]:
    return [line(500 + step, ATTACKER, f"/try{step}{mark(tail, step)}", 404) for step in range(count)]


def mark(tail: str, step: int) -> str:
    return tail.replace("#", str(step * 7_919))


USUAL: dict[str, tuple[Attack, int]] = {
    "walk": (walk, 8),
    "misses": (misses, 8),
    "log-ins": (log_ins, 9),
    "log-ins that answer 200": (refused_with_200, 9),
    "paths": (paths, 6),
}
"""Attack -> requests until it is found among others."""


def requests_to_medium(lines: list[bytes]) -> int:
    """Requests of the attacker up to the first alert of medium and above that names it."""
    marker = f"{ATTACKER} ".encode()
    for event in events_of(lines):
        if event.alert.severity >= Severity.MEDIUM and ATTACKER in event.alert.clients:
            return sum(1 for raw in lines[: event.line] if raw.startswith(marker))
    pytest.fail("nothing was found")


@pytest.mark.parametrize("name", USUAL)
def test_who_attacks_before_anybody_else_came_is_found_within_twice_the_requests(name: str) -> None:
    attack, usual = USUAL[name]
    first = known_route("/items/7") if name == "misses" else []
    assert requests_to_medium([*first, *attack(40, "")]) <= 2 * usual


@pytest.mark.parametrize("name", USUAL)
def test_a_fresh_token_in_each_request_hides_nobody(name: str) -> None:
    attack, usual = USUAL[name]
    users = [
        line(step, f"10.1.0.{step % 40 + 1}", f"/items/{step % 25 + 100}?token=t{step % 40}") for step in range(400)
    ]
    assert requests_to_medium([*users, *attack(40, "?token=x#")]) <= usual


@pytest.mark.parametrize(("name", "most"), [("walk", 60), ("misses", 60), ("log-ins", 100), ("paths", 60)])
def test_changing_the_user_agent_with_each_request_makes_one_attacker_no_crowd(name: str, most: int) -> None:
    attack, _ = USUAL[name]
    users = [line(step, f"10.1.0.{step % 40 + 1}", f"/items/{step % 25 + 100}") for step in range(400)]
    disguised = [
        raw.replace(BROWSER.encode(), AGENTS[step % len(AGENTS)].encode()) for step, raw in enumerate(attack(150, ""))
    ]
    assert requests_to_medium([*users, *disguised]) <= most


def ramp(kind: str, per_hour: int) -> list[bytes]:
    """70 hours of 80 normal requests each, and a client whose share of bad ones grows by one percent an hour."""
    dice = Random(per_hour)  # noqa: S311  # reproducible, not secret
    timed: list[tuple[float, bytes]] = []
    item = 900_000
    for hour in range(HOURS):
        for _ in range(60):
            user, at = dice.randrange(300), (hour + dice.random()) * HOUR
            target = f"/items/{dice.choice((1_000 + dice.randrange(40), 50_000 + user * 37 + dice.randrange(3) * 11))}"
            timed.append((at, line(at, client_of(user), target, 404 if dice.random() < 0.03 else 200)))
        for _ in range(20):
            at, failed = (hour + dice.random()) * HOUR, dice.random() < 0.12
            timed.append(
                (at, line(at, client_of(dice.randrange(300)), "/login", 401 if failed else 302, method="POST"))
            )
        for step in range(per_hour):
            at, bad = (hour + step / per_hour) * HOUR, dice.random() < hour / 100
            item += 1 if bad and kind == "walk" else dice.randrange(20, 2_000)
            if kind == "log-ins":
                raw = line(at, ATTACKER, "/login", 401 if bad else 302, method="POST")
            else:
                raw = line(at, ATTACKER, f"/items/{item}", 404 if bad and kind == "misses" else 200)
            timed.append((at, raw))
    return [raw for _, raw in sorted(timed, key=lambda entry: entry[0])]


def client_of(user: int) -> str:
    return f"10.2.{user // 200}.{user % 200 + 1}"


@pytest.mark.parametrize(
    ("kind", "detectors"),
    [
        ("walk", {"enumeration.sequential"}),
        ("misses", {"enumeration.miss"}),
        ("log-ins", {"auth.brute-force", "auth.account-takeover"}),
    ],
)
def test_who_teaches_the_tests_one_percent_an_hour_is_found_and_nobody_else(kind: str, detectors: set[str]) -> None:
    alerts = [alert for alert in alerts_of(ramp(kind, 20)) if alert.severity >= Severity.MEDIUM]
    assert detectors & {alert.detector for alert in alerts}
    assert {client for alert in alerts for client in alert.clients} == {ATTACKER}
