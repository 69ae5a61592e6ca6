"""Outcome inference: what a request achieved, from status, size and route (design of detection, section 3).

The status alone does not tell: look-ups may answer 200 with an empty list, log-ins 200 with the form again. The sizes
of a route's 2xx answers show such modes.
"""

from apiwatch.detect.state import RouteState
from apiwatch.model import Outcome

__all__ = ["BY_STATUS", "DENSE", "SPARSE", "learn_size", "refine"]

OK, MISS, DENY = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY)


def _by_status(status: int) -> int:
    if 200 <= status <= 299 or status == 304:
        return OK
    if status in {400, 404, 410, 422}:
        return MISS
    if status in {401, 403, 407, 419, 440}:
        return DENY
    if status == 429:
        return int(Outcome.LIMIT)
    if 500 <= status <= 599:
        return int(Outcome.ERR)
    return int(Outcome.NEUTRAL)


BY_STATUS: tuple[int, ...] = tuple(_by_status(status) for status in range(1000))
"""Outcome by status code, before any size is looked at."""

_TERSE = frozenset({"HEAD", "PUT", "PATCH", "DELETE"})
"""Methods that are answered with nothing or with a word when they succeed."""

TINY = 40
_SIZES = 8
_MODE_SHARE = 0.20
_TINY_SHARE = 0.80
_MIN_SIZED = 50
_EVERY = 32
DENSE = 1024
SPARSE = 8


def learn_size(route: RouteState, size: int) -> None:
    """Count the body size of one 2xx answer of a look-up route; every 32nd time the miss mode is looked for again.

    The first 1,024 answers of a route are all counted, later ones one in eight.
    """
    route.sized += 1
    sized = route.sized
    if size <= TINY:
        route.tiny += 1
    sizes = route.sizes
    if size in sizes:
        sizes[size] += 1
    elif len(sizes) < _SIZES:
        sizes[size] = 1
    else:
        least = min(sizes, key=sizes.__getitem__)
        sizes[size] = sizes.pop(least) + 1
    bucket = size.bit_length() * 4 + ((size >> max(size.bit_length() - 3, 0)) & 3)
    route.size_buckets[bucket] = route.size_buckets.get(bucket, 0) + 1
    if sized % _EVERY == 0:
        _find_miss_mode(route)


def refine(route: RouteState, size: int, status: int, method: str | None) -> int:
    """Outcome of a 2xx answer whose size is known: a miss when the size lies in the route's miss mode."""
    if status == 204 or method in _TERSE:
        return OK
    if route.miss_low <= size <= route.miss_high or (route.tiny_is_miss and size <= TINY):
        return MISS
    return OK


def _find_miss_mode(route: RouteState) -> None:
    """One exact size (+-2 %) holds >= 20 % of the 2xx answers and is <= 1/4 of the median of the rest."""
    seen = sum(route.size_buckets.values())
    route.miss_low, route.miss_high, route.tiny_is_miss = 0, -1, False
    if seen < _MIN_SIZED:
        return
    route.tiny_is_miss = 0 < route.tiny < _TINY_SHARE * route.sized
    top = max(route.sizes, key=lambda s: (route.sizes[s], s))
    low, high = int(top * 0.98), int(top * 1.02)
    count = sum(n for s, n in route.sizes.items() if low <= s <= high)
    if count < _MODE_SHARE * seen or count >= _TINY_SHARE * seen:
        return
    bucket = top.bit_length() * 4 + ((top >> max(top.bit_length() - 3, 0)) & 3)
    rest = dict(route.size_buckets)
    rest[bucket] = max(0, rest.get(bucket, 0) - count)
    if top <= _median(rest) / 4:
        route.miss_low, route.miss_high = low, high


def _median(buckets: dict[int, int]) -> float:
    """Lower edge of the bucket that holds the median size."""
    half = sum(buckets.values()) / 2
    seen = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen > half:
            bits, quarter = divmod(bucket, 4)
            return float((4 + quarter) << max(bits - 3, 0)) if bits >= 3 else float(bits)
    return 0.0
