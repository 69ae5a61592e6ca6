"""When many untyped children of one path are values of one parameter (rules T3 and T6 of the template design)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

__all__ = ["CHECKED_AT", "kept_literals"]

_CHILDREN = 20
"""Literal children from which on they may be values."""

_TOP = 5
_TOP_SHARE = 0.60
_AGREEMENT = 0.50
_OWN_SHARE = 0.05
_OWN_FACTOR = 3.0


def _steps() -> frozenset[int]:
    numbers = [_CHILDREN]
    while numbers[-1] < 100_000:
        numbers.append(max(numbers[-1] + 1, numbers[-1] * 9 // 8))
    return frozenset(numbers)


CHECKED_AT = _steps()
"""Numbers of children at which a path is looked at: ever rarer, so that the work stays linear."""


def kept_literals(siblings: Iterable[str], routes: Iterable[tuple[str, str, int]], path: str) -> list[str] | None:
    """The children of `path` that stay literal when the others collapse to `{slug}`; None when nothing collapses.

    `routes` are (template, method, requests) of the routes below `path`. Children collapse when there are at least 20,
    the five most used hold less than 60 % of the requests, and what stands below them agrees: the mean Jaccard
    similarity with what at least half of them have is .5 or more. A child stays when nothing below it is like its
    siblings, or when it holds 5 % of the requests and three times its fair share.
    """
    names = set(siblings)
    requests: Counter[str] = Counter()
    shapes: defaultdict[str, set[str]] = defaultdict(set)
    for template, method, count in routes:
        name, _, rest = template[len(path) :].partition("/")
        if name in names:
            requests[name] += count
            shapes[name].add(f"{method} {rest}")
    total = requests.total()
    top = sum(count for _, count in requests.most_common(_TOP))
    if len(shapes) < _CHILDREN or top >= _TOP_SHARE * total:
        return None
    alike = _agreement(shapes)
    if sum(alike.values()) < _AGREEMENT * len(alike):
        return None
    own = max(_OWN_SHARE, _OWN_FACTOR / len(shapes)) * total
    return sorted(name for name in shapes if alike[name] == 0.0 or requests[name] >= own)


def _agreement(shapes: Mapping[str, set[str]]) -> dict[str, float]:
    """Child -> Jaccard similarity of what stands below it with what stands below at least half of the children."""
    having = Counter(shape for found in shapes.values() for shape in found)
    common = {shape for shape, count in having.items() if 2 * count >= len(shapes)}
    if not common:
        return dict.fromkeys(shapes, 0.0)
    return {name: len(found & common) / len(found | common) for name, found in shapes.items()}
