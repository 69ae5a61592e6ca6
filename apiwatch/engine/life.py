"""What is known of clients beside their requests: classes, the allow-list, what was called benign, own blocks.

It is asked when a detector gives a signal, and when a client has a vote; ordinary requests cost nothing.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from ipaddress import ip_address, ip_network
from math import inf

from apiwatch.config import Settings, data_text
from apiwatch.detect.alerts import SUCCESSES
from apiwatch.detect.classes import CLASSES, LIBRARIES, VOTELESS, is_silent
from apiwatch.detect.desk import LANDED_KEPT, Desk, Rule, exceeds, profile_of
from apiwatch.detect.signal import Detector, Signal
from apiwatch.detect.state import Principal, RouteState
from apiwatch.detect.targets import Subject, Targets
from apiwatch.engine.clients import Client
from apiwatch.engine.clock import Clock
from apiwatch.engine.landing import BlockSpans, calm, calm_rate
from apiwatch.formats.caches import Cache
from apiwatch.model import Request
from apiwatch.model.condition import Condition, parse_condition

__all__ = ["BOT", "CROWD", "Life", "family_key", "profile_key"]

BOT = "bot"
"""Family of the user agents of crawlers."""

CROWD = "campaign"
"""Key of the subject of an alert that is about a route or a campaign."""

_REFUSED = frozenset({403, 429})
_CLIENTS_KEPT = 20_000
_SKEW = 60.0
"""Seconds that the clocks of operators and of the log may differ."""
_WORKED = 60.0
"""Seconds, at most, before the end of a block in which no request came through if the block was in force."""
_LANDING = 90.0
"""Seconds after the end of a block in which a firewall may still refuse: `block expire` runs once a minute."""

_KINDS = frozenset({"network", "user", "token", "agent", "principal", "route"})


class Life(Clock):
    """What operators and settings say about the clients of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._members: Targets[tuple[str, float]] = Targets()
        """Class, and until when."""
        for name in CLASSES:
            for member in getattr(settings.classes, name, ()):
                target, _, end = member.partition(" until ")
                until = datetime.fromisoformat(end).timestamp() if end else inf
                self._members.add(_canonical(target), (name, until))
        self._crawlers: Cache[bool] = Cache(
            _is_published if settings.classes.published_crawlers else _is_nobody, _CLIENTS_KEPT
        )
        self._allowed: Targets[Rule] = Targets()
        self._blocked: Cache[tuple[float, float]] = Cache(self._listed, _CLIENTS_KEPT)
        self._spans = BlockSpans()
        self._partly: list[tuple[Condition, Mapping[str, tuple[float, float | None]], BlockSpans]] = []
        """Of each condition the networks of which such requests are blocked."""

    def use_desk(self, desk: Desk) -> None:
        """Go by these words of operators from now on."""
        self.desk = self.book.desk = desk
        self._allowed = Targets()
        for rule in desk.rules.values():
            self._allowed.add(rule.target, rule)
        self._blocked.clear()
        self._spans.forget()
        self._partly = [(parse_condition(text), nets, BlockSpans()) for text, nets in desk.partly.items()]

    def class_of(self, request: Request, client: Client, principal: str, time: float) -> str:
        """The class of a client: that of the first setting that fits, or `crawler` when that is verified."""
        subject = Subject(principal, client.address, request.user, request.token, request.user_agent, "", "")
        known = self._class_of(subject, time)
        if known:
            return known
        if time < client.nat_until:
            return "nat"
        named = request.user is not None or request.token is not None
        return "service" if named and client.family in LIBRARIES else "user"

    def judge_welcome(
        self, request: Request, client: Client, route: RouteState, principal: Principal, signal: Signal, time: float
    ) -> str | None:
        """The class of who gave a signal; None when nobody is to hear of it.

        That is what its class does by profession, what was called benign and has not grown, and what is allowed.
        """
        known = route.route
        if self._allowed:
            subject = Subject(
                principal.key, client.address, request.user, request.token, request.user_agent, known.host, known.label
            )
            if self._is_allowed(subject, self.book.key(principal, known, signal.detector), time):
                return None
        client_class = self.class_of(request, client, principal.key, time)
        if is_silent(client_class, signal.detector) or self._is_benign(principal.key, route, signal, time):
            return None
        return client_class

    def is_crowd_welcome(self, route: RouteState, subject: Principal, signal: Signal, time: float) -> bool:
        """Whether nobody is to hear of a signal about many clients of a route."""
        known = route.route
        if self._allowed:
            who = Subject(CROWD, "", None, None, None, known.host, known.label)
            if self._is_allowed(who, self.book.key(subject, known, signal.detector), time):
                return True
        return self._is_benign(CROWD, route, signal, time)

    def is_voteless(self, request: Request, client: Client, time: float) -> bool:
        """Whether a client says nothing about what users do: machines that are known, and who is allowed."""
        if not (self._members or self._allowed or client.family == BOT):
            return False
        subject = Subject(client.key, client.address, request.user, request.token, request.user_agent, "", "")
        return self._is_spared(subject, time)

    def is_unusual(self, principal: Principal, time: float) -> bool:
        """See `Clock.is_unusual`."""
        if super().is_unusual(principal, time):
            return True
        return self._is_spared(Subject(principal.key, principal.client, None, None, None, "", ""), time)

    def is_load_test(self, client: Client, time: float) -> bool:
        """Whether a client sends many requests on purpose, as the operators know."""
        subject = Subject(client.principal, client.address, client.user, None, client.agent, "", "")
        return self._class_of(subject, time) == "loadtest"

    def is_own_block(self, request: Request, address: str, time: float) -> bool:
        """Whether an answer is the work of our own block list, which says nothing about the client."""
        if request.status not in _REFUSED:
            return False
        since, until = self._blocked[address]
        if since - _SKEW <= time < until + _LANDING:
            return True
        for condition, nets, spans in self._partly:
            if condition.fits(request.host, request.path, request.user_agent):
                since, until = spans.find(nets, address)
                if since - _SKEW <= time < until + _LANDING:
                    return True
        return False

    def has_landed(self, address: str, principal: Principal, time: float) -> bool:
        """Whether the block of a client has ended since it was seen before `time`.

        A block that stood in the queue only, or did not work, ends nothing: the client was answered until its end.
        """
        since, until = self._blocked[address]
        worked = principal.free_at <= until - min(_WORKED, (until - since) / 2)
        return worked and principal.last <= until <= time < until + LANDED_KEPT

    def begin_anew(self, client: Client, principal: Principal) -> None:
        """Count nothing of what a client did before its block ended; it has paid, and its alerts are closed."""
        for key in principal.alerts:
            if (row := self.book.rows.get(key)) is not None:
                row.closed = row.dirty = True
        listed = [track for track in principal.tracks.values() if track.listed]
        calm(principal)
        for track in listed:
            track.listed = track.dirty = True  # its row is to say that nothing is left of it
        calm_rate(client.rate)
        client.score, client.points = 0, "[]"
        self.touch_principal(principal)
        self.touch_client(client)

    def _is_spared(self, subject: Subject, time: float) -> bool:
        if self._class_of(subject, time) in VOTELESS:
            return True
        return any(rule.until is None or time < rule.until for rule in self._allowed.find(subject))

    def _class_of(self, subject: Subject, time: float) -> str:
        if self._members:
            found = {name for name, until in self._members.find(subject) if time < until}
            for name in CLASSES:
                if name in found:
                    return name
        known = self.desk.verified.get(subject.client)
        if self._crawlers[subject.client] or (known is not None and time < known[1]):
            return "crawler"
        return ""

    def _is_allowed(self, subject: Subject, key: str, time: float) -> bool:
        for rule in self._allowed.find(subject):
            if rule.until is None or time < rule.until:
                rule.suppress(key)
                self.desk.dirty = True
                return True
        return False

    def _is_benign(self, subject: str, route: RouteState, signal: Signal, time: float) -> bool:
        desk = self.desk
        if not desk.profiles:
            return False
        detector = signal.detector
        known = route.route
        key = profile_key(detector, subject, known.host, known.label)
        profile = desk.profiles.get(key)
        if desk.settling and (profile is None or profile.late):
            settling = desk.settling.get(family_key(detector.family, subject, known.host, known.label))
            if settling is not None and time < settling.ends:
                if signal.severity > settling.severity or detector.name in SUCCESSES:
                    return False
                profile = profile_of(signal.facts, int(signal.severity), settling.until)
                profile.late = True
                desk.excuse(key, profile)
        if profile is None:
            return False
        desk.dirty = True
        return time < profile.until and not exceeds(profile, signal.facts, signal.severity)

    def _listed(self, address: str) -> tuple[float, float]:
        return self._spans.find(self.desk.blocked, address)


def profile_key(detector: Detector, subject: str, host: str, route: str) -> str:
    """What identifies a profile: who, where, and which test; reconnaissance is everywhere on a host."""
    test = detector.test or detector.name
    return f"{test}|{host}|{'' if detector.family == 'recon' else route}|{subject}"


def family_key(family: str, subject: str, host: str, route: str) -> str:
    """What identifies what was called benign while it is settling."""
    return f"{family}|{host}|{route}|{subject}"


def _canonical(target: str) -> str:
    return target if target.partition(":")[0] in _KINDS else f"network:{target}"


@cache
def _published(version: int) -> tuple[list[int], list[int]]:
    """First and last addresses of the networks of `config/crawlers.txt`, in order; they do not overlap."""
    lines = (line.split() for line in data_text("crawlers.txt").splitlines() if line and line[0] != "#")
    known = [network for network in (ip_network(text) for _, text in lines) if network.version == version]
    known.sort(key=lambda network: int(network.network_address))
    return [int(net.network_address) for net in known], [int(net.broadcast_address) for net in known]


def _is_published(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    firsts, lasts = _published(parsed.version)
    at = bisect_right(firsts, int(parsed)) - 1
    return at >= 0 and int(parsed) <= lasts[at]


def _is_nobody(address: str) -> bool:
    return False
