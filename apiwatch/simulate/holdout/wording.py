"""What happens in the words of topology A, said in the words and habits of the ticket office.

Ids count behind a prefix, users are UUIDs, the version stands in the host, and a log-in always answers 200.
"""

from functools import lru_cache

from apiwatch.simulate.chance import mix
from apiwatch.simulate.holdout.house import API, FILES, SITE, booking, booking_of, code, uuid
from apiwatch.simulate.holdout.visits import REFUSED
from apiwatch.simulate.model import Hit

__all__ = ["reworded", "reworded_route"]

_WORDS = {
    "api": "",
    "v1": "",
    "v2": "",
    "1": "",
    "login": "identity/session",
    "me": "identity/self",
    "products": "shows",
    "orders": "reservations",
    "users": "guests",
    "customers": "patrons",
    "accounts": "ledgers",
    "members": "friends",
    "profiles": "artists",
    "images": "posters",
    "authenticate": "sign-in",
    "createJWT": "issueToken",
    "resetPassword": "recoverPassword",
    "forgot": "recover-link",
    "registerUser": "sign-up",
    "score": "solvency",
    "exports": "downloads",
    "export": "download",
    "dealersites": "venues",
    "lead": "casting",
    "ownership": "holder",
    "user": "fan",
    "workouts": "playlists",
    "protected": "closed",
    "config": "settings/web",
    "notifications": "news",
    "onboarding": "welcome",
    "projects": "tours",
    "prof": "agents",
    "dec": "reader",
    "health": "healthz",
    "share": "shared",
    "media": "trailers",
    "feed": "wall",
}
_KEYS = {"email": "mail", "serviceTag": "sku", "lead_id": "person_id", "username": "user", "flow_name": "flow"}
_COUNTED = frozenset({"customers", "dealersites", "accounts", "projects", "lead_id"})
_PAGES = frozenset({"/", "/robots.txt", "/favicon.ico", "/credit-check"})
_LOG_INS = frozenset({"/api/login", "/login", "/prof/login"})


def _id(word: str, digits: str) -> str:
    number = int(digits)
    if word == "orders":
        return booking(number)
    if word in {"products", "images"}:
        return code(number)
    if word == "users":
        return uuid(number, 67)
    return booking_of(word, number) if word in _COUNTED else digits


@lru_cache(maxsize=20_000)
def _target(target: str) -> str:
    path, mark, query = target.partition("?")
    parts: list[str] = []
    word = ""
    for segment in path.split("/"):
        stem, dot, ending = segment.partition(".")
        if len(stem) >= 3 and stem.isascii() and stem.isdigit():
            parts.append(_id(word, stem) + dot + ending)
            continue
        word = segment
        said = _WORDS.get(segment, segment)
        if said or not segment:
            parts.append(said)
    pairs: list[str] = []
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        said = _id(key, value) if key in _COUNTED and value.isdigit() else value
        pairs.append(_KEYS.get(key, key) + equals + said)
    return ("/".join(parts) or "/") + mark + "&".join(pairs)


def reworded(hit: Hit) -> Hit:
    """A request of an attacker, a twin or a trap, as the ticket office logs it."""
    status, size = hit.status, hit.size
    path = hit.target.partition("?")[0]
    if path in _LOG_INS and hit.method == "POST":
        status, size = 200, REFUSED if status == 401 else 1_020 + mix(len(hit.user or ""), 3) % 40
    elif size > 100:
        size = int(1.3 * size) + 61
    host = hit.host.replace("example.com", "tickets.example.org")
    if hit.host.startswith("shop."):
        host = SITE if path in _PAGES else FILES if path.startswith(("/images/", "/assets/")) else API
    referer = hit.referer
    if referer is not None and "shop.example.com" in referer:
        referer = f"https://{SITE}/"
    return hit._replace(target=_target(hit.target), status=status, size=size, referer=referer, host=host)


def reworded_route(route: str) -> str:
    """A route label `METHOD /template` of topology A.

    >>> reworded_route("GET /api/orders/{int}"), reworded_route("GET /api/users/{int}")
    ('GET /reservations/{slug}', 'GET /guests/{uuid}')
    """
    method, _, template = route.partition(" ")
    kinds = {
        "users": "{uuid}",
        "orders": "{slug}",
        "products": "{slug}",
        "customers": "{slug}",
        "dealersites": "{slug}",
    }
    pieces = template.split("/")
    for place in range(1, len(pieces)):
        if pieces[place] == "{int}":
            pieces[place] = kinds.get(pieces[place - 1], "{int}")
    return f"{method} {_target('/'.join(pieces))}"
