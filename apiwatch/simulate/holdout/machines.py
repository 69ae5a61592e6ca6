"""The machines around the ticket office: screens, calendars, mail proxies, a reseller, a search engine, probes."""

from collections.abc import Callable, Iterator
from random import Random

from apiwatch.simulate.chance import DURATIONS, stream
from apiwatch.simulate.holdout.house import API, FILES, SITE, House, code, sized, uuid
from apiwatch.simulate.model import Actor, Hit, Role, Stage

__all__ = ["machines"]

_Ask = Callable[[int, Random], tuple[str, int, int, str]]
"""(number of the request, chance) -> (target, status, size, host)."""


def machines(stage: Stage) -> tuple[Actor, ...]:
    """All of them."""
    house = House(stage.seed, stage.rate)

    def resold(count: int, chance: Random) -> tuple[str, int, int, str]:
        """What changed, and some of the shows that sell."""
        if count % 10 == 0:
            return f"/feeds/inventory;since={count * 12}", 200, 31_000, API
        show = house.show(chance)
        return f"/shows/{code(show)}", 200, sized(show, 61, 3_300), API

    return (
        _machine("probe", "benign", 20.0, ("198.18.250.4",), "kube-probe/1.31", _probe),
        _machine("screens", "benign", 2.0, ("198.19.249.3",), "VenueScreen/2 (linux armv7)", _screen),
        _machine("calendars", "benign", 6.0, _row("198.18.249.", 180), "iOS/18.5 (22F76) dataaccessd/1.0", _calendar),
        _machine("mail-pictures", "trap", 9.0, _row("198.18.248.", 4), "ExampleMail (picture proxy)", _picture),
        _machine("reseller", "trap", 12.0, ("198.18.247.9",), "Reseller-Sync/5.1", resold),
        _machine("search-engine", "trap", 75.0, _row("198.18.246.", 3), "ExampleSeeker/1.0 (robot)", _page),
    )


def _row(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(1, count + 1))


def _machine(name: str, role: Role, every: float, clients: tuple[str, ...], agent: str, ask: _Ask) -> Actor:
    """One request in about `every` seconds, by the clients in turn."""

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, f"ticket office/{name}")
        time = every * chance.random()
        count = 0
        while time < stage.duration:
            target, status, size, host = ask(count, chance)
            client = clients[count % len(clients)]
            duration = DURATIONS[int(1024 * chance.random())]
            yield Hit(time, client, None, "GET", target, status, size, None, agent, duration, host)
            time += every * (0.9 + 0.2 * chance.random())
            count += 1

    return Actor(name, role, clients, hits)


def _probe(count: int, chance: Random) -> tuple[str, int, int, str]:
    return ("/healthz", "/readyz")[count % 2], 200, 2, API


def _screen(count: int, chance: Random) -> tuple[str, int, int, str]:
    """Eight screens in one foyer ask what is on."""
    return f"/screens/{301 + count % 8}/now", 200, 412, API


def _calendar(count: int, chance: Random) -> tuple[str, int, int, str]:
    return f"/calendars/{uuid(count % 180, 73)}.ics", 304 if chance.random() < 0.8 else 200, 0, API


def _picture(count: int, chance: Random) -> tuple[str, int, int, str]:
    """Mail providers fetch the code of each ticket that somebody looks at, mostly again."""
    return f"/qr/{uuid(int(400 * chance.random() ** 2), 75)}.png", 200, 1_630, FILES


def _page(count: int, chance: Random) -> tuple[str, int, int, str]:
    return f"/s/{code(count % 420)}", 200, 17_500, SITE
