"""What happens to a whole service on some days, and must not look like an attack.

A release moves part of the API, an outage answers everybody with 502, a marketing mail brings five times the visitors;
a load test, a nightly partner batch and prefetching browsers come as actors of their own.
"""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from apiwatch.simulate.attacks.swarm import Call, Turn, visitors
from apiwatch.simulate.chance import SPREAD, mix
from apiwatch.simulate.model import Actor, Hit, Stage
from apiwatch.simulate.topology import Topology

__all__ = ["TRAPS", "stormy"]

_RELEASE, _OUTAGE, _SURGE = 0.35, 0.55, 0.7
"""When each begins, as a share of the simulation."""

_OUTAGE_S, _SURGE_S = 180.0, 600.0
_SURGE_FACTOR = 4.0


def stormy(stage: Stage, api: Topology) -> Iterator[Hit]:
    """The population through a release, an outage and a marketing surge."""
    surge = _SURGE * stage.duration
    length = min(_SURGE_S, stage.duration - surge)
    extra = Stage(stage.seed + 1_000_003, stage.start + surge, length, _SURGE_FACTOR * stage.rate)
    more = (hit._replace(time=hit.time + surge) for hit in api.population(extra))
    for hit in merge(api.population(stage), more, key=itemgetter(0)):
        yield _changed(hit, stage, api)


def _changed(hit: Hit, stage: Stage, api: Topology) -> Hit:
    outage = _OUTAGE * stage.duration
    if outage <= hit.time < outage + _OUTAGE_S and hit.target.startswith(api.api):
        return hit._replace(status=502, size=157)
    before, behind = api.moved
    if hit.time >= _RELEASE * stage.duration and hit.target.startswith(before):
        return hit._replace(target=behind + hit.target.removeprefix(before))
    return hit


def _load_test(turn: Turn) -> Iterator[Call]:
    """Bursts of the same few reads."""
    for index in range(300):
        yield Call(
            "GET", ("/api/config", "/api/products?sort=popular&page=1")[index % 2], 200, 1_204, after=0.1 * index
        )


def _batch(turn: Turn) -> Iterator[Call]:
    """A partner fetches the products that changed, in the order of the catalogue."""
    first = 10_000 + 40 * int(500 * turn.chance.random())
    yield from (
        Call("GET", f"/api/products/{first + 7 * index}", 200, 2_400 + index, after=0.5 * index) for index in range(20)
    )


def _prefetch(turn: Turn) -> Iterator[Call]:
    """A browser fetches what the visitor might open next, twelve pages at once."""
    for index in range(12):
        product = 10_000 + int(900 * turn.chance.random() ** 3)
        size = int(900 * SPREAD[mix(product, 53) & 1023])
        yield Call("GET", f"/products/{product}?_rsc={index:x}", 200, size, after=index / 30)


def _stale(turn: Turn) -> Iterator[Call]:
    """A device whose password was changed tries once in an hour."""
    yield Call("POST", "/api/login", 401, 83, user="old-phone")


TRAPS: tuple[Actor, ...] = tuple(
    actor._replace(role="trap")
    for actor in (
        visitors("load-test", _load_test, every=900.0, agents=("k6/0.51.0 (https://k6.io/)",)),
        visitors("partner-batch", _batch, every=300.0, agents=("Apache-HttpClient/4.5.14 (Java/17.0.11)",)),
        visitors("prefetch", _prefetch, every=20.0, clients=400),
        visitors("stale-device", _stale, every=3_600.0, agents=("ExampleShop/498 (old phone)",)),
    )
)
"""Legitimate clients that resemble attackers."""
