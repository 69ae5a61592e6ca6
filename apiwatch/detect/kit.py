"""The statistical kit: sequential tests, learned null hypotheses, windows and histograms.

Sources: Wald's sequential probability ratio test in the form of Jung, Paxson, Berger and Balakrishnan, "Fast Portscan
Detection Using Sequential Hypothesis Testing", IEEE S&P 2004; thresholds ln(10^6) and floor -3 are the design's.
"""

from collections.abc import Callable, Mapping
from math import log, sqrt

import msgspec

__all__ = ["DAY", "FLOOR", "VOTES_PER_DAY", "Histogram", "Null", "Scale", "Votes", "Weights", "faded", "weights"]

FLOOR = -3.0
"""Lowest value of a test statistic: what good behaviour can save up."""

DAY = 86_400.0
HALF_LIFE = 86_400.0
"""Seconds without an observation after which a test statistic has halved."""

VOTES_PER_DAY = 20
"""Observations that one principal may add to a learned null hypothesis in a day."""

_PRIOR_OBSERVATIONS = 20.0
_FREQUENT = 0.5
"""Share above which a little too low an estimate lets normal clients drift upward."""

_VOTER = 5
"""Votes from which on a principal was seen at work."""

_MANY, _MOST, _SPREAD = 5, 2, 1_200.0
"""Accused principals in a day, how many times as many as others, and seconds from the first to the latest of them, from
which on they are the normal clients. A wave of attackers comes sooner."""

_STEPS = 1_000


class Weights(msgspec.Struct, frozen=True, gc=False):
    """What one observation adds to a test statistic."""

    hit: float
    other: float
    p0: float
    off: bool
    """The learned share is so high that normal clients would drift upward: the test is off on this route."""


def weights(p0: float, p1: float, *, off: bool = False) -> Weights:
    """Log-likelihood ratios of a Bernoulli test of p1 against p0.

    >>> round(weights(0.15, 0.90).hit, 3), round(weights(0.15, 0.90).other, 3)
    (1.792, -2.14)
    """
    return Weights(log(p1 / p0), log((1 - p1) / (1 - p0)), p0, off)


class Scale:
    """The weights of one test for every learned share: its clips, its p1, and the share above which it is off."""

    def __init__(self, low: float, high: float, off_above: float, p1: Callable[[float], float]) -> None:
        self._low = low
        self._high = high
        self._off_above = off_above
        self._p1 = p1
        self._table: list[Weights | None] = [None] * (_STEPS + 1)

    def at(self, share: float) -> Weights:
        """Weights at a share, which is rounded to a thousandth."""
        step = int(share * _STEPS + 0.5)
        return self._table[step] or self._compute(step)

    def _compute(self, step: int) -> Weights:
        share = step / _STEPS
        p0 = min(max(share, self._low), self._high)
        found = self._table[step] = weights(p0, self._p1(p0), off=share > self._off_above)
        return found


def faded(value: float, seconds: float) -> float:
    """A test statistic after a time without observations: halves per 24 h, exactly as it was within 10 minutes."""
    if seconds < 600.0 or value == 0.0:
        return value
    return float(value * 0.5 ** (seconds / HALF_LIFE))


class Votes(msgspec.Struct, array_like=True, gc=False):
    """What one principal added to one learned null hypothesis today."""

    day: int = -1
    cast: int = 0
    hits: int = 0


class Null(msgspec.Struct, gc=False):
    """Learned p0 of one (route, parameter, test): the share of hits among the observations of principals.

    p0 = (hits + 1) / (observations + 20): .05 with the default start. Yesterday's value is used once a full day exists;
    until then the first, partial day counts as part of the running one.
    """

    hits: int = 0
    observations: int = 0
    day: int = -1
    full: bool = False
    """Whether `day` was counted from its beginning."""
    yesterday: float = -1.0
    voters: int = 0
    """Principals that cast at least five of the votes."""
    accused: int = 0
    """Such principals whose votes were withdrawn since the day began; `taken` and `taken_hits` are those votes."""
    taken: int = 0
    taken_hits: int = 0
    accused_first: float = 0.0
    accused_last: float = 0.0
    """When the first and the latest of them were accused."""

    def share(self, start: float, own: Votes, day: int) -> float:
        """Unclipped share of hits among the others, from a prior of 20 observations at `start`; see `_share`.

        `own` are the votes of the principal that is judged: they do not count for it.
        """
        if self.yesterday >= 0.0:
            return self.yesterday
        hits, observations = self.hits, self.observations
        if own.day == day == self.day:
            hits, observations = hits - own.hits, observations - own.cast
        if self.accused >= _MANY and self._is_usual():
            hits, observations = hits + self.taken_hits, observations + self.taken
        return _share(hits, observations, start)

    def vote(self, own: Votes, hit: bool, day: int, start: float) -> None:
        """Count one observation, unless its principal has voted 20 times that day already."""
        if day < self.day:
            return
        if own.day != day:
            own.day, own.cast, own.hits = day, 0, 0
        elif own.cast >= VOTES_PER_DAY:
            return
        if day > self.day:
            self._begin(day, start)
        own.cast += 1
        self.observations += 1
        self.voters += own.cast == _VOTER
        if hit:
            own.hits += 1
            self.hits += 1

    def judge(self, own: Votes, hit: bool, day: int, start: float, scale: Scale, vote: bool) -> Weights:
        """The weights of one observation; with `vote` it counts for the next ones. `share` and `vote` in one call."""
        hits, observations = self.hits, self.observations
        if own.day == day == self.day:
            hits -= own.hits
            observations -= own.cast
            if vote and own.cast < VOTES_PER_DAY:
                own.cast += 1
                self.observations += 1
                if own.cast == _VOTER:
                    self.voters += 1
                if hit:
                    own.hits += 1
                    self.hits += 1
        elif vote:
            share = self.share(start, own, day)
            self.vote(own, hit, day, start)
            return scale.at(share)
        if self.yesterday >= 0.0:
            return scale.at(self.yesterday)
        if self.accused >= _MANY and self._is_usual():
            hits, observations = hits + self.taken_hits, observations + self.taken
        return scale.at(_share(hits, observations, start))

    def others(self, own: Votes, day: int) -> int:
        """Observations of other principals that the share rests on."""
        return self.observations - (own.cast if own.day == day == self.day else 0)

    def withdraw(self, own: Votes, time: float | None = None) -> None:
        """Take back the votes of a principal that is accused now; see `_is_usual` for when they count all the same.

        Without a time they never do.
        """
        if own.day == self.day:
            self.hits -= own.hits
            self.observations -= own.cast
            if own.cast >= _VOTER:
                self.voters -= 1
                if time is not None:
                    self._accuse(own, time)
        own.cast = own.hits = 0

    def _accuse(self, own: Votes, time: float) -> None:
        if not self.accused:
            self.accused_first = time
        self.accused += 1
        self.accused_last = time
        self.taken += own.cast
        self.taken_hits += own.hits

    def recount(self, own: Votes, count: int) -> None:
        """Make hits of up to `count` votes of a principal that were cast as others."""
        if own.day == self.day:
            count = min(count, own.cast - own.hits)
            own.hits += count
            self.hits += count

    def _is_usual(self) -> bool:
        """Whether what the accused did is what clients do here.

        One after the other, most of those who were seen at work did it, and hardly anybody did anything else.
        """
        return (
            self.accused >= max(_MANY, _MOST * self.voters)
            and self.taken >= self.observations
            and self.accused_last - self.accused_first >= _SPREAD
        )

    def _begin(self, day: int, start: float) -> None:
        """Another day."""
        if self._is_usual():
            self.hits += self.taken_hits
            self.observations += self.taken
        self.voters = self.accused = self.taken = self.taken_hits = 0
        if self.day >= 0 and not self.full:
            self.full = True
            self.day = day
            return
        if self.observations >= VOTES_PER_DAY:
            self.yesterday = _share(self.hits, self.observations, start)
        self.day = day
        self.hits = self.observations = 0


def _share(hits: int, observations: int, start: float) -> float:
    """Share of hits with the prior; where most observations are hits, the upper end of what it may well be."""
    seen = observations + _PRIOR_OBSERVATIONS
    share = (hits + _PRIOR_OBSERVATIONS * start) / seen
    return share if share <= _FREQUENT else min(1.0, share + 2.0 * sqrt(share * (1.0 - share) / seen))


class Histogram(msgspec.Struct, gc=False):
    """Counts in quarter octaves: 4 buckets per doubling."""

    buckets: dict[int, int] = msgspec.field(default_factory=dict)
    total: int = 0
    known: float = -1.0
    """The last 99th percentile, until a value is added."""

    def add(self, value: int) -> int:
        """Count one value >= 1; returns its bucket."""
        bucket = int(4 * log(value) / log(2.0)) if value > 0 else 0
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.total += 1
        self.known = -1.0
        return bucket

    def p99(self, without: Mapping[int, int] | None = None) -> float:
        """Upper edge of the bucket in which the 99th percentile lies; 0.0 when nothing was counted.

        `without` are values by bucket that do not count.
        """
        if without:
            return self._quantile(0.99, without)
        if self.known < 0.0:
            self.known = self._quantile(0.99, {})
        return self.known

    def _quantile(self, share: float, without: Mapping[int, int]) -> float:
        rank = share * (self.total - sum(without.values()))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket] - without.get(bucket, 0)
            if seen >= rank > 0:
                return float(2.0 ** ((bucket + 1) / 4.0))
        return 0.0
