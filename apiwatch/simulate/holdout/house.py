"""The ticket office: its shows, performances, bookings and passes, and the guests with the networks they come from."""

from random import Random
from typing import NamedTuple

from apiwatch.simulate.chance import SPREAD, mix, stream

__all__ = ["API", "FILES", "SITE", "Guest", "House", "booking", "booking_of", "code", "sized", "uuid"]

API, SITE, FILES = "v4.tickets.example.org", "www.tickets.example.org", "files.tickets.example.org"
"""The version of the API stands in the host."""

_BASE = "23456789BCDFGHJKLMNPQRSTVWXZ"
_SHOWS = 420
_BOOKINGS = 4_000_000
_NAMES = ("Abel", "Bora", "Cem", "Dana", "Eske", "Femi", "Gita", "Hana", "Ivo", "Jule", "Kofi", "Lene", "Mika", "Noor")
_WEBKIT, _BLINK = "AppleWebKit/605.1.15 (KHTML, like Gecko)", "AppleWebKit/537.36 (KHTML, like Gecko)"
_DESKTOPS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Chrome/139.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Chrome/138.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
)
_MOBILES = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Chrome/139.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Chrome/137.0.0.0 Mobile Safari/537.36",
)
_APPS = ("Boxie/9.3 (ios; 18.5; de)", "Boxie/9.2 (ios; 17.7; en)", "Boxie/9.3 (android; 15; de)", "Dart/3.5 (dart:io)")


class Guest(NamedTuple):
    """One visitor on one device."""

    number: int
    mail: str
    clients: tuple[str, ...]
    """Addresses that its requests leave from, in turn at random: web gateways of companies spread them."""
    agent: str
    app: bool


class House:
    """Who and what exists, as functions of the seed."""

    def __init__(self, seed: int, rate: float) -> None:
        self.guests = int(min(max(1_300 * rate, 3_000), 3_000_000))
        self._salt = mix(seed, 0xB0C5)
        order = list(range(_SHOWS))
        stream(seed, "ticket office").shuffle(order)
        self._order = order
        """Shows by falling popularity."""

    def guest(self, number: int, visit: int) -> Guest:
        """A guest by number; `visit` decides on the address of a phone."""
        bits = mix(number, self._salt)
        app = bits % 5 == 0
        mobile = app or bits % 5 in {1, 2}
        pool = _APPS if app else _MOBILES if mobile else _DESKTOPS
        agent = pool[(bits >> 40) % len(pool)]
        mail = f"{_NAMES[(bits >> 9) % len(_NAMES)].lower()}{number}@example.org"
        return Guest(number, mail, self._clients(number, bits >> 12, visit, mobile), agent, app)

    def _clients(self, number: int, bits: int, visit: int, mobile: bool) -> tuple[str, ...]:
        share = bits % 50
        place = mix(number, self._salt ^ 21) & 0xFFFF
        if share < 22:
            low = mix(number, visit ^ 77)
            return (f"2001:db8:{place:x}:{bits >> 20 & 0xFFF | 1:x}:{low & 0xFFFF | 1:x}::{low >> 16 & 0xFFFF | 1:x}",)
        if share < 25 and not mobile:
            gateway = place % 6
            return tuple(f"198.19.250.{10 * gateway + leg}" for leg in range(4))
        if share < 30 and not mobile:
            return (f"198.19.{place % 40}.7",)
        if mobile:
            carrier = mix(number, visit) % max(40, self.guests // 60)
            return (f"100.{80 + carrier % 8}.{carrier >> 3 & 255}.{carrier >> 11 & 255}",)
        return (f"198.18.{place >> 8 & 0x7F}.{place & 255}",)

    def show(self, chance: Random) -> int:
        """Number of a show; a few are in everybody's mouth."""
        return self._order[min(_SHOWS - 1, int(chance.paretovariate(0.7)) - 1)]

    def booking(self, number: int, index: int) -> int:
        """Number of a guest's booking."""
        return mix(number * 64 + index, self._salt ^ 22) % _BOOKINGS

    def first_pass(self, number: int, index: int) -> int:
        """Number of the first pass of a booking; the others of the party follow it."""
        return 70_000_000 + mix(number * 64 + index, self._salt ^ 23) % 9_000_000 * 3


def code(number: int) -> str:
    """Short code of a show: six signs without vowels."""
    bits = mix(number, 24)
    return "".join(_BASE[bits // 28**place % 28] for place in range(6))


def uuid(number: int, kind: int) -> str:
    """Random-looking UUID of the fourth version."""
    bits = f"{mix(number, kind):016x}{mix(number, kind + 1):016x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-9{bits[17:20]}-{bits[20:32]}"


def booking(number: int) -> str:
    """Booking numbers count up behind two letters."""
    return f"BK{number:08d}"


def booking_of(word: str, number: int) -> str:
    """The same habit for what others call customer, dealer and so on.

    >>> booking_of("customers", 1007)
    'CU-001007'
    """
    return f"{word[:2].upper()}-{number:06d}"


def sized(number: int, kind: int, median: int) -> int:
    """Body size of an object, the same every time."""
    return int(median * SPREAD[mix(number, kind) & 1023])
