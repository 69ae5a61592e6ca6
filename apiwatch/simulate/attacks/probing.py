"""R11, R18, R19, R20: wildcards, word lists, verbs that nobody uses, and answers far larger than usual."""

from collections.abc import Iterable

from apiwatch.simulate.attacks.swarm import Call, Replay, Turn, loud, many, one, under_cover, visitors
from apiwatch.simulate.chance import SPREAD, mix, stream
from apiwatch.simulate.words import guesses

__all__ = ["EXPORTS", "FUZZING", "USPS", "VERBS"]

_WILD = ("email=*", "email=%25", "zip=9021%25", "email=%25%40example.org")


def _usps(turn: Turn) -> Iterable[Call]:
    """Four searches that match everybody."""
    size = 3_000_000 + int(17_000_000 * turn.chance.random())
    yield Call("GET", f"/accounts?{_WILD[turn.step % 4]}", 200, size, 2, user=f"mailer{turn.client}")


def _narrow(turn: Turn) -> Iterable[Call]:
    """Wildcards that match few, so that no answer is large."""
    yield Call("GET", f"/accounts?zip=902{turn.step % 10}%25", 200, 20_000, 2, user=f"mailer{turn.client}")


def _mailer(turn: Turn) -> Iterable[Call]:
    """Own accounts by e-mail, with `%40` and `+`; the staff exports once a day."""
    mail = f"m{turn.client}%2Bnews%40example.org" if turn.client % 3 == 0 else f"m{turn.client}%40example.org"
    yield Call(
        "GET", f"/accounts?email={mail}", 200, int(2_000 * SPREAD[turn.client & 1023]), user=f"user{turn.client}"
    )


def _staff(turn: Turn) -> Iterable[Call]:
    yield Call("GET", f"/exports/{700 + turn.step}", 200, 5_000_000, user="staff")


USPS = Replay(
    "R11",
    "wildcards in a search for accounts (USPS 2018)",
    "GET /accounts",
    _usps,
    {
        "g0": loud(1.0, 4),
        "g1": one(30.0, 4),
        "g2": one(600.0, 4),
        "g3": many(4, 30.0, 4),
        "g4": under_cover(1, 30.0, 8),
    },
    {"": ("exfiltration.oversized-response", "recon.parameter-tampering")},
    (visitors("mailers", _mailer, every=5.0, clients=900), visitors("staff", _staff, every=86_400.0)),
    must_requests=3,
    recipes={"g4": _narrow},
)

_HOSTS = ("dev.example.com", "staging.example.com", "old.example.com")


def _words(seed: int, step: int) -> str:
    found = _LISTS.get(seed)
    if found is None:
        _LISTS.clear()
        found = _LISTS[seed] = tuple(guesses(stream(seed, "R18/words")))
    return found[step % len(found)]


_LISTS: dict[int, tuple[str, ...]] = {}
"""The word list of the last seed; a cache."""


def _fuzz(turn: Turn) -> Iterable[Call]:
    """A word list over prefixes, versions and hosts; two in a hundred words exist."""
    draw = turn.chance.random()
    status, size = (404, 548) if draw < 0.9 else (403, 61) if draw < 0.96 else (405, 0)
    truth = 1
    if draw > 0.985:
        status, size, truth = 200, 4_000 + turn.step, 2
    host = _HOSTS[turn.step % 3] if turn.step % 10 == 9 else "shop.example.com"
    yield Call("GET", _words(turn.base, turn.step), status, size, truth, host=host)


def _old_app(turn: Turn) -> Iterable[Call]:
    """An app that still calls what was taken away, and what every browser asks for by itself."""
    path = ("/api/v0/banner", "/.well-known/assetlinks.json", "/api/v0/banner", "/favicon.ico")[turn.step % 4]
    yield Call("GET", path, 404, 548)


_RECON = (
    "recon.endpoint-fuzzing",
    "recon.fuzz-hit",
    "recon.known-path",
    "recon.scanner-agent",
    "inventory.zombie-version",
    "inventory.unknown-host",
    "inventory.shadow-endpoint",
)

FUZZING = Replay(
    "R18",
    "a word list over API versions and hosts (shadow API fuzzing)",
    "",
    _fuzz,
    {
        "g0": loud(0.05, 400, "Fuzz Faster U Fool v2.1.0-dev"),
        "g1": one(0.5, 300),
        "g2": one(30.0, 60),
        "g3": many(200, 0.05, 600),
        "g4": under_cover(2_000, 1.0, 900),
    },
    {"": _RECON, "g3": ("population.miss", "campaign.cluster", *_RECON), "g4": ("population.miss", "campaign.cluster")},
    (visitors("old-app", _old_app, every=3.0, clients=5_000),),
    must_requests=8,
    must_many=(None, None),
)

_VERBS = (("DELETE", 405, 0), ("PATCH", 403, 61), ("DELETE", 405, 0))


def _verbs(turn: Turn) -> Iterable[Call]:
    """Eleven refusals, and a write that is let through."""
    user = f"shopper{turn.client}"
    if turn.step == 5:
        yield Call("TRACE", "/", 405, 0, user=user)
    elif turn.step == 9:
        yield Call("PUT", f"/v1/users/{20_000 + turn.base}", 200, 710, 2, user=user)
    else:
        method, status, size = _VERBS[turn.step % 3]
        yield Call(method, f"/v1/products/{10_000 + turn.base % 900 + turn.step}", status, size, user=user)


def _reader(turn: Turn) -> Iterable[Call]:
    """Reads products, with preflights; link checkers ask with HEAD."""
    product = 10_000 + int(900 * turn.chance.random() ** 2)
    path = f"/v1/products/{product}"
    if turn.step % 3 == 0:
        yield Call("OPTIONS", path, 204, 0)
    if turn.step % 7 == 0:
        yield Call("HEAD", path, 200, 0, after=0.3)
    yield Call("GET", path, 200, int(1_000 * SPREAD[product & 1023]), after=0.5)
    if turn.step % 5 == 0:
        user = mix(turn.client, 47) % 9_000
        yield Call("GET", f"/v1/users/{20_000 + user}", 200, 700 + user % 50, user=f"reader{turn.client}", after=4.0)


VERBS = Replay(
    "R19",
    "verbs that nobody uses (function-level abuse)",
    "",
    _verbs,
    {"g0": loud(0.4, 12), "g1": one(3.0, 12), "g2": one(3_600.0, 12), "g3": many(12, 3.0, 12)},
    {"": ("recon.verb-anomaly", "enumeration.foreign-object")},
    (visitors("readers", _reader, every=3.0, clients=900),),
    must_requests=10,
)


def _uuid(number: int) -> str:
    bits = f"{mix(number, 49):016x}{mix(number, 51):016x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"


def _export(number: int, size: int, truth: int, user: str) -> Call:
    return Call("GET", f"/v1/exports/{_uuid(number)}", 200, size, truth, user=user)


def _theft(turn: Turn) -> Iterable[Call]:
    yield _export(900_000 + turn.base + turn.step, 100_000_000, 2, f"clerk{turn.client}")


def _shared_theft(turn: Turn) -> Iterable[Call]:
    yield _export(900_000 + turn.base + turn.step, 10_000_000, 2, f"clerk{turn.client}")


def _chunks(turn: Turn) -> Iterable[Call]:
    yield _export(900_000 + turn.base + turn.step, 2_000_000, 2, f"clerk{turn.client}")._replace(status=206)


def _clerk(turn: Turn) -> Iterable[Call]:
    """Exports of about a megabyte; media elsewhere are larger."""
    size = int(1_000_000 * SPREAD[int(1024 * turn.chance.random())] ** 1.5)
    yield _export(turn.client * 1_000 + turn.step, size, 0, f"clerk{turn.client}")
    if turn.step % 6 == 0:
        yield Call("GET", f"/media/{turn.step % 40}.mp4", 200, 80_000_000, user=f"clerk{turn.client}", after=20.0)


def _month_end(turn: Turn) -> Iterable[Call]:
    yield _export(500_000 + turn.step, 50_000_000, 0, "reporting")


EXPORTS = Replay(
    "R20",
    "few requests, a hundred times the bytes (export theft)",
    "GET /v1/exports/{uuid}",
    _theft,
    {
        "g0": loud(200.0, 3),
        "g1": one(200.0, 3),
        "g2": one(86_400.0, 3),
        "g3": many(30, 20.0, 30),
        "g4": under_cover(1, 60.0, 360),
    },
    {"": ("exfiltration.oversized-response", "exfiltration.principal-bytes")},
    (visitors("clerks", _clerk, every=20.0, clients=80), visitors("month-end", _month_end, every=86_400.0)),
    must_requests=3,
    recipes={"g3": _shared_theft, "g4": _chunks},
)
