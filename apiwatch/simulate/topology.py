"""API layouts: the same life of a shop behind other names, other kinds of ids and another depth of its paths.

Everything is simulated in the words of topology A. Topology B renames it request by request, so that both hold the
same behaviour and a detector that depends on a name or on the kind of an id shows it.
"""

from collections.abc import Callable
from functools import lru_cache

from apiwatch.errors import UsageError
from apiwatch.simulate.chance import mix
from apiwatch.simulate.model import HOST, Hit
from apiwatch.text import plain

__all__ = ["TOPOLOGIES", "Rename", "renamed_route", "topology"]

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


TOPOLOGIES: dict[str, Rename | None] = {"A": None, "B": _to_b}
"""Topology by name: how it renames a request of A; None for A itself."""


def topology(name: str) -> Rename | None:
    """The renaming of a topology. Raises UsageError for an unknown name."""
    if name not in TOPOLOGIES:
        raise UsageError(f"there is no topology `{plain(name)}`; choose one of {', '.join(TOPOLOGIES)}")
    return TOPOLOGIES[name]


def renamed_route(name: str, route: str) -> str:
    """A route label `METHOD /template` of topology A as topology `name` has it.

    >>> renamed_route("B", "GET /api/orders/{int}"), renamed_route("A", "GET /api/orders/{int}")
    ('GET /gw/rest/bookings/{hex}', 'GET /api/orders/{int}')
    """
    if TOPOLOGIES[name] is None or not route:
        return route
    method, _, template = route.partition(" ")
    kind = "{uuid}" if "/users/{" in template else "{objectid}" if "/products/{" in template else "{hex}"
    return f"{method} {_target(template)}".replace("{int}", kind)
