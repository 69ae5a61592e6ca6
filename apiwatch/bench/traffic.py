"""The traffic of one bench run: days of thinned history, a full normal hour, and then the attack in it."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import takewhile
from operator import itemgetter

from apiwatch.bench.baselines import template_of
from apiwatch.simulate import Actor, Hit, Stage, joined, topology

__all__ = ["FULL_S", "START", "WARM_S", "Normal", "attack", "pace_of"]

START = 1_785_747_600.0
"""Monday, 3 August 2026, 09:00 UTC: twins that keep office hours are at work."""

WARM_S = 2_400.0
"""Full normal traffic before the attack: routes are cold for half an hour."""

FULL_S = 3_600.0
"""Full normal traffic from the onset on; afterwards it is thinned, so that attacks over days stay affordable."""

_THIN_RATE = 0.02
"""Requests per second of history and of what follows `FULL_S`."""

_THINNED = 50.0
_SETTLE_S = 60.0
_SHARE_MINUTES, _FEW_TURNS, _MANY_TURNS = 30, 20, 6_000
"""How long an attack of a given share lasts, and within which numbers of turns."""


class Normal:
    """The normal traffic of one service, and the twins in it. Times are seconds since `START`."""

    def __init__(self, seed: int, layout: str, rate: float, history_days: float, twins: Sequence[Actor]) -> None:
        self._stage = Stage(seed, START, WARM_S + FULL_S, rate, begins=WARM_S)
        self._api = topology(layout)
        self._twins = tuple(map(self._api.actor, twins))
        self._history_s = history_days * 86_400.0
        self._main: list[Hit] = []
        self.twin_clients = frozenset(client for actor in twins for client in actor.clients)
        self.trap_clients = frozenset(
            client for actor in self._api.machines(self._stage) if actor.role == "trap" for client in actor.clients
        )

    def before(self) -> Iterator[Hit]:
        """Everything before the onset."""
        yield from self._thin(-self._history_s, self._history_s)
        yield from takewhile(lambda hit: hit.time < WARM_S, self._full())

    def after(self, attack: Sequence[Hit], end: float) -> Iterator[Hit]:
        """From the onset to `end`, with an attack in it; the same normal traffic for every attack."""
        full = (hit for hit in self._full() if WARM_S <= hit.time < end)
        thin = self._thin(WARM_S + FULL_S, end - WARM_S - FULL_S) if end > WARM_S + FULL_S else iter(())
        yield from joined(_both(full, thin), iter(attack))

    def _full(self) -> Sequence[Hit]:
        if not self._main:
            actors = (*self._twins, *self._api.machines(self._stage))
            few = merge(*(actor.hits(self._stage) for actor in actors), key=itemgetter(0))
            self._main = list(joined(self._api.population(self._stage), few))
        return self._main

    def _thin(self, begin: float, length: float) -> Iterator[Hit]:
        seed = self._stage.seed + 7_919
        stage = Stage(seed, START + begin, length, _THIN_RATE, thinned=_THINNED)
        few = merge(*(actor.hits(stage) for actor in self._twins), key=itemgetter(0))
        for hit in joined(self._api.population(stage), few):
            yield hit._replace(time=hit.time + begin)


def pace_of(attack: Sequence[Hit], normal: Sequence[Hit], share: float) -> tuple[float, int] | None:
    """(seconds between two turns, turns) at which attackers are so large a share of the clients of their route.

    Counted as the population tests count: one vote per client and minute. None when nobody else uses the route.
    """
    routes = Counter(_route(hit) for hit in attack if hit.truth)
    main, _ = routes.most_common(1)[0]
    others = {(hit.client, hit.time // 60) for hit in normal if hit.time >= WARM_S and _route(hit) == main}
    if not others:
        return None
    minutes = (max(hit.time for hit in normal) - WARM_S) / 60
    votes = share / (1 - share) * len(others) / minutes
    turns = math.ceil(_SHARE_MINUTES * votes)
    return 60 / votes, min(max(turns, _FEW_TURNS), _MANY_TURNS)


def _route(hit: Hit) -> tuple[str, str, str]:
    return hit.method, hit.host, template_of(hit.target)


def _both(first: Iterator[Hit], then: Iterator[Hit]) -> Iterator[Hit]:
    yield from first
    yield from then


def attack(actor: Actor, seed: int, layout: str) -> tuple[list[Hit], float]:
    """(requests of an attacker from the onset on, when the run ends: a minute after the last one)."""
    hits = list(topology(layout).actor(actor).hits(Stage(seed, START, 30 * 86_400.0, 1.0, begins=WARM_S)))
    return hits, hits[-1].time + _SETTLE_S
