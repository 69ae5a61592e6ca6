"""People who share an address, an account or a bad memory."""

from collections.abc import Iterable

from apiwatch.simulate.agents import APPS, BROWSERS, PHONES
from apiwatch.simulate.attacks.swarm import Call, Turn
from apiwatch.simulate.chance import SPREAD, mix
from apiwatch.simulate.traps.trap import Trap, trap

__all__ = ["PEOPLE"]

_LOG_IN, _ORDERS = "/api/login", 1_000_000


def _sized(number: int, median: int) -> int:
    return int(median * SPREAD[mix(number, 89) & 1023])


def _order_of(person: int, index: int) -> int:
    return _ORDERS + mix(person * 16 + index, 91) % 600_000


def _at_work(user: str, person: int, turn: Turn, begin: float = 0.0) -> Iterable[Call]:
    """Logged in, reads own orders."""
    yield Call("GET", "/api/me", 200, _sized(person, 420), user=user, after=begin)
    for index in range(1 + int(4 * turn.chance.random())):
        order = _order_of(person, index)
        yield Call("GET", f"/api/orders/{order}", 200, _sized(order, 860), user=user, after=begin + 9.0 * index + 2)


def _carrier(turn: Turn) -> Iterable[Call]:
    """Each of 80 subscribers has an own phone, and all have one address."""
    return _at_work(f"subscriber-{turn.client}", turn.client, turn)


def _office(turn: Turn) -> Iterable[Call]:
    person = 100 + turn.client
    yield Call("POST", _LOG_IN, 200, 690 + person % 30, user=f"clerk-{person}")
    yield from _at_work(f"clerk-{person}", person, turn, 1.0)


def _school(turn: Turn) -> Iterable[Call]:
    """Three in ten first tries fail."""
    person = 200 + turn.client
    if turn.chance.random() < 0.3:
        yield Call("POST", _LOG_IN, 401, 83, user=f"pupil-{person}")
    yield Call("POST", _LOG_IN, 200, 690 + person % 30, user=f"pupil-{person}", after=8.0)


def _privacy(turn: Turn) -> Iterable[Call]:
    """A household whose address changes with every visit."""
    return _at_work(f"family-{turn.step % 3}", 300 + turn.step % 3, turn)


def _kiosk(turn: Turn) -> Iterable[Call]:
    """One browser in a hall, a new visitor every few minutes."""
    user = f"visitor-{turn.step}"
    yield Call("POST", _LOG_IN, 200, 690 + turn.step % 30, user=user)
    yield from _at_work(user, 400 + turn.step, turn, 1.0)


def _forgotten(turn: Turn) -> Iterable[Call]:
    """Four wrong passwords, a reset, and in."""
    user = f"forgetful-{turn.client}"
    yield Call("GET", "/", 200, 5_318)
    yield Call("GET", "/api/config", 200, 1_204, after=0.3)
    for index in range(4):
        yield Call("POST", _LOG_IN, 401, 83, user=user, after=9.0 + 12.0 * index)
    yield Call("POST", "/api/password/reset", 202, 0, user=user, after=60.0)
    yield Call("POST", _LOG_IN, 200, 690 + turn.client % 30, user=user, after=180.0)


def _monday(turn: Turn) -> Iterable[Call]:
    """All sessions have expired over the week-end."""
    user = f"worker-{turn.client}"
    yield Call("GET", "/api/me", 401, 71)
    if turn.chance.random() < 0.15:
        yield Call("POST", _LOG_IN, 401, 83, user=user, after=9.0)
    yield Call("POST", _LOG_IN, 200, 690 + turn.client % 30, user=user, after=20.0)
    yield from _at_work(user, 2_000 + turn.client, turn, 21.0)


def _support(turn: Turn) -> Iterable[Call]:
    """Reads the orders of whoever calls."""
    for index in range(2):
        order = _order_of(int(3_000 * turn.chance.random()), index)
        yield Call("GET", f"/api/orders/{order}", 200, _sized(order, 860), user="support", after=20.0 * index)


def _shared(turn: Turn) -> Iterable[Call]:
    """One account of a family, at home, at school and on the way."""
    return _at_work("the-millers", 5_000, turn)


def _mailing(turn: Turn) -> Iterable[Call]:
    """Who reads the mail opens the one product, and sometimes logs in."""
    yield Call("GET", "/", 200, 5_318)
    yield Call("GET", "/api/products/10007", 200, 2_400, after=1.0)
    if turn.chance.random() < 0.4:
        user = f"reader-{turn.client}"
        if turn.chance.random() < 0.08:
            yield Call("POST", _LOG_IN, 401, 83, user=user, after=8.0)
        yield Call("POST", _LOG_IN, 200, 690 + turn.client % 30, user=user, after=15.0)


def _month_end(turn: Turn) -> Iterable[Call]:
    """Reports of 50 MB where a megabyte is usual."""
    for index in range(3):
        bits = f"{mix(turn.step * 8 + index, 93):016x}{mix(index, 95):016x}"
        report = f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"
        yield Call("GET", f"/v1/exports/{report}", 200, 50_000_000, user="controller", after=60.0 * index)


_CARRIER, _OFFICE, _SCHOOL = ("100.127.1.1",), ("241.9.9.1",), ("241.9.9.2",)
_HOMES = tuple(f"2001:db8:fade:{1 + number % 3:x}:{mix(number, 97) & 0xFFFF | 1:x}::1" for number in range(300))
"""Addresses of three households, a network of its own each."""

PEOPLE: tuple[Trap, ...] = (
    trap("carrier NAT", "shared addresses", _carrier, every=8.0, clients=80, agents=PHONES, addresses=_CARRIER),
    trap(
        "office NAT",
        "shared addresses",
        _office,
        every=30.0,
        clients=40,
        agents=BROWSERS[:18],
        addresses=_OFFICE,
    ),
    trap(
        "school NAT",
        "shared addresses",
        _school,
        every=40.0,
        clients=60,
        agents=BROWSERS[:12],
        addresses=_SCHOOL,
    ),
    trap("IPv6 privacy addresses", "shared addresses", _privacy, every=60.0, clients=300, addresses=_HOMES),
    trap("kiosk", "shared addresses", _kiosk, every=150.0, agents=(BROWSERS[3],), declared="staff"),
    trap("forgotten password", "people", _forgotten, every=600.0, clients=500),
    trap("Monday log-ins", "people", _monday, every=4.0, clients=2_000),
    trap("support staff", "people", _support, every=300.0, agents=(BROWSERS[0],), declared="staff"),
    trap("shared account", "people", _shared, every=120.0, clients=4, agents=(*APPS, *PHONES)),
    trap("marketing push", "people", _mailing, every=1.0, clients=6_000, agents=(*PHONES, *BROWSERS)),
    trap("month-end export", "people", _month_end, every=86_400.0, declared="staff", most="medium"),
)
