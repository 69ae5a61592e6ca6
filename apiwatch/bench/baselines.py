"""Published rules of other tools, with their exact numbers (design of detection, section 14), in event time.

A rule is asked about each request in the order of time and says whether it fires. All of them keep state per address
or per user, so that what an attacker does decides alone. Not here: the lower limits for addresses of bad reputation,
which no log shows.
"""

import re
from collections import deque
from collections.abc import Callable, Hashable
from functools import lru_cache, partial

from apiwatch.bench.learned import Knowledge, rate, sequence
from apiwatch.bench.recent import Recent
from apiwatch.simulate import Hit

__all__ = ["BASELINES", "LeakyBucket", "Rule", "knowledge", "template_of"]

Rule = Callable[[Hit], bool]

_STATIC = re.compile(r"\.(?:js|css|woff2?|svg|webp|png|ico|mp4)$")
_SENSITIVE = re.compile(r"\.(?:env|bak|sql|git)\b|phpinfo|/(?:actuator|shell|backup|dump|phpmyadmin)\b")
_LOG_IN = re.compile(r"/(?:login|signin|wp-login\.php|authenticate)$")
_VARIABLE = re.compile(r"[0-9]+|[0-9a-f]{8,}|(?=.*[0-9])[\w-]{5,}|[^/]*(?:@|%40|%2B)[^/]*")


class LeakyBucket:
    """CrowdSec's bucket: fires at event `capacity` + 1, loses one per `leak` seconds, then is mute for a while.

    With a value it is a distinct bucket: a repeated value is dropped before it counts.
    """

    def __init__(self, capacity: int, leak: float, mute: float = 0.0) -> None:
        self._capacity, self._leak, self._mute = capacity, leak, mute
        self._levels: Recent[tuple[float, float, set[Hashable]]] = Recent((capacity + 1) * leak)
        """Key -> (level, time of it, values)."""
        self._muted: Recent[float] = Recent(mute)

    def pour(self, key: Hashable, time: float, value: Hashable = None) -> bool:
        """One event of a key; whether the bucket overflows."""
        if time < (self._muted.get(key, time) or 0.0):
            return False
        level, since, values = self._levels.get(key, time) or (0.0, time, set())
        if time - since > (self._capacity + 1) * self._leak:
            level, values = 0.0, set()
        level = max(0.0, level - (time - since) / self._leak)
        if value is not None and value in values:
            return False
        values.add(value)
        if level + 1 > self._capacity + 1e-9:
            self._levels.drop(key)
            self._muted.put(key, time + self._mute)
            return True
        self._levels.put(key, (level + 1, time, values))
        return False


@lru_cache(maxsize=10_000)
def _split(target: str) -> tuple[str, str, str]:
    """(path, template, values): variable segments and the values of the query are the parameters."""
    path, _, query = target.partition("?")
    segments = path.split("/")
    template = "/".join("{}" if _VARIABLE.fullmatch(segment) else segment for segment in segments)
    values = "/".join(segment for segment in segments if _VARIABLE.fullmatch(segment))
    return path, template, f"{values}?{query}"


def _is_failed_log_in(hit: Hit) -> bool:
    return hit.method == "POST" and hit.status in {401, 403}


def _param_enum() -> Rule:
    seen: Recent[dict[str, int]] = Recent(300.0)

    def rule(hit: Hit) -> bool:
        _, template, value = _split(hit.target)
        if value == "?":
            return False
        minute = int(hit.time // 60)
        key = hit.client, hit.method, template
        known = seen.get(key, hit.time)
        if known is None:
            seen.put(key, known := {})
        known[value] = minute
        if len(known) <= 50:
            return False
        recent = {each: last for each, last in known.items() if last > minute - 5}
        seen.put(key, {} if len(recent) > 50 else recent)
        return len(recent) > 50

    return rule


def _window(limit: int, seconds: float, key: Callable[[Hit], Hashable | None]) -> Rule:
    """Fires at `limit` events of a key within `seconds`, then starts again."""
    times: Recent[deque[float]] = Recent(seconds)

    def rule(hit: Hit) -> bool:
        subject = key(hit)
        if subject is None:
            return False
        recent = times.get(subject, hit.time)
        if recent is None:
            times.put(subject, recent := deque(maxlen=limit))
        recent.append(hit.time)
        if len(recent) < limit or hit.time - recent[0] > seconds:
            return False
        recent.clear()
        return True

    return rule


def _bucket(capacity: int, leak: float, mute: float, event: Callable[[Hit], tuple[Hashable, Hashable] | None]) -> Rule:
    bucket = LeakyBucket(capacity, leak, mute)

    def rule(hit: Hit) -> bool:
        found = event(hit)
        return found is not None and bucket.pour(found[0], hit.time, found[1])

    return rule


def _probe(hit: Hit) -> tuple[Hashable, Hashable] | None:
    path = _split(hit.target)[0]
    wrong = hit.status in {400, 403, 404} and _STATIC.search(path) is None
    return ((hit.client, hit.host), path) if wrong else None


def _page(hit: Hit) -> tuple[Hashable, Hashable] | None:
    path = _split(hit.target)[0]
    fits = hit.method in {"GET", "HEAD"} and _STATIC.search(path) is None
    return ((hit.client, hit.host), path.rpartition("/")[2]) if fits else None


def _failure(hit: Hit) -> tuple[Hashable, Hashable] | None:
    return (hit.client, None) if _is_failed_log_in(hit) else None


def _secret(hit: Hit) -> tuple[Hashable, Hashable] | None:
    path = _split(hit.target)[0]
    return (hit.client, path) if _SENSITIVE.search(path) else None


def _stuffing() -> Rule:
    failures: dict[str, tuple[int, set[str]]] = {}

    def rule(hit: Hit) -> bool:
        if not _is_failed_log_in(hit):
            return False
        count, users = failures.get(hit.client, (0, set()))
        failures[hit.client] = count + 1, users
        users.add(hit.user or "")
        if count + 1 <= 30 or len(users) <= 5:
            return False
        del failures[hit.client]
        return True

    return rule


def _in_a_row() -> Rule:
    row: dict[Hashable, int] = {}

    def rule(hit: Hit) -> bool:
        if hit.method != "POST" or _LOG_IN.search(_split(hit.target)[0]) is None:
            return False
        key = hit.client, hit.user
        row[key] = row.get(key, 0) + 1 if hit.status in {401, 403} else 0
        if row[key] < 10:
            return False
        row[key] = 0
        return True

    return rule


def _client(hit: Hit) -> Hashable | None:
    return hit.client if _is_failed_log_in(hit) else None


def _log_in(hit: Hit) -> Hashable | None:
    return (hit.client, hit.agent) if _LOG_IN.search(_split(hit.target)[0]) else None


def _pattern(hit: Hit) -> Hashable | None:
    _, template, value = _split(hit.target)
    return (hit.client, template) if value != "?" else None


def template_of(target: str) -> str:
    """The path with its variable segments left out.

    >>> template_of("/orders/17/lines?page=2")
    '/orders/{}/lines'
    """
    return _split(target)[1]


def _template(hit: Hit) -> str:
    return f"{hit.method} {template_of(hit.target)}"


def knowledge() -> Knowledge:
    """A new one, for the rules that learn."""
    return Knowledge(_template)


_ALONE: dict[str, Callable[[], Rule]] = {
    "baseline.akto-param-enum": _param_enum,
    "baseline.wallarm-bola": partial(_window, 30, 30.0, _pattern),
    "baseline.crowdsec-probing": partial(_bucket, 10, 10.0, 300.0, _probe),
    "baseline.crowdsec-crawl": partial(_bucket, 40, 0.5, 60.0, _page),
    "baseline.crowdsec-bf": partial(_bucket, 5, 10.0, 60.0, _failure),
    "baseline.crowdsec-slow-bf": partial(_bucket, 10, 60.0, 60.0, _failure),
    "baseline.crowdsec-sensitive": partial(_bucket, 4, 5.0, 60.0, _secret),
    "baseline.datadog-stuffing": _stuffing,
    "baseline.datadog-bf": partial(_window, 41, 86_400.0, _client),
    "baseline.fail2ban": partial(_window, 5, 600.0, _client),
    "baseline.aws-login": partial(_window, 100, 300.0, _log_in),
    "baseline.auth0": _in_a_row,
    "baseline.auth0-ip": partial(_bucket, 100, 864.0, 864.0, _failure),
}


def _unlearned(make: Callable[[], Rule]) -> Callable[[Knowledge], Rule]:
    return lambda _: make()


BASELINES: dict[str, Callable[[Knowledge], Rule]] = {
    "baseline.akto-rate": rate,
    "baseline.akto-sequence": sequence,
    **{name: _unlearned(make) for name, make in _ALONE.items()},
}
"""Maker of each rule, by the name that every table shows."""
