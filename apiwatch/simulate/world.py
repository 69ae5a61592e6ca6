"""The simulated shop: who its users are, where they come from, and which objects exist.

Everything is a function of the seed and a number, so that a population of any size needs no memory.
"""

from random import Random
from typing import NamedTuple

from apiwatch.simulate.agents import APPS, BROWSERS, PHONES, agent
from apiwatch.simulate.chance import SPREAD, mix, stream

__all__ = ["ORDERS", "USERS", "Person", "World"]

ORDERS = (1_000_000, 600_000)
"""First order id and number of ids; two of three exist."""

USERS = (20_000, 1_000_000)
"""First user id and number of ids."""

_PRODUCTS = 1500
_GONE = 40
_FIRST = (
    "anna", "ben", "carla", "david", "elif", "finn", "greta", "hugo", "ines", "jonas", "kira", "leo", "maria", "nils",
    "olga", "paul", "rosa", "samir", "tara", "uwe", "vera", "wim", "yara", "zoe",
)  # fmt: skip
_LAST = (
    "adler", "berg", "costa", "dubois", "ekman", "fischer", "garcia", "haas", "ivanov", "jansen", "keller", "lang",
    "moreau", "nowak", "olsen", "peters", "rossi", "silva", "toth", "vogel", "weber", "young",
)  # fmt: skip


class Person(NamedTuple):
    """One user on one device at one place."""

    number: int
    id: int
    """User id in the service."""
    name: str
    client: str
    agent: str
    app: bool
    """Uses the app, which loads no pages and no static files."""


class World:
    """One shop with its population; the numbers follow from the seed and the rate."""

    def __init__(self, seed: int, rate: float) -> None:
        self.population = int(min(max(800 * rate, 2_000), 2_000_000))
        self._salt = mix(seed, 0x5EED)
        self._offices = max(3, self.population // 160)
        self._carrier = min(max(8, self.population // 240), 1 << 20)
        chance = stream(seed, "catalogue")
        ids = sorted(chance.sample(range(10_000, 99_999), _PRODUCTS + _GONE))
        chance.shuffle(ids)
        self.gone = tuple(ids[:_GONE])
        """Products that were taken out of the catalogue, to which old links still lead."""
        self.products = tuple(ids[_GONE:])
        """Product ids by falling popularity."""

    def person(self, number: int, visit: int) -> Person:
        """A user by his number; `visit` decides what changes from visit to visit: address of a phone, device."""
        bits = mix(number, self._salt)
        client, mobile = self._client(number, bits, visit)
        device = mix(number * 2 + (visit % 8 == 0), self._salt ^ 1)
        if mobile or device % 10 < 2:
            app = device >> 8 & 3 != 0
            user_agent = agent(APPS if app else PHONES, device >> 16)
        else:
            app = False
            user_agent = agent(BROWSERS, device >> 16)
        return Person(number, self.user_id(number), self.user_name(number), client, user_agent, app)

    def user_id(self, number: int) -> int:
        """Id of a user; neighbours in the population are no neighbours in the id space."""
        return USERS[0] + mix(number, self._salt ^ 2) % USERS[1]

    def user_name(self, number: int) -> str:
        """Log-in name of a user; the same number at the end for the same user only."""
        bits = mix(number, self._salt ^ 3)
        return f"{_FIRST[bits % len(_FIRST)]}.{_LAST[(bits >> 8) % len(_LAST)]}{number}"

    def own_order(self, number: int, chance: Random) -> int:
        """One of the 1 to 9 orders of a user, recent ones more often than old ones."""
        count = 1 + mix(number, self._salt ^ 4) % 9
        return self.order(number, int(count * chance.random() * chance.random()))

    def order(self, number: int, index: int) -> int:
        """Id of a user's order; orders of one user lie apart, since everybody else orders in between."""
        return ORDERS[0] + mix(number * 4096 + index, self._salt ^ 5) % ORDERS[1]

    def product(self, chance: Random) -> int:
        """A product as visitors choose it: popularity falls like 1/rank (Zipf)."""
        return self.products[int(_PRODUCTS ** chance.random()) - 1]

    def size(self, kind: int, object_id: int, median: int) -> int:
        """Body size of an object, log-normal over the objects of a kind, and always the same for one object."""
        return int(median * SPREAD[mix(object_id, kind) & 1023])

    def _client(self, number: int, bits: int, visit: int) -> tuple[str, bool]:
        """(address, whether it is a phone on a mobile network).

        Networks for benchmarks (RFC 2544), carrier NAT (RFC 6598) and IPv6 documentation (RFC 3849) only: the three
        IPv4 documentation networks are left to attackers, and the end of 198.18.0.0/16 to services. Some companies send
        each visit through another of their three web proxies.
        """
        share, rest = bits % 100, bits >> 8
        if share < 44:
            host = (rest & 0xFFFF) % 0xFC00
            return f"198.18.{host >> 8}.{host & 255}", False
        if share < 46:
            gateway = mix(number, self._salt ^ 8) % max(2, self._offices // 8)
            return f"198.19.{248 + gateway % 8}.{4 * (gateway >> 3 & 63) + visit % 3}", False
        if share < 54:
            spread = (rest & 0xFFFF) / 65_536
            host = mix(int(self._offices * spread * spread), self._salt ^ 6) & 0xFFFF
            return f"198.19.{host >> 8}.{host & 255}", False
        if share < 78:
            host = mix(mix(number, visit) % self._carrier, self._salt ^ 7) & 0x3FFFFF
            return f"100.{64 + (host >> 16)}.{host >> 8 & 255}.{host & 255}", True
        low = mix(number, visit ^ self._salt)
        groups = (rest, rest >> 16, low, low >> 16, low >> 32, low >> 48)
        return "2001:db8:" + ":".join(f"{group & 0xFFFF or 1:x}" for group in groups), False
