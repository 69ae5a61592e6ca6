"""Requests per ten seconds of one principal or one route: what is usual, and how surprising a number is.

Mean and variance are averages over about an hour, and of the same hour of the day once three days are known; the
number is judged by the tail of a negative binomial distribution with these (design of detection, section 5.8). Seconds
in which nobody at all asked for anything do not count: a pause of the collector, or a quiet night, is no baseline.
"""

from math import exp, lgamma, log, log1p

import msgspec

from apiwatch.config.amounts import Surge
from apiwatch.detect.signal import Facts

__all__ = ["BUCKET", "Rate", "learn", "note_hour", "surprise", "tail"]

BUCKET = 10
"""Seconds."""

_HOUR = 3_600 // BUCKET
_DAY = 86_400.0
_DAYS_KNOWN = 3
_NEW = 6.0
"""Buckets that the assumed start of a rate counts for."""


class Rate(msgspec.Struct, array_like=True, gc=False):
    """Requests per bucket of one principal or route, zero where it was hardly busy."""

    since: float
    """Event time of its first bucket."""
    last: int
    """Number of the latest bucket that was looked at."""
    mean: float
    square: float
    """Mean of the squares."""
    seen: float = _NEW
    """Buckets behind both."""
    hours: dict[int, tuple[float, float]] = msgspec.field(default_factory=dict)
    """Hour of the day (UTC) -> sum of requests per bucket, and of the squares, on all days."""
    run: int = 0
    """Surprising buckets in a row."""
    began: float = 0.0
    """Event time of the first of them."""
    due: Facts | None = None
    """The signal that the next request gives."""
    samples: list[tuple[int, str, int, str]] = msgspec.field(default_factory=list)

    @classmethod
    def start(cls, time: float, bucket: int, mean: float) -> "Rate":
        """A rate of which nothing is known but about what it was: as widely spread as it is large."""
        return cls(time, bucket - 1, mean, mean + 2 * mean * mean)


def tail(count: int, mean: float, variance: float) -> float:
    """Upper bound of the probability of `count` or more, for a negative binomial (or Poisson) distribution.

    >>> tail(320, 100.0, 400.0) < 1e-12, 1e-4 < tail(20, 2.0, 6.0) < 1e-3
    (True, True)
    """
    if count <= mean or mean <= 0.0:
        return 0.0 if mean <= 0.0 < count else 1.0
    if variance <= mean * 1.001:
        first = count * log(mean) - mean - lgamma(count + 1)
        ratio = mean / (count + 1)
    else:
        size = mean * mean / (variance - mean)
        more = (variance - mean) / variance
        first = lgamma(count + size) - lgamma(size) - lgamma(count + 1) + size * log1p(-more) + count * log(more)
        ratio = more * max(1.0, (count + size) / (count + 1))
    return 1.0 if ratio >= 1.0 else exp(min(0.0, first - log1p(-ratio)))


def surprise(rate: Rate, count: int, time: float, settings: Surge) -> Facts | None:
    """The numbers of a bucket that is far above what is usual; None of one that is not."""
    worst = 0.0
    usual = 0.0
    for mean, variance in _baselines(rate, time):
        if count < settings.factor * mean or count < mean + settings.rise * BUCKET:
            return None
        worst = max(worst, tail(count, mean, variance))
        usual = max(usual, mean)
    if worst >= settings.tail:
        return None
    return {
        "rate": count / BUCKET,
        "usual": usual / BUCKET,
        "tail": worst,
        "limit": settings.tail,
        "factor": settings.factor,
        "rise": settings.rise,
    }


def learn(rate: Rate, bucket: int, count: int, memory: float) -> None:
    """Add a bucket to what is usual; those since the last one in which it was hardly busy count as zero."""
    quiet = bucket - rate.last - 1
    if quiet > 0:
        kept = rate.seen / (rate.seen + quiet)
        rate.mean *= kept
        rate.square *= kept
        rate.seen = min(memory / BUCKET, rate.seen + quiet)
    weight = 1.0 / (rate.seen + 1.0)
    rate.mean += weight * (count - rate.mean)
    rate.square += weight * (count * count - rate.square)
    rate.seen = min(memory / BUCKET, rate.seen + 1.0)
    rate.last = bucket


def note_hour(rate: Rate, count: int, time: float) -> None:
    """Add a bucket to what is usual at its hour of the day, surprising or not."""
    hour = int(time // 3_600) % 24
    total, squares = rate.hours.get(hour, (0.0, 0.0))
    rate.hours[hour] = total + count, squares + count * count


def _baselines(rate: Rate, time: float) -> list[tuple[float, float]]:
    """(mean, variance) of late, and of this hour of the day on all days."""
    found = [(rate.mean, rate.square - rate.mean**2)]
    days = (time - rate.since) / _DAY
    if days >= _DAYS_KNOWN:
        total, squares = rate.hours.get(int(time // 3_600) % 24, (0.0, 0.0))
        buckets = _HOUR * max(1.0, round(days))
        mean = total / buckets
        found.append((mean, squares / buckets - mean * mean))
    return found
