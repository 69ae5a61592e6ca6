"""The normal traffic of a whole population: sessions that come and go, in the order of time and in bounded memory."""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from random import Random
from typing import Protocol

from apiwatch.simulate.chance import stream, thinking
from apiwatch.simulate.model import Hit, Stage
from apiwatch.simulate.rhythm import Rhythm
from apiwatch.simulate.sessions import Session
from apiwatch.simulate.world import World

__all__ = ["SESSION_HITS", "SESSION_SECONDS", "Visit", "crowd", "population"]

SESSION_HITS = 22.42
"""Mean number of requests of a visit; measured over 20 000 visits, and checked by a test."""

SESSION_SECONDS = 102.5
"""Mean length of a visit, measured likewise."""


_SLOTS = 20
"""Slots of the agenda per second."""


class Visit(Protocol):
    """One visit in progress."""

    def step(self, now: float, out: list[Hit], /) -> float | None:
        """Append the requests of the next step, all from `now` on; the time of the step after it, None at the end."""


_Item = Visit | Hit | None
_Entry = tuple[float, int, _Item]


def population(stage: Stage, world: World) -> Iterator[Hit]:
    """Requests of all users at `stage.rate` per second on average, from an already busy first second on.

    Visits of a few users are far more frequent than those of most (power law).
    """
    chance = stream(stage.seed, "population")

    def visit(midway: bool) -> Visit:
        number = int(world.population * chance.random() ** 1.7)
        return Session(world, chance, number, stage.start, midway=midway)

    return crowd(stage, chance, visit, SESSION_HITS, SESSION_SECONDS)


def crowd(stage: Stage, chance: Random, visit: Callable[[bool], Visit], hits: float, seconds: float) -> Iterator[Hit]:
    """Visits that begin as a Poisson process with the rhythm of day and week; only those in progress are in memory.

    `visit` makes one, with True one that began before the first second; `hits` and `seconds` are what it takes on
    average.
    """
    rhythm = Rhythm(stage.start, stage.duration)
    arrivals = stage.rate / hits
    agenda = _Agenda()
    for _ in range(int(arrivals * rhythm.at(0.0) * seconds)):
        agenda.put(thinking(chance), visit(True))
    agenda.put(chance.expovariate(arrivals * rhythm.at(0.0)), None)
    out: list[Hit] = []
    for time, what in agenda.until(stage.duration):
        if isinstance(what, Hit):
            yield what
            continue
        if what is None:
            agenda.put(time + chance.expovariate(arrivals * rhythm.at(time)), None)
            what = visit(False)
        following = what.step(time, out)
        for hit in out:
            agenda.put(hit.time, hit)
        out.clear()
        if following is not None:
            agenda.put(following, what)


class _Agenda:
    """What is to come, in the order of time; equal times in the order of `put`.

    Only the present slot is a heap: one heap of all visits would not fit the processor's cache at high rates.
    """

    def __init__(self) -> None:
        self._count = 0
        self._slot = 0
        self._now: list[_Entry] = []
        self._later: dict[int, list[_Entry]] = {}

    def put(self, time: float, what: _Item) -> None:
        """Add a request, a visit that goes on, or (None) the arrival of a new one."""
        self._count += 1
        slot = int(time * _SLOTS)
        if slot <= self._slot:
            heappush(self._now, (time, self._count, what))
        elif (entries := self._later.get(slot)) is not None:
            entries.append((time, self._count, what))
        else:
            self._later[slot] = [(time, self._count, what)]

    def until(self, end: float) -> Iterator[tuple[float, _Item]]:
        """Take everything before `end`, also what is put meanwhile."""
        while True:
            now = self._now
            while now:
                time, _, what = heappop(now)
                if time >= end:
                    return
                yield time, what
            self._slot += 1
            if self._slot not in self._later:
                self._slot = min(self._later, default=self._slot)
            if self._slot > end * _SLOTS:
                return
            self._now = self._later.pop(self._slot, [])
            heapify(self._now)
