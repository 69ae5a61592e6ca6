"""Machines that belong to the normal traffic: monitors, search and preview bots, a partner's synchronisation."""

from collections.abc import Iterator

from apiwatch.simulate.chance import DURATIONS, stream
from apiwatch.simulate.model import Actor, Hit, Stage
from apiwatch.simulate.world import World

__all__ = ["services"]

_PAGE_SIZE = 5_318
_CRAWLER = "Mozilla/5.0 (compatible; ExampleSearchBot/2.1; +https://search.example.org/bot.html)"
_PREVIEW = "ExampleChat-LinkPreview/1.4 (+https://chat.example.org/preview)"
_MONITOR = "ExampleUptime/3.2 (monitor; +https://uptime.example.org)"
_DEVICE = "ExampleTV/4.1 (webOS 23)"
_PARTNER = "Apache-HttpClient/4.5.14 (Java/17.0.11)"


def services(world: World) -> tuple[Actor, ...]:
    """The machines that visit the shop, whatever the number of users."""
    return (
        *(_monitor(number) for number in range(3)),
        *(_crawler(number, world) for number in range(2)),
        _previews(world),
        _partner(world),
        _devices(),
    )


def _monitor(number: int) -> Actor:
    """Asks for the health of the service every 30 s, like a metronome."""
    client = f"198.18.255.{10 + number}"

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, f"monitor/{number}")
        time = 10.0 * number + chance.random()
        while time < stage.duration:
            yield Hit(time, client, None, "GET", "/health", 200, 15, None, _MONITOR, 0.002)
            time += 30.0

    return Actor(f"monitor-{number + 1}", "benign", (client,), hits)


def _devices() -> Actor:
    """Sets in living rooms: each renews its token every few hours, and asks who it belongs to."""
    clients = tuple(f"198.18.252.{number}" for number in range(101, 221))

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, "devices")
        time = chance.expovariate(1 / 120)
        while time < stage.duration:
            number = int(len(clients) * chance.random())
            user = f"living-room-{number}"
            duration = DURATIONS[int(1024 * chance.random())]
            yield Hit(time, clients[number], None, "POST", "/api/token/refresh", 200, 702, None, _DEVICE, duration)
            yield Hit(time + 0.3, clients[number], user, "GET", "/api/me", 200, 431, None, _DEVICE, duration)
            time += 0.4 + chance.expovariate(1 / 120)

    return Actor("devices", "benign", clients, hits)


def _crawler(number: int, world: World) -> Actor:
    """A search engine: product pages, popular ones more often, one in 80 to 140 s, and now and then robots.txt.

    A few hundred different pages in a day: who looks at a whole day has to know it as a crawler.
    """
    client = f"198.18.254.{20 + number}"

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, f"crawler/{number}")
        count = len(world.products)
        time = 110.0 * chance.random()
        while time < stage.duration:
            if chance.random() < 0.03:
                target, size = "/robots.txt", 118
            else:
                product = world.products[int(count ** (chance.random() ** 0.7)) - 1]
                target, size = f"/products/{product}", _PAGE_SIZE
            yield Hit(time, client, None, "GET", target, 200, size, None, _CRAWLER, DURATIONS[int(time) & 1023])
            time += 80.0 + 60.0 * chance.random()

    return Actor(f"crawler-{number + 1}", "trap", (client,), hits, route="GET /products/{int}")


def _previews(world: World) -> Actor:
    """A messenger fetches each product page that somebody shares, once."""
    clients = tuple(f"198.18.253.{30 + number}" for number in range(4))

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, "previews")
        time = chance.expovariate(1 / 45)
        while time < stage.duration:
            target = f"/products/{world.product(chance)}"
            client = clients[int(4 * chance.random())]
            yield Hit(time, client, None, "GET", target, 200, _PAGE_SIZE, None, _PREVIEW, DURATIONS[int(time) & 1023])
            time += chance.expovariate(1 / 45)

    return Actor("previews", "trap", clients, hits, route="GET /products/{int}")


def _partner(world: World) -> Actor:
    """A partner asks every minute what has changed, and reads some of the best-sellers again."""
    client = "198.18.252.40"

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, "partner")
        time = 5.0 + 50.0 * chance.random()
        name = "partner-17"
        referer = None
        while time < stage.duration:
            since = int(stage.start + time) - 60
            target = f"/api/products?updated_since={since}"
            yield Hit(time, client, name, "GET", target, 200, 1_840, referer, _PARTNER, 0.061)
            for step in range(1, 4):
                product = world.products[int(40 * chance.random())]
                size = world.size(3, product, 2_400)
                later = time + 0.2 * step
                yield Hit(later, client, name, "GET", f"/api/products/{product}", 200, size, referer, _PARTNER, 0.018)
            time += 60.0

    return Actor("partner", "benign", (client,), hits, users=("partner-17",), route="GET /api/products/{int}")
