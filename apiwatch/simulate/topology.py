"""API topologies: the same incidents behind other names, other kinds of ids, and in other company.

Incidents are written in the words of topology A. Topology B is the same shop, renamed request by request, so that a
detector that depends on a name or on the kind of an id shows it. Topology C is another service with other habits.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from apiwatch.errors import UsageError
from apiwatch.simulate.chance import mix
from apiwatch.simulate.holdout import guests, machines, reworded, reworded_route
from apiwatch.simulate.model import HOST, Actor, Hit, Stage
from apiwatch.simulate.population import population
from apiwatch.simulate.services import services
from apiwatch.simulate.world import World
from apiwatch.text import plain

__all__ = ["HOLD_OUT", "TOPOLOGIES", "Rename", "Topology", "topology"]

Rename = Callable[[Hit], Hit]

_WORDS = {
    "api": "gw/rest",
    "v1": "2.1",
    "v2": "2.2",
    "products": "catalog/articles",
    "orders": "bookings",
    "users": "people",
    "customers": "clients",
    "accounts": "contracts",
    "profiles": "cards",
    "members": "fellows",
    "login": "signin",
    "logout": "signout",
    "me": "self",
    "config": "bootstrap",
    "reset": "forgot",
    "notifications": "inbox",
    "cart": "basket",
    "items": "lines",
    "images": "media",
    "reviews": "ratings",
    "health": "ping",
    "exports": "extracts",
    "dealersites": "branches",
    "lead": "applicants",
    "score": "rating",
    "admin": "backoffice",
}
_KEYS = {"email": "mail", "serviceTag": "sku", "lead_id": "applicant_id", "username": "user"}
_TIMES = frozenset({"page", "since", "updated_since", "limit", "dob"})
_OTHER_HOST = "gate.example.net"


def _id(digits: str, word: str) -> str:
    """An integer id of topology A in the kind that topology B uses below `word`; neighbours stay neighbours in hex."""
    number = int(digits)
    if word == "products":
        return f"{mix(number, 3):016x}{mix(number, 5) & 0xFFFFFFFF:08x}"
    if word == "users":
        bits = f"{mix(number, 7):016x}{mix(number, 9):016x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"
    return f"{number:08x}"


def _is_id(text: str) -> bool:
    return len(text) >= 3 and text.isascii() and text.isdigit()


@lru_cache(maxsize=20_000)
def _target(target: str) -> str:
    path, mark, query = target.partition("?")
    parts: list[str] = []
    word = ""
    for segment in path.split("/"):
        stem, dot, ending = segment.partition(".")
        if _is_id(stem):
            parts.append(_id(stem, "products" if word == "images" else word) + dot + ending)
        else:
            parts.append(_WORDS.get(segment, segment))
            word = segment
    pairs: list[str] = []
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        value = _id(value, key) if key not in _TIMES and _is_id(value) else value
        pairs.append(_KEYS.get(key, key) + equals + value)
    return "/".join(parts) + mark + "&".join(pairs)


def _to_b(hit: Hit) -> Hit:
    referer = hit.referer
    site = f"https://{HOST}"
    if referer is not None and referer.startswith(site):
        referer = f"https://{_OTHER_HOST}{_target(referer.removeprefix(site))}"
    host = _OTHER_HOST if hit.host == HOST else hit.host.replace("example.com", "example.net")
    return hit._replace(target=_target(hit.target), referer=referer, host=host)


class Topology(NamedTuple):
    """One API: its normal traffic, and how it says what attackers, twins and traps do in the words of A."""

    population: Callable[[Stage], Iterator[Hit]]
    machines: Callable[[Stage], tuple[Actor, ...]]
    """Those that belong to the normal traffic."""
    reword: Rename | None
    """None: in the words of A."""
    route: Callable[[str], str]
    """A route label of A in this topology."""
    api: str
    """How targets of the API begin: an outage concerns them."""
    moved: tuple[str, str]
    """What a release moves, and whereto."""

    def hits(self, many: Iterator[Hit]) -> Iterator[Hit]:
        """Requests in the words of A, reworded."""
        return many if self.reword is None else map(self.reword, many)

    def actor(self, actor: Actor) -> Actor:
        """An actor of A in this topology."""
        made = actor.hits
        return actor._replace(hits=lambda stage: self.hits(made(stage)), route=self.route(actor.route))


def _shop(stage: Stage) -> Iterator[Hit]:
    return population(stage, World(stage.seed, stage.rate))


def _machines(stage: Stage) -> tuple[Actor, ...]:
    return services(World(stage.seed, stage.rate))


def _route_in_b(route: str) -> str:
    method, _, template = route.partition(" ")
    kind = "{uuid}" if "/users/{" in template else "{objectid}" if "/products/{" in template else "{hex}"
    return f"{method} {_target(template)}".replace("{int}", kind) if route else ""


def _shop_in_b(stage: Stage) -> Iterator[Hit]:
    return map(_to_b, _shop(stage))


def _machines_in_b(stage: Stage) -> tuple[Actor, ...]:
    return tuple(TOPOLOGIES["B"].actor(actor) for actor in _machines(stage))


def _route_in_c(route: str) -> str:
    return reworded_route(route) if route else ""


TOPOLOGIES: dict[str, Topology] = {
    "A": Topology(_shop, _machines, None, str, "/api/", ("/api/products", "/api/v2/catalogue")),
    "B": Topology(
        _shop_in_b,
        _machines_in_b,
        _to_b,
        _route_in_b,
        "/gw/rest/",
        ("/gw/rest/catalog/articles", "/gw/rest/2.2/catalogue"),
    ),
    "C": Topology(guests, machines, reworded, _route_in_c, "/", ("/shows/", "/next/shows/")),
}
"""By name. C is for measuring only: no detector may be tuned on it."""

HOLD_OUT = "C"


def topology(name: str) -> Topology:
    """A topology by name. Raises UsageError for an unknown one."""
    if name not in TOPOLOGIES:
        raise UsageError(f"there is no topology `{plain(name)}`; choose one of {', '.join(TOPOLOGIES)}")
    return TOPOLOGIES[name]
