"""The few statistics of the tables."""

from collections.abc import Iterable, Sequence
from math import ceil, sqrt

__all__ = ["percentile", "share", "wilson"]

_Z = 1.959964


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927), which also holds for few observations and for none missed.

    >>> [round(bound, 2) for bound in wilson(9, 10)]
    [0.6, 0.98]
    """
    if not total:
        return 0.0, 1.0
    share = hits / total
    spread = _Z * _Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that so great a share of all does not exceed (nearest rank); None when there is none.

    >>> percentile([3, 1, 2, 4], 0.5), percentile([3, 1, 2, 4], 0.95), percentile([], 0.5)
    (2, 4, None)
    """
    ordered: Sequence[float] = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def share(hits: int, total: int) -> float | None:
    """Hits of total; None when there is nothing to divide by."""
    return hits / total if total else None
