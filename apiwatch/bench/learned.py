"""Akto's two rules that compare with learned traffic: rates of users, and order of requests.

They ask for two days of history; here they learn from the normal traffic before the attack, at its full rate.
"""

from collections.abc import Callable

from apiwatch.bench.figures import percentile
from apiwatch.bench.recent import Recent
from apiwatch.simulate import Hit

__all__ = ["Knowledge", "rate", "sequence"]

_BIN, _BINS = 60, 5
_FACTOR, _SHARE = 1.5, 0.9
_RARE, _STEPS, _LEARNED, _STATE_S = 0.05, 5, 50, 600.0

Template = Callable[[Hit], str]


class Knowledge:
    """What normal traffic looks like to these rules."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._counts: dict[tuple[str, str, int], int] = {}
        self._last: dict[str, tuple[str, float]] = {}
        self._next: dict[str, dict[str, int]] = {}
        self._limits: dict[str, float] | None = None

    def learn(self, hit: Hit) -> None:
        """Count one normal request."""
        template = self.template(hit)
        key = hit.client, template, int(hit.time) // (_BIN * _BINS)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._limits = None
        before = self._last.get(hit.client)
        if before is not None and hit.time - before[1] <= _STATE_S:
            followers = self._next.setdefault(before[0], {})
            followers[template] = followers.get(template, 0) + 1
        self._last[hit.client] = template, hit.time

    def limit(self, template: str) -> float | None:
        """Requests in five minutes that are too many; None for a template that was never seen."""
        if self._limits is None:
            by_template: dict[str, list[int]] = {}
            for (_, name, _), count in self._counts.items():
                by_template.setdefault(name, []).append(count)
            self._limits = {name: _FACTOR * (percentile(counts, _SHARE) or 0) for name, counts in by_template.items()}
        return self._limits.get(template)

    def is_rare(self, before: str, template: str) -> bool:
        """Whether a transition is unlikely, as far as enough were learned to say so."""
        followers = self._next.get(before, {})
        total = sum(followers.values())
        return total >= _LEARNED and followers.get(template, 0) < _RARE * total


def rate(known: Knowledge) -> Callable[[Hit], bool]:
    """More than 1.5 times the 90th percentile of the users' counts in five minutes (sliding, bins of a minute)."""
    bins: Recent[dict[int, int]] = Recent(_BIN * _BINS)

    def rule(hit: Hit) -> bool:
        template = known.template(hit)
        limit = known.limit(template)
        if limit is None:
            return False
        now = int(hit.time) // _BIN
        mine = bins.get((hit.client, template), hit.time)
        if mine is None:
            bins.put((hit.client, template), mine := {})
        mine[now] = mine.get(now, 0) + 1
        if len(mine) > _BINS:
            del mine[min(mine)]
        if sum(count for minute, count in mine.items() if minute > now - _BINS) <= limit:
            return False
        mine.clear()
        return True

    return rule


def sequence(known: Knowledge) -> Callable[[Hit], bool]:
    """Five transitions that hardly anybody makes, within ten minutes."""
    last: Recent[tuple[str, float, list[float]]] = Recent(_STATE_S)

    def rule(hit: Hit) -> bool:
        template = known.template(hit)
        before = last.get(hit.client, hit.time)
        odd: list[float] = []
        if before is not None and hit.time - before[1] <= _STATE_S:
            odd = before[2]
            if known.is_rare(before[0], template):
                odd = [*(when for when in odd if hit.time - when <= _STATE_S), hit.time]
        fires = len(odd) >= _STEPS
        last.put(hit.client, (template, hit.time, [] if fires else odd))
        return fires

    return rule
