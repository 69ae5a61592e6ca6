"""The frame of a replay: grades of stealth, the addresses and agents that follow from them, and when who asks what."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import exp
from random import Random
from typing import NamedTuple

from apiwatch.simulate.agents import APPS, BROWSERS, PHONES
from apiwatch.simulate.chance import DURATIONS, stream
from apiwatch.simulate.model import HOST, Actor, Hit, Stage

__all__ = ["Call", "Grade", "Recipe", "Replay", "Turn", "attacker", "loud", "many", "one", "under_cover", "visitors"]

MIX = (*BROWSERS, *PHONES)
TOOL = "python-requests/2.31.0"
APP = APPS[5]
_COVER = ("/", "/api/config", "/api/products?sort=popular&page=1")


class Call(NamedTuple):
    """One request that a turn of an attack sends."""

    method: str
    target: str
    status: int
    size: int
    """Body bytes."""
    truth: int = 1
    """As in `Hit`."""
    user: str | None = None
    """None: the account of the client, if the attack has accounts."""
    after: float = 0.0
    """Seconds after the turn began."""
    host: str = HOST
    by: int | None = None
    """Number of the client that sends it, if it is not the one whose turn it is."""


class Turn(NamedTuple):
    """One step of an attack: what its recipe may depend on."""

    step: int
    client: int
    """Number of the client, from 0 on."""
    first: bool
    """Whether it is this client's first turn."""
    chance: Random
    base: int
    """A number that is drawn once for the whole attack, below one million."""


Recipe = Callable[[Turn], Iterable[Call]]


class Grade(NamedTuple):
    """How stealthily an attack goes about."""

    every: float
    """Seconds between two turns, over all clients."""
    turns: int
    clients: int = 1
    agents: tuple[str, ...] = (TOOL,)
    jitter: float = 0.0
    """Sigma of the log-normal spacing; 0: constant."""
    dressed: bool = False
    """Names a page as referer."""
    cover: bool = False
    """Each client first visits one to three ordinary routes."""


def loud(every: float, turns: int, agent: str = TOOL) -> Grade:
    """g0: one address, a tool, constant spacing."""
    return Grade(every, turns, agents=(agent,))


def one(every: float, turns: int, agent: str = BROWSERS[0]) -> Grade:
    """g1 and g2: one address that looks like a browser, with jitter."""
    return Grade(every, turns, agents=(agent,), jitter=0.5, dressed=True)


def many(clients: int, every: float, turns: int, agents: tuple[str, ...] = MIX) -> Grade:
    """g3: many addresses in turn, agents of the normal mix."""
    return Grade(every, turns, clients, agents, 0.3, dressed=True)


def under_cover(clients: int, every: float, turns: int, agents: tuple[str, ...] = MIX) -> Grade:
    """g4: as g3, slowly, and with visits of ordinary routes."""
    return Grade(every, turns, clients, agents, 0.5, dressed=True, cover=True)


class Replay(NamedTuple):
    """One published incident, or generic attack, with its grades and its benign twin."""

    id: str
    """`R1` to `R20`."""
    title: str
    route: str
    """In topology A; empty when there are many."""
    recipe: Recipe
    grades: dict[str, Grade]
    """Grades that mean something for this incident."""
    expect: dict[str, tuple[str, ...]]
    """Detectors by grade; `""` for every grade that is not named."""
    twin: tuple[Actor, ...]
    must_requests: int | None = None
    must_seconds: float | None = None
    accounts: bool = False
    """Whether every client acts as an account of its own."""
    recipes: dict[str, Recipe] | None = None
    """Grades that do something else than `recipe`."""
    must_many: tuple[int | None, float | None] | None = None
    """(requests, seconds) for g3 instead."""

    def attacker(self, grade: str, pace: tuple[float, int] | None = None) -> Actor:
        """The attacker of a grade. Raises KeyError for a grade that the replay does not have.

        `pace` is (seconds between two turns, turns) instead of those of the grade.
        """
        requests, seconds = self.must_requests, self.must_seconds
        if grade == "g3" and self.must_many is not None:
            requests, seconds = self.must_many
        expect = self.expect.get(grade, self.expect[""])
        recipe = (self.recipes or {}).get(grade, self.recipe)
        how = self.grades[grade]
        if pace is not None:
            how = how._replace(every=pace[0], turns=pace[1])
        actor = attacker(f"{self.id}-{grade}", how, recipe, self.accounts)
        return actor._replace(
            route=self.route,
            family=expect[0].partition(".")[0],
            expect=expect,
            must_detect_requests=requests,
            must_detect_seconds=seconds,
            replay=self.id,
            grade=grade,
        )


def _address(network: int, number: int) -> str:
    """Address `number` of a network of 16 million for future use (RFC 1112), where no normal client lives."""
    spread = number * 40_503 & 0xFFFFFF
    return f"{network}.{spread >> 16}.{spread >> 8 & 255}.{spread & 255}"


def attacker(name: str, grade: Grade, recipe: Recipe, accounts: bool = False) -> Actor:
    """The actor that runs a recipe as stealthily as a grade says."""
    clients = _addresses(240, name, grade.clients)
    users = tuple(f"{name.lower()}-{number}" for number in range(grade.clients)) if accounts else ()
    hits = partial(_hits, name=name, grade=grade, recipe=recipe, clients=clients, users=users)
    return Actor(name, "attacker", clients[: grade.turns], hits, users=users[: grade.turns])


def _addresses(network: int, name: str, count: int) -> tuple[str, ...]:
    first = stream(0, f"addresses/{name}").randrange(1 << 20)
    return tuple(_address(network, first + number) for number in range(count))


def _hits(
    stage: Stage, *, name: str, grade: Grade, recipe: Recipe, clients: tuple[str, ...], users: tuple[str, ...]
) -> Iterator[Hit]:
    chance = stream(stage.seed, name)
    base = chance.randrange(1_000_000)
    out: list[Hit] = []
    time = stage.onset
    for step in range(grade.turns):
        if time >= stage.duration:
            break
        client = step % grade.clients
        agent = grade.agents[(client * 7) % len(grade.agents)]
        user = users[client] if users else None
        referer = f"https://{HOST}/" if grade.dressed else None
        address = clients[client]
        first = step < grade.clients
        if grade.cover and first:
            for index in range(1 + int(3 * chance.random())):
                early = max(0.0, time - 20.0 + 4.0 * index)
                out.append(_hit(early, address, None, Call("GET", _COVER[index], 200, 1_204, 0), None, agent, chance))
        calls = recipe(Turn(step, client, first, chance, base))
        out.extend(_hit(time + call.after, address, user, call, referer, agent, chance) for call in calls)
        factor = exp(grade.jitter * chance.gauss(0.0, 1.0) - grade.jitter**2 / 2) if grade.jitter else 1.0
        time += grade.every * factor
    out.sort(key=lambda hit: hit.time)
    yield from (hit for hit in out if hit.time < stage.duration)


def _hit(
    time: float, client: str, user: str | None, call: Call, referer: str | None, agent: str, chance: Random
) -> Hit:
    duration = DURATIONS[int(chance.random() * 1024)]
    name = call.user if call.user is not None else user
    return Hit(
        time, client, name, call.method, call.target, call.status, call.size, referer, agent, duration,
        call.host, call.truth,
    )  # fmt: skip


def visitors(
    name: str,
    recipe: Recipe,
    *,
    every: float,
    clients: int = 1,
    agents: tuple[str, ...] = MIX,
    accounts: bool = False,
    hours: tuple[float, float] = (0.0, 24.0),
    addresses: tuple[str, ...] = (),
) -> Actor:
    """A benign twin: visits of a recipe's calls for the whole simulation, by clients at random, one in `every` seconds.

    `hours` are those of the day (UTC) in which they come. `addresses` are those of the clients, in turn; without any
    each has its own.
    """
    known = tuple(dict.fromkeys(addresses)) or _addresses(241, name, clients)
    users = tuple(f"{name}-{number}" for number in range(clients)) if accounts else ()

    def hits(stage: Stage) -> Iterator[Hit]:
        chance = stream(stage.seed, name)
        base = chance.randrange(1_000_000)
        pending: list[Hit] = []
        time = chance.expovariate(1 / (every * stage.thinned))
        step = 0
        while time < stage.duration:
            ready = [hit for hit in pending if hit.time <= time]
            pending = [hit for hit in pending if hit.time > time]
            yield from ready
            if hours[0] <= (stage.start + time) / 3600 % 24 < hours[1]:
                client = int(chance.random() * clients)
                user = users[client] if users else None
                calls = recipe(Turn(step, client, False, chance, base))
                for call in calls:
                    sender = client if call.by is None else call.by
                    agent = agents[(sender * 7) % len(agents)]
                    plain = call._replace(truth=0)
                    address = known[sender % len(known)]
                    pending.append(_hit(time + call.after, address, user, plain, None, agent, chance))
                pending.sort(key=lambda hit: hit.time)
                step += 1
            time += chance.expovariate(1 / (every * stage.thinned))
        yield from (hit for hit in pending if hit.time < stage.duration)

    return Actor(name, "twin", known, hits, users=users)
