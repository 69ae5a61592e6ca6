"""What operators said, as far as it changes what is raised and told; one piece of state, with its bounds."""

from math import log
from zlib import crc32

import msgspec

from apiwatch.detect.kit import FLOOR
from apiwatch.detect.signal import Facts, suspicious

__all__ = [
    "LANDED_KEPT",
    "RULES_KEPT",
    "SETTLING_S",
    "Desk",
    "Profile",
    "Rule",
    "Settling",
    "exceeds",
    "profile_of",
]

RULES_KEPT = 200
"""Live entries of the allow-list; what is said above it is refused by the commands and ignored here."""

LANDED_KEPT = 86_400.0
"""Seconds for which the end of a block is remembered, so that a client begins anew when it comes back."""

SETTLING_S = 600.0
"""Seconds for which tests that have not spoken yet may come to see what was called benign."""

_PROFILES_KEPT = 2_000
_MUTES_KEPT = 2_000
_VERIFIED_KEPT = 1_000
_ALERTS_COUNTED = 200
_OFF_ABOVE = 0.77
_RISE, _HIGHEST = 0.30, 0.97
_LOWEST = 0.02
_THRESHOLD = 13.816
_GROWTH = 2.0
"""How many times its own measure somebody may reach where a test counts."""

_FAILURES_GROWTH = 10.0
"""The same for failures that name no account: what is called a new volume of an alert, too."""

_SEEN = ("moves", "seen", "share_seen")


class Profile(msgspec.Struct, gc=False):
    """What one principal does on one route, as one test measures it: called benign until a time."""

    until: float
    hits: float
    seen: float
    """0 when the test counts no share."""
    size: float
    severity: int
    score: float = 0.0
    """Test statistic of doing more than this, since."""
    counted: tuple[float, float] = (0.0, 0.0)
    """Hits and observations that it knows of."""
    users: float = 0.0
    """Accounts that failures were about; 0 when the log does not name them."""
    late: bool = False
    """Its test spoke only after it was called benign, while that was settling."""

    def widen(self, other: "Profile") -> None:
        """Take the larger measures of two profiles of one test."""
        if other.hits > self.hits:
            self.hits, self.seen, self.counted = other.hits, other.seen, other.counted
        self.size, self.users = max(self.size, other.size), max(self.users, other.users)
        self.severity = max(self.severity, other.severity)


class Settling(msgspec.Struct, gc=False):
    """What was called benign a moment ago: tests of its family that need longer to see the same are still to speak."""

    ends: float
    until: float
    """When the profiles end that are made meanwhile."""
    severity: int
    """The highest that such a test may have."""


class Rule(msgspec.Struct, gc=False):
    """One entry of the allow-list."""

    target: str
    until: float | None
    signals: int = 0
    alerts: list[int] = msgspec.field(default_factory=list)
    """Checksums of the alerts that did not open; at most 200."""

    def suppress(self, key: str) -> None:
        """Count a signal that would have gone into the alert with this key."""
        self.signals += 1
        mark = crc32(key.encode("utf-8", "replace"))
        if len(self.alerts) < _ALERTS_COUNTED and mark not in self.alerts:
            self.alerts.append(mark)


class Desk(msgspec.Struct, gc=False):
    """Everything that was said and still counts. Times are event times; None: no end."""

    seq: int = 0
    """Place of the latest action that was applied."""
    mutes: dict[str, float] = msgspec.field(default_factory=dict)
    """Alert id -> until."""
    profiles: dict[str, Profile] = msgspec.field(default_factory=dict)
    """By `profile_key`."""
    settling: dict[str, Settling] = msgspec.field(default_factory=dict)
    """By `family_key`."""
    rules: dict[str, Rule] = msgspec.field(default_factory=dict)
    """By entry of the allow-list."""
    blocked: dict[str, tuple[float, float | None]] = msgspec.field(default_factory=dict)
    """Network in the block list -> since, until; ended ones, too, for `LANDED_KEPT` seconds."""
    partly: dict[str, dict[str, tuple[float, float | None]]] = msgspec.field(default_factory=dict)
    """Condition -> networks of which only such requests are blocked, as `blocked`."""
    verified: dict[str, tuple[str, float]] = msgspec.field(default_factory=dict)
    """Address -> domain of the crawler that DNS says it is, and until when that is believed."""
    told: list[float] = msgspec.field(default_factory=list)
    """Times of the notifications of the last hour."""
    notified: int = 0
    withheld: int = 0
    learning: bool = False
    """Nothing is raised: old logs teach what is normal."""
    dirty: bool = False

    def is_muted(self, alert_id: str, time: float) -> bool:
        """Whether an alert is not to be told now."""
        until = self.mutes.get(alert_id)
        return until is not None and time < until

    def may_notify(self, time: float, per_hour: int) -> bool:
        """Take one notification out of the budget of an hour, if it has one left."""
        self.dirty = True
        self.told = [moment for moment in self.told if moment > time - 3_600.0]
        if len(self.told) >= per_hour:
            self.withheld += 1
            return False
        self.told.append(time)
        self.notified += 1
        return True

    def mute(self, alert_id: str, until: float) -> None:
        """Keep an alert from being told; above the limit the mute that ends first goes."""
        if len(self.mutes) >= _MUTES_KEPT:
            del self.mutes[min(self.mutes, key=lambda known: (self.mutes[known], known))]
        self.mutes[alert_id] = until

    def verify(self, address: str, domain: str, until: float) -> None:
        """Believe DNS for some time; above the limit the answer that ends first goes."""
        if len(self.verified) >= _VERIFIED_KEPT:
            del self.verified[min(self.verified, key=lambda known: (self.verified[known][1], known))]
        self.verified[address] = domain, until

    def excuse(self, key: str, profile: Profile) -> None:
        """Call a profile benign; above the limit the one that ends first goes."""
        if key not in self.profiles and len(self.profiles) >= _PROFILES_KEPT:
            del self.profiles[min(self.profiles, key=lambda known: (self.profiles[known].until, known))]
        self.profiles[key] = profile

    def forget_ended(self, time: float) -> None:
        """Forget blocks that have ended at a time."""
        self.blocked = _lasting(self.blocked, time)
        partly = ((condition, _lasting(nets, time)) for condition, nets in self.partly.items())
        self.partly = {condition: nets for condition, nets in partly if nets}

    def expire(self, time: float) -> list[str]:
        """Forget what has ended; returns the entries of the allow-list that did."""
        self.mutes = {alert: until for alert, until in self.mutes.items() if until > time}
        self.profiles = {key: profile for key, profile in self.profiles.items() if profile.until > time}
        self.settling = {key: settling for key, settling in self.settling.items() if settling.ends > time}
        self.forget_ended(time - LANDED_KEPT)
        self.verified = {address: known for address, known in self.verified.items() if known[1] > time}
        ended = [entry for entry, rule in self.rules.items() if rule.until is not None and rule.until <= time]
        for entry in ended:
            del self.rules[entry]
        self.dirty = True
        return ended


def _lasting(blocked: dict[str, tuple[float, float | None]], time: float) -> dict[str, tuple[float, float | None]]:
    return {net: span for net, span in blocked.items() if span[1] is None or span[1] > time}


def profile_of(facts: Facts, severity: int, until: float) -> Profile:
    """The profile in the facts of an alert."""
    hits = facts.get("share_hits", suspicious(facts))
    seen = next((facts[name] for name in _SEEN if name in facts), 0.0)
    if "failures" in facts and "successes" in facts:
        seen = facts["failures"] + facts["successes"]
    size = facts.get("objects", facts.get("members", hits))
    return Profile(until, hits, seen, size, severity, 0.0, (hits, seen), facts.get("users", 0.0))


def exceeds(profile: Profile, facts: Facts, severity: int) -> bool:
    """Whether somebody does clearly more than his own profile, which has become the null hypothesis of the test.

    Where the test is one of a share (`hits` of `seen`), his share since then is tested against his own in the same way
    (a ratio with a floor); above .77 that test is off. Where it counts, twice his own count is the limit, and so it is
    for the accounts that failures are about: a device with an old password fails for ever, but for the same user. Where
    the log does not name them, ten times his failures are. What is more severe than it was then is not benign. Call it
    once for each signal, in order.
    """
    if severity > profile.severity:
        return True
    now = profile_of(facts, severity, profile.until)
    if "failures" in facts and _fails_more(profile, now):
        return True
    if "limit" in facts:
        return now.size > _GROWTH * profile.size
    if not profile.seen:
        return False
    hits, seen = now.hits - profile.counted[0], now.seen - profile.counted[1]
    profile.counted = now.hits, now.seen
    if hits < 0 or seen < hits:
        hits, seen = now.hits, now.seen
    p0 = max(_LOWEST, profile.hits / profile.seen)
    if p0 > _OFF_ABOVE:
        return False
    p1 = min(_HIGHEST, p0 + _RISE)
    of_hit, of_other = log(p1 / p0), log((1 - p1) / (1 - p0))
    profile.score = max(FLOOR, profile.score + hits * of_hit + (seen - hits) * of_other)
    return profile.score >= _THRESHOLD


def _fails_more(profile: Profile, now: Profile) -> bool:
    if not now.users:
        return now.hits > _FAILURES_GROWTH * profile.hits
    if not profile.users:
        profile.users = now.users  # the log has begun to name them
    return now.users > profile.users and now.users >= _GROWTH * profile.users
