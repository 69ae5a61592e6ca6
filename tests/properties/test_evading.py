"""Attackers who try to hide from the tests: they come first, teach slowly, or change their name with every request."""

from random import Random

import pytest

from apiwatch.model import Severity
from tests.engine.lines import BROWSER, alerts_of, events_of, known_route, line, scattered

DAY = 86_400.0
ATTACKER = "203.0.113.66"


def first_medium(lines: list[bytes], client: str = ATTACKER) -> int:
    """Requests of the attacker up to the first alert of medium and above that names it."""
    marker = client.encode() + b" "
    for event in events_of(lines):
        if event.alert.severity >= Severity.MEDIUM and client in event.alert.clients:
            return sum(1 for raw in lines[: event.line] if raw.startswith(marker))
    pytest.fail("nothing was found")


def walk(number: int) -> list[bytes]:
    return [line(step, ATTACKER, f"/items/{7_000 + step}") for step in range(number)]


def misses(number: int) -> list[bytes]:
    known = [line(0, ATTACKER, "/items/7", user="-")] * 2
    return [*known, *(line(step, ATTACKER, f"/items/{order}", 404) for step, order in enumerate(scattered(number)))]


def log_ins(number: int) -> list[bytes]:
    return [line(step, ATTACKER, "/login", 401, method="POST") for step in range(number)]


def paths(number: int) -> list[bytes]:
    return [line(step, ATTACKER, f"/try{step}", 404) for step in range(number)]


@pytest.mark.parametrize(
    ("attack", "usual"), [(walk, 8), (misses, 8), (log_ins, 8), (paths, 6)], ids=lambda value: getattr(value, "__name__", "")
)
def test_who_attacks_before_anybody_else_came_is_found_within_twice_the_requests(attack: "Attack", usual: int) -> None:
    assert first_medium(attack(40)) <= 2 * usual
