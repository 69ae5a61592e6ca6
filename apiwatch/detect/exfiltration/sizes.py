"""How large the answers of one route are, learned from its principals, and from which size on to look closer.

At first every answer is counted, by quarter octave of its size; then only the largest hundredth, so that the others
cost one comparison. The largest ones are all counted, which is what the 99.9th percentile needs.
"""

from math import exp, log, sqrt

import msgspec

from apiwatch.detect.kit import VOTES_PER_DAY

__all__ = ["ByteTrack", "RouteSizes", "bucket_of", "learn", "noticed", "usual_for_others"]

_BODY = 0.99
"""Share of the answers that cost one comparison."""

_TAIL = 0.001
_LEARNED_AT = 256
_SEEN_AT = 1_024
"""Answers after which learning ends even if few principals gave them."""

_PRINCIPALS_KEPT = 512
_HOLDERS = 5
"""Principals with answers of a size from which on that size is usual."""

_LOOKED_AT = 200
_DRIFT = 0.2
"""Share of large answers above which the route has changed and is learned anew."""

_LEAST_SPREAD = 0.5


class RouteSizes(msgspec.Struct, gc=False):
    """Sizes of the 2xx answers of one route."""

    buckets: dict[int, int] = msgspec.field(default_factory=dict)
    """Quarter octave -> answers; below the limit only those of the time of learning."""
    votes: dict[int, int] = msgspec.field(default_factory=dict)
    """Principal -> answers that it taught; empty once learning has ended."""
    holders: dict[int, list[int]] = msgspec.field(default_factory=dict)
    """Quarter octave -> up to 6 principals that got an answer of such a size; large ones only, once that is learned."""
    seen: int = 0
    learned: int = 0
    learning: bool = True
    mean: float = 0.0
    """Of ln(1 + bytes)."""
    spread: float = 0.0
    """Standard deviation of it."""
    top: float = 0.0
    """Size that one answer in a thousand exceeds, or the largest one that two principals got; 0: not known."""
    answers: int = 0
    """Of the route, when learning ended."""
    large: int = 0
    """Answers above the limit since then."""


class ByteTrack(msgspec.Struct, array_like=True, gc=False):
    """Large answers that one principal got on one route."""

    client: str
    since: float
    score: float = 0.0
    requests: int = 0
    """Of the client on the route, at its latest large answer."""
    hits: int = 0
    bytes: int = 0
    """Sum of the large answers."""
    documents: dict[int, float] = msgspec.field(default_factory=dict)
    """Identity of a document -> its latest time: one that is read again is nothing new. At most 64."""
    day: int = -1
    largest: int = 0
    """Largest answer of `day`, unless it gave a signal."""
    usual: int = 0
    """Largest answer of earlier days."""
    samples: list[tuple[int, str, int, str]] = msgspec.field(default_factory=list)


def bucket_of(size: int) -> int:
    """Quarter octave of a size: four buckets per doubling.

    >>> bucket_of(1_000), bucket_of(1_023), bucket_of(1_024)
    (43, 43, 44)
    """
    bits = size.bit_length()
    return bits * 4 + ((size >> max(bits - 3, 0)) & 3)


def _edge(bucket: int) -> float:
    """Lower edge of a quarter octave."""
    bits, quarter = divmod(bucket, 4)
    return float((4 + quarter) << (bits - 3)) if bits >= 3 else float(bits)


def learn(sizes: RouteSizes, pid: int, size: int, answers: int) -> int | None:
    """Count one answer of a harmless principal; the size above which answers are large, when it changes.

    `answers` are all of the route so far. While a route is learned that size is 0.
    """
    bucket = bucket_of(size)
    sizes.seen += 1
    if not sizes.learning:
        sizes.buckets[bucket] = sizes.buckets.get(bucket, 0) + 1
        _hold(sizes, bucket, pid)
        sizes.large += 1
        if sizes.large < _LOOKED_AT or sizes.large % _LOOKED_AT:
            if sizes.large & (sizes.large - 1) == 0:
                sizes.top = _top(sizes, answers)
            return None
        sizes.top = _top(sizes, answers)
        if sizes.large <= _DRIFT * (answers - sizes.answers):
            return None
        sizes.buckets = {at: count // 2 for at, count in sizes.buckets.items() if count > 1}
        sizes.learning, sizes.seen, sizes.learned = True, 0, 0
        return 0
    votes = sizes.votes
    cast = votes.get(pid, 0)
    _hold(sizes, bucket, pid)
    if cast < VOTES_PER_DAY and (cast or len(votes) < _PRINCIPALS_KEPT):
        votes[pid] = cast + 1
        sizes.learned += 1
        sizes.buckets[bucket] = sizes.buckets.get(bucket, 0) + 1
    if sizes.learned < _LEARNED_AT and sizes.seen < _SEEN_AT:
        if sizes.seen & (sizes.seen - 1) == 0 or sizes.seen % 100 == 0:
            _measure(sizes, answers)
        return None
    limit = _measure(sizes, answers)
    sizes.learning, sizes.answers, sizes.large = False, answers, 0
    votes.clear()
    sizes.holders = {at: pids for at, pids in sizes.holders.items() if _edge(at + 1) > limit}
    return int(limit)


def usual_for_others(sizes: RouteSizes, size: int, pid: int) -> bool:
    """Whether several other principals got answers of this size, or larger ones."""
    bucket = bucket_of(size)
    others = {holder for at, pids in sizes.holders.items() if at >= bucket for holder in pids if holder != pid}
    return len(others) >= _HOLDERS


def noticed(track: ByteTrack, size: int, time: float, *, signalled: bool) -> bool:
    """Remember the size of a large answer; whether the principal got such ones on earlier days.

    What gave a signal does not become usual.
    """
    day = int(time // 86_400.0)
    if day > track.day:
        track.usual = max(track.usual, track.largest)
        track.day, track.largest = day, 0
    if not signalled:
        track.largest = max(track.largest, size)
    return size <= 2 * track.usual


def _hold(sizes: RouteSizes, bucket: int, pid: int) -> None:
    pids = sizes.holders.get(bucket)
    if pids is None:
        pids = sizes.holders[bucket] = []
    if pid not in pids and len(pids) <= _HOLDERS:
        pids.append(pid)


def _measure(sizes: RouteSizes, answers: int) -> float:
    """Find mean, spread and top anew; the size above which answers are large."""
    total = sum(sizes.buckets.values())
    if total == 0:
        return 0.0
    logs = [(log(1.0 + (_edge(at) + _edge(at + 1)) / 2), count) for at, count in sizes.buckets.items()]
    sizes.mean = sum(value * count for value, count in logs) / total
    variance = sum((value - sizes.mean) ** 2 * count for value, count in logs) / total
    sizes.spread = max(_LEAST_SPREAD, sqrt(variance))
    sizes.top = _top(sizes, answers)
    seen, edge = 0, 0.0
    for at in sorted(sizes.buckets):
        seen += sizes.buckets[at]
        edge = _edge(at + 1)
        if seen >= _BODY * total:
            break
    return max(edge, exp(sizes.mean + sizes.spread) - 1.0)


def _top(sizes: RouteSizes, answers: int) -> float:
    """Upper edge of the bucket in which the 99.9th percentile lies; what only one principal got does not raise it."""
    seen = 0
    held: set[int] = set()
    for at in sorted(sizes.buckets, reverse=True):
        seen += sizes.buckets[at]
        pids = sizes.holders.get(at)
        held.update(pids or ())
        if seen > _TAIL * answers and (pids is None or len(held) > 1):
            return _edge(at + 1)
    return 0.0
