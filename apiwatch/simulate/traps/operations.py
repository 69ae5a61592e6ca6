"""What those who run a service do to its log: releases, broken backends, clocks, rotation, late and repeated lines."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from apiwatch.simulate.attacks.swarm import Call, Turn
from apiwatch.simulate.chance import stream
from apiwatch.simulate.model import Hit, Stage
from apiwatch.simulate.traps.trap import Trap, change, trap

__all__ = ["OPERATIONS"]

_NEW = 37
_SICK_S = 120.0
_REPLAYED_S = 120.0
_BACK_S = 45.0
_ASSETS = ("/assets/", "/images/")


def _release(turn: Turn) -> Iterable[Call]:
    """37 routes that did not exist before, which everybody uses from now on."""
    for index in range(1 + int(5 * turn.chance.random())):
        route = int(_NEW * turn.chance.random() ** 2)
        target = f"/api/v2/module{chr(97 + route % 26)}{chr(97 + route // 26)}/overview"
        yield Call("GET", target, 200, 900 + 31 * route, after=2.0 * index, user=f"member-{turn.client}")


def _sick_backend(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """Blue fails while green is well: every second call, for two minutes."""
    begin = 0.5 * stage.duration
    count = 0
    for hit in hits:
        if begin <= hit.time < begin + _SICK_S and not hit.target.startswith(_ASSETS):
            count += 1
            yield hit._replace(status=502, size=157) if count % 2 else hit
        else:
            yield hit


def _clock_jump(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """A clock that ran ahead for 45 s is put right: times jump back."""
    begin = 0.5 * stage.duration
    for hit in hits:
        yield hit._replace(time=hit.time + _BACK_S) if begin - 300.0 <= hit.time < begin else hit


def _skew(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """One of two machines is 25 s behind the other."""
    for hit in hits:
        yield hit._replace(time=max(0.0, hit.time - 25.0)) if len(hit.client) % 2 else hit


def _rotation(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    return hits


def _replayed(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """Two minutes of the log come once more, right behind themselves."""
    end = 0.5 * stage.duration
    again: list[Hit] = []
    for hit in hits:
        if hit.time >= end and again:
            yield from again
            again = []
        if end - _REPLAYED_S <= hit.time < end:
            again.append(hit)
        yield hit


def _late(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """Three lines in a hundred are written up to 90 s after their time."""
    chance = stream(stage.seed, "late lines")
    waiting: list[tuple[float, int, Hit]] = []
    for count, hit in enumerate(hits):
        while waiting and waiting[0][0] <= hit.time:
            yield heappop(waiting)[2]
        if chance.random() < 0.03:
            heappush(waiting, (hit.time + 90.0 * chance.random(), count, hit))
        else:
            yield hit
    yield from (hit for _, _, hit in sorted(waiting))


def _preflight(hits: Iterator[Hit], stage: Stage) -> Iterator[Hit]:
    """Browsers ask before each call of the API whether they may."""
    for hit in hits:
        if hit.referer is not None and not hit.target.startswith(_ASSETS):
            yield hit._replace(method="OPTIONS", user=None, status=204, size=0)
        yield hit


def _blocked(turn: Turn) -> Iterable[Call]:
    """A customer whose address stands in our own blocklist: whatever he asks for, 403."""
    for index in range(25):
        order = 1_000_000 + (turn.client * 7_919 + 31_337 * index) % 600_000
        user = f"customer-{turn.client}"
        yield Call("GET", f"/api/orders/{order}", 403, 146, after=6.0 * index, user=user)


OPERATIONS: tuple[Trap, ...] = (
    trap("release with 37 new routes", "operations", _release, every=2.0, clients=900),
    change("blue/green 5xx", "operations", _sick_backend, most="medium"),
    change("clock jump", "operations", _clock_jump),
    change("clock skew", "operations", _skew),
    change("rotation", "operations", _rotation, sources=2),
    change("replayed file", "operations", _replayed),
    change("late lines", "operations", _late),
    change("CORS preflight", "operations", _preflight),
    trap("own blocklist answers 403", "operations", _blocked, every=600.0, clients=5, declared="block"),
)
