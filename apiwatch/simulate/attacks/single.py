"""The attackers: each is an `Actor` with one mechanism, so that a miss can be explained.

Attackers come from the three IPv4 documentation networks (RFC 5737), where no normal client lives.
"""

from collections.abc import Callable, Iterator
from random import Random

from apiwatch.simulate.chance import DURATIONS, SPREAD, mix, stream
from apiwatch.simulate.model import Actor, Hit, Stage
from apiwatch.simulate.words import guesses
from apiwatch.simulate.world import ORDERS, USERS

__all__ = ["brute_force", "fuzzing", "guessing", "scrape", "spray", "stuffing", "walk"]

PYTHON = "python-requests/2.31.0"
GO = "Go-http-client/2.0"
FFUF = "Fuzz Faster U Fool v2.1.0-dev"
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)

_ORDER = "GET /api/orders/{int}"
_USER = "GET /api/users/{int}"
_LOG_IN = "POST /api/login"
_DENIED, _MISSING, _REFUSED = 83, 76, 61


def _paced(
    stage: Stage, name: str, after: float, every: float, lasts: float | None, workers: int = 1
) -> Iterator[tuple[Random, float]]:
    """(chance, time) of each request of an attack that begins `after` seconds from the onset, with a little jitter.

    Several workers send their requests together, and as many times rarer.
    """
    chance = stream(stage.seed, name)
    time = stage.onset + after
    end = stage.duration if lasts is None else min(stage.duration, time + lasts)
    while time < end:
        for worker in range(workers):
            if (sent := time + 0.07 * every * worker) < end:
                yield chance, sent
        time += workers * every * (0.9 + 0.2 * chance.random())


def _order(order: int) -> tuple[int, int]:
    """(status, size) of somebody's order: two of three exist, and a few of those are refused."""
    bits = mix(order, 11)
    if bits % 3 == 0:
        return 404, _MISSING
    if bits % 100 < 12:
        return 403, _REFUSED
    return 200, int(860 * SPREAD[bits >> 8 & 1023])


def walk(name: str, client: str, *, every: float, after: float = 0.0, lasts: float | None = None) -> Actor:
    """Logs in with an account of its own, then counts through order ids: one request in `every` seconds."""
    user = f"{name}-account"
    agent = PYTHON if every < 1 else BROWSER

    def hits(stage: Stage) -> Iterator[Hit]:
        first = ORDERS[0] + stream(stage.seed, f"{name}/id").randrange(ORDERS[1] // 2)
        login = stage.onset + after
        if login < stage.duration:
            yield Hit(login, client, user, "POST", "/api/login", 200, 702, None, agent, 0.092)
        steps = _paced(stage, name, after + 1.0, every, lasts)
        for order, (chance, time) in enumerate(steps, first):
            status, size = _order(order)
            target = f"/api/orders/{order}"
            yield Hit(time, client, user, "GET", target, status, size, None, agent, _duration(chance))

    return Actor(
        name,
        "attacker",
        (client,),
        hits,
        users=(user,),
        route=_ORDER,
        family="enumeration",
        expect=("enumeration.sequential",),
        must_detect_requests=15,
    )


def guessing(name: str, client: str, *, every: float, after: float = 0.0) -> Actor:
    """Guesses order ids far apart, of which nine in ten do not exist."""

    def hits(stage: Stage) -> Iterator[Hit]:
        for chance, time in _paced(stage, name, after, every, None):
            order = chance.randrange(10_000_000, 100_000_000)
            found = chance.random() < 0.1
            status, size = (200, int(860 * SPREAD[order & 1023])) if found else (404, _MISSING)
            yield Hit(time, client, None, "GET", f"/api/orders/{order}", status, size, None, GO, _duration(chance))

    return Actor(
        name,
        "attacker",
        (client,),
        hits,
        route=_ORDER,
        family="enumeration",
        expect=("enumeration.miss",),
        must_detect_requests=15,
    )


def scrape(name: str, client: str, *, every: float, after: float = 0.0) -> Actor:
    """Reads one user profile after the other in random order from a list of ids that exist, none twice.

    A route that few others use allows twice the floor of an hour, 80 objects (design of detection, section 5.6).
    """

    def hits(stage: Stage) -> Iterator[Hit]:
        seen: set[int] = set()
        for chance, time in _paced(stage, name, after, every, None):
            user = USERS[0] + chance.randrange(USERS[1])
            while user in seen:
                user = USERS[0] + chance.randrange(USERS[1])
            seen.add(user)
            size = int(710 * SPREAD[user & 1023])
            yield Hit(time, client, None, "GET", f"/api/users/{user}", 200, size, None, BROWSER, _duration(chance))

    return Actor(
        name,
        "attacker",
        (client,),
        hits,
        route=_USER,
        family="scraping",
        expect=("scraping.distinct-objects",),
        must_detect_requests=81,
    )


def stuffing(
    name: str, client: str, *, every: float, after: float = 0.0, lasts: float | None = None, hit_share: float = 0.01
) -> Actor:
    """Tries leaked pairs of user and password with three workers, each user once; one in a hundred lets them in."""
    return _log_ins(
        Actor(
            name,
            "attacker",
            (client,),
            lambda stage: iter(()),
            route=_LOG_IN,
            family="auth",
            expect=("auth.credential-stuffing",),
            must_detect_requests=9,
        ),
        every=every,
        after=after,
        lasts=lasts,
        workers=3,
        agent=PYTHON,
        target=lambda chance: f"{_leaked(chance)}@example.org",
        succeeds=hit_share,
    )


def spray(name: str, client: str, *, every: float, after: float = 0.0) -> Actor:
    """Tries one common password on user after user, slowly enough for every lock-out rule."""
    return _log_ins(
        Actor(
            name,
            "attacker",
            (client,),
            lambda stage: iter(()),
            route=_LOG_IN,
            family="auth",
            expect=("auth.password-spray",),
            must_detect_requests=9,
        ),
        every=every,
        after=after,
        lasts=None,
        workers=1,
        agent=BROWSER,
        target=_leaked,
        succeeds=0.0,
    )


def brute_force(name: str, client: str, *, every: float, after: float = 0.0) -> Actor:
    """Tries password after password for one user."""
    return _log_ins(
        Actor(
            name,
            "attacker",
            (client,),
            lambda stage: iter(()),
            route=_LOG_IN,
            family="auth",
            expect=("auth.brute-force",),
            must_detect_requests=9,
        ),
        every=every,
        after=after,
        lasts=None,
        workers=1,
        agent=GO,
        target=lambda chance: "admin",
        succeeds=0.0,
    )


def fuzzing(name: str, client: str, *, every: float, after: float = 0.0) -> Actor:
    """Works through a word list of endpoints until the 200th word, and finds one that was forgotten."""
    found_at, words = 150, 200

    def hits(stage: Stage) -> Iterator[Hit]:
        paths = guesses(stream(stage.seed, f"{name}/words"))
        for index, (chance, time) in enumerate(_paced(stage, name, after, every, every * words)):
            path = next(paths)
            draw = chance.random()
            status, size = (404, 548) if draw < 0.9 else (403, _REFUSED) if draw < 0.97 else (405, 0)
            if index == found_at:
                path, status, size = "/internal/exports", 200, 48_211
            yield Hit(time, client, None, "GET", path, status, size, None, FFUF, _duration(chance))

    return Actor(
        name,
        "attacker",
        (client,),
        hits,
        family="recon",
        expect=("recon.endpoint-fuzzing", "recon.known-path"),
        must_detect_requests=8,
    )


def _log_ins(
    actor: Actor,
    *,
    every: float,
    after: float,
    lasts: float | None,
    workers: int,
    agent: str,
    target: Callable[[Random], str],
    succeeds: float,
) -> Actor:
    """The actor with log-in attempts as its requests; `target` names the account of each attempt."""
    client = actor.clients[0]

    def hits(stage: Stage) -> Iterator[Hit]:
        for attempt, (chance, time) in enumerate(_paced(stage, actor.name, after, every, lasts, workers)):
            user = target(chance)
            success = chance.random() < succeeds and attempt > 20
            status, size = (200, 712) if success else (401, _DENIED)
            yield Hit(time, client, user, "POST", "/api/login", status, size, None, agent, _duration(chance))

    return actor._replace(hits=hits)


def _leaked(chance: Random) -> str:
    return f"{chance.choice('abcdefghijklmnoprstuvw')}.{chance.getrandbits(40):x}"


def _duration(chance: Random) -> float:
    return DURATIONS[int(chance.random() * 1024)]
