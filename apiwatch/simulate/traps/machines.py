"""Crawlers and services that look like scrapers, walkers and scanners."""

from collections.abc import Iterable

from apiwatch.simulate.attacks.swarm import Call, Turn
from apiwatch.simulate.chance import SPREAD, mix
from apiwatch.simulate.traps.trap import Trap, trap
from apiwatch.simulate.words import guesses

__all__ = ["MACHINES"]

_UPTIME, _K6 = ("ExampleUptime/3.2 (monitor)",), ("k6/0.51.0 (https://k6.io/)",)
_JAVA = ("Apache-HttpClient/4.5.14 (Java/17.0.11)",)
_FIRST_PRODUCT, _PRODUCTS = 10_000, 90_000


def _sized(number: int, median: int) -> int:
    return int(median * SPREAD[mix(number, 81) & 1023])


def _sitemap(turn: Turn) -> Iterable[Call]:
    """Page after page, as the sitemap lists them."""
    for index in range(20):
        number = _FIRST_PRODUCT + (20 * turn.step + index) % _PRODUCTS
        yield Call("GET", f"/products/{number}", 200, _sized(number, 5_318), after=4.0 * index)


def _preview(turn: Turn) -> Iterable[Call]:
    """A link that somebody shared, fetched once by each messenger."""
    number = _FIRST_PRODUCT + int(_PRODUCTS * turn.chance.random())
    for index in range(2):
        yield Call("GET", f"/products/{number}", 200, _sized(number, 5_318), after=2.0 * index, by=index)


def _widget(turn: Turn) -> Iterable[Call]:
    """Pictures in the README of others, always the same few."""
    yield Call("GET", f"/badges/{int(60 * turn.chance.random() ** 2) + 100}.svg", 200, 1_204)


def _antivirus(turn: Turn) -> Iterable[Call]:
    """A private link, and the virus scanner of its reader that looks at it once, from elsewhere."""
    token = f"{mix(turn.step, turn.base):016x}{mix(turn.step, 83):016x}"
    yield Call("GET", f"/documents/{token}", 200, _sized(turn.step, 40_000), by=1 + turn.step % 199)
    yield Call("GET", f"/documents/{token}", 200, _sized(turn.step, 40_000), after=4.0, by=0)


def _monitor(turn: Turn) -> Iterable[Call]:
    for index, path in enumerate(("/health", "/api/config", "/")):
        yield Call("GET", path, 200, 15 + 400 * index, after=0.1 * index)


def _health(turn: Turn) -> Iterable[Call]:
    """A load balancer asks by address, and a host that was never set up."""
    for index, host in enumerate(("10.0.3.7", "backend-2.internal.example.com")):
        yield Call("GET", "/health", 200, 15, after=0.5 * index, host=host)


def _load_test(turn: Turn) -> Iterable[Call]:
    """Bursts of the same few reads."""
    targets = ("/api/config", "/api/products?sort=popular&page=1")
    for index in range(300):
        yield Call("GET", targets[index % 2], 200, 1_204, after=0.1 * index)


def _sync(turn: Turn) -> Iterable[Call]:
    """The same 60 products as the night before, in the same order."""
    for index in range(60):
        number = _FIRST_PRODUCT + 7 * index
        yield Call("GET", f"/api/products/{number}", 200, _sized(number, 2_400), after=0.5 * index, user="partner-sync")


def _first_batch(turn: Turn) -> Iterable[Call]:
    """A new partner fetches 60 orders for the first time, in the order of their numbers."""
    first = 1_000_000 + 137 * (turn.base % 2_000) + 1_009 * turn.step
    for index in range(60):
        number = first + index
        size = _sized(number, 860)
        yield Call("GET", f"/api/orders/{number}", 200, size, after=0.5 * index, user=f"new-partner-{turn.step}")


def _recruiter(turn: Turn) -> Iterable[Call]:
    """A tool of the help desk opens a dozen customers in a row of calls."""
    for index in range(12):
        number = 20_000 + int(900_000 * turn.chance.random())
        call = Call("GET", f"/api/users/{number}", 200, _sized(number, 710), after=25.0 * index, user="desk-tool")
        yield call


def _pen_tester(turn: Turn) -> Iterable[Call]:
    """What he was hired for; until his address is allowed, nobody can know."""
    for index, (path, _) in enumerate(zip(guesses(turn.chance), range(40), strict=False)):
        yield Call("GET", path, 404, 548, after=1.0 * index)


MACHINES: tuple[Trap, ...] = (
    trap("search bot in sitemap order", "crawlers", _sitemap, every=80.0, most="medium",
         agents=("Mozilla/5.0 (compatible; ExampleSearchBot/2.1; +https://search.example.org/bot.html)",)),
    trap("link previews", "crawlers", _preview, every=120.0, clients=2, agents=("ExampleChat-LinkPreview/1.4",)),
    trap("image proxies", "crawlers", _widget, every=3.0, clients=4, agents=("ExampleImageProxy/1.0",)),
    trap("antivirus re-fetch", "crawlers", _antivirus, every=60.0, clients=200),
    trap("uptime monitor", "services", _monitor, every=30.0, agents=_UPTIME, declared="monitor"),
    trap("health check on an unknown host", "services", _health, every=20.0, agents=("ELB-HealthChecker/2.0",)),
    trap("load test", "services", _load_test, every=3_600.0, agents=_K6, declared="loadtest"),
    trap("partner sync", "services", _sync, every=3_600.0, agents=_JAVA, declared="partner"),
    trap("first partner batch", "services", _first_batch, every=86_400.0, clients=50, agents=_JAVA, most="medium"),
    trap("help-desk tool", "services", _recruiter, every=3_600.0, agents=_JAVA, declared="staff"),
    trap("pen tester", "services", _pen_tester, every=86_400.0, most="medium"),
)  # fmt: skip
