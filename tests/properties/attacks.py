"""Attackers made by hand, from as many addresses as one likes, on the routes of the simulated shop."""

from collections.abc import Callable, Sequence
from random import Random

from apiwatch.simulate import Hit
from tests.engine.lines import BROWSER

Attack = Callable[[Sequence[str], float, float, int], list[Hit]]
"""(addresses that take turns, start and distance of the requests in seconds, requests)."""

FIRST_ORDER = 1_900_000


def hit(
    time: float, client: str, target: str, status: int, size: int, *, method: str = "GET", user: str | None = None
) -> Hit:
    return Hit(time, client, user, method, target, status, size, None, BROWSER, 0.02)


def walk(clients: Sequence[str], start: float, every: float, count: int) -> list[Hit]:
    """Order ids one after the other; two of three exist."""
    return [
        hit(start + step * every, clients[step % len(clients)], f"/api/orders/{FIRST_ORDER + step}", *_answer(step))
        for step in range(count)
    ]


def guesses(clients: Sequence[str], start: float, every: float, count: int) -> list[Hit]:
    """Random order ids; one of ten exists."""
    ids = Random(5).sample(range(20_000_000, 90_000_000), count)  # noqa: S311  # reproducible, not secret
    return [
        hit(start + step * every, clients[step % len(clients)], f"/api/orders/{order}", *_answer(order % 10 and 2))
        for step, order in enumerate(ids)
    ]


def scrape(clients: Sequence[str], start: float, every: float, count: int) -> list[Hit]:
    """Random order ids that all exist, none twice."""
    ids = Random(6).sample(range(2_000_000, 9_000_000), count)  # noqa: S311  # reproducible, not secret
    return [
        hit(start + step * every, clients[step % len(clients)], f"/api/orders/{order}", 200, 600 + order % 400)
        for step, order in enumerate(ids)
    ]


def stuffing(clients: Sequence[str], start: float, every: float, count: int) -> list[Hit]:
    """One password for each of many users; none fits."""
    return [
        hit(start + step * every, clients[step % len(clients)], "/api/login", 401, 83, method="POST", user=f"u{step}")
        for step in range(count)
    ]


def fuzzing(clients: Sequence[str], start: float, every: float, count: int) -> list[Hit]:
    """Paths that nobody knows."""
    return [
        hit(start + step * every, clients[step % len(clients)], f"/hidden{step * 7919 % 9973}", 404, 76)
        for step in range(count)
    ]


ATTACKS: dict[str, tuple[Attack, str]] = {
    "walk": (walk, "enumeration"),
    "guesses": (guesses, "enumeration"),
    "scrape": (scrape, "scraping"),
    "stuffing": (stuffing, "auth"),
    "fuzzing": (fuzzing, "recon"),
}
"""Attack by name, with the family of its alert when one address does all of it."""


def addresses(count: int) -> list[str]:
    """Addresses all over the world, where no client of the shop lives."""
    dice = Random(count)  # noqa: S311  # reproducible, not secret
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"{dice.randrange(60, 99)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"] = None
    return list(found)


def _answer(step: int) -> tuple[int, int]:
    return (404, 76) if step % 3 == 2 else (200, 860 + step % 90)
