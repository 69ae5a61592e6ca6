"""What operators say reaches the engine here: an input like a batch of lines, at a place between two of them."""

from collections.abc import Iterable
from ipaddress import ip_network

import msgspec

from apiwatch.detect import DETECTORS
from apiwatch.detect.alerts import AlertState
from apiwatch.detect.classes import severity_for
from apiwatch.detect.desk import RULES_KEPT, SETTLING_S, Desk, Profile, Rule, Settling, profile_of
from apiwatch.detect.scoring import score
from apiwatch.detect.state import Principal
from apiwatch.detect.targets import Subject, Targets
from apiwatch.engine.core import EngineCore
from apiwatch.engine.life import BOT, CROWD, family_key, profile_key
from apiwatch.errors import GuardError
from apiwatch.model import Action, Alert, Severity
from apiwatch.model.condition import parse_condition

__all__ = ["Operators"]

_HISTORY = 86_400.0
"""Seconds between clock and log from which on the log counts as history: there, durations begin at its newest line."""

_BLOCKED_KEPT = 10_000


class Operators(EngineCore):
    """The engine's ear for operators."""

    def act(self, actions: Iterable[Action]) -> None:
        """Apply what was said, in order; what was applied before is left out.

        An action counts from here on, for the lines that follow, until event time passes its expiry. Where the log lies
        more than a day back it counts for as long in event time. Call `take` before the next lines: then the action and
        its place are stored together.
        """
        for action in actions:
            if action.seq <= self.desk.seq:
                continue
            self.desk.seq = action.seq
            self.desk.dirty = True
            since, until = self._span(action)
            self._apply(action, since, until)

    def claims_to_crawl(self, alert: Alert) -> bool:
        """Whether an alert is about a client that calls itself a crawler and is not known to be one."""
        client = self.clients.get(alert.client)
        return client is not None and client.family == BOT and alert.explanation.subject.client_class == "user"

    def verify(self, address: str, domain: str, seconds: float) -> None:
        """DNS says that an address belongs to a crawler of this domain; that is believed for some time.

        What its alerts say about reading is worth no more than information from now on.
        """
        now = self.globals.watermark
        self.desk.verify(address, domain, now + seconds)
        self.desk.dirty = True
        for row in self.book.rows.values():
            detector = DETECTORS[row.detector]
            if row.client != address or row.closed or row.crowd:
                continue
            row.client_class = "crawler"
            row.severity = severity_for("crawler", detector, Severity(row.severity))
            row.dirty = True
            principal = self.principals.get(row.principal)
            if principal is not None and row.detector in principal.signals:
                _, evidence, reason, time = principal.signals[row.detector]
                principal.signals[row.detector] = row.severity, evidence, reason, time
                self._rescore(principal, row, "crawler")

    def _span(self, action: Action) -> tuple[float, float | None]:
        """Event times from which and until which an action counts; None: for ever."""
        newest = self.globals.watermark
        shift = newest - action.time if 0.0 < newest < action.time - _HISTORY else 0.0
        return action.time + shift, None if action.expires is None else max(action.time, action.expires) + shift

    def _apply(self, action: Action, since: float, until: float | None) -> None:
        desk = self.desk
        match action.kind:
            case "mute" if until is not None:
                desk.mute(action.subject, until)
            case "unmute":
                desk.mutes.pop(action.subject, None)
            case "benign" if until is not None:
                row = self._row(action.subject)
                if row is not None:
                    self._excuse(row, since, until)
            case "allow" if _means_something(action.subject):
                self._allow(action, until)
            case "disallow":
                if desk.rules.pop(action.entry, None) is not None:
                    self.use_desk(desk)
            case "block" if _means_something(f"network:{action.subject}") and _is_condition(action.condition):
                if self._room_for_block(action):
                    blocked = self._blocked_by(action)
                    first, end = blocked.get(action.subject, (since, None))
                    blocked[action.subject] = first if end is None or end > since else since, until
                    self.use_desk(desk)
            case "unblock" if _is_condition(action.condition):
                blocked = self._blocked_by(action)
                if (span := blocked.get(action.subject)) is not None and (span[1] is None or span[1] > since):
                    blocked[action.subject] = min(span[0], since), since
                    self.use_desk(desk)
            case _:
                pass

    def _blocked_by(self, action: Action) -> dict[str, tuple[float, float | None]]:
        """The networks of which all requests are blocked, or those under the condition of an action."""
        desk = self.desk
        return desk.partly.setdefault(action.condition, {}) if action.condition else desk.blocked

    def _room_for_block(self, action: Action) -> bool:
        """Whether another network can be remembered; those whose block has ended make room."""
        desk = self.desk
        if action.subject in self._blocked_by(action):
            return True
        if _number(desk) >= _BLOCKED_KEPT:
            desk.forget_ended(self.globals.watermark)
        return _number(desk) < _BLOCKED_KEPT

    def _row(self, alert_id: str) -> AlertState | None:
        return next((row for row in self.book.rows.values() if row.id == alert_id), None)

    def _excuse(self, row: AlertState, since: float, until: float) -> None:
        """Take what somebody did until now for what he does, as each test measured it that spoke.

        Other tests of the family need longer to see the same: for some minutes they are listened to, too. Not so where
        they may be about other requests than these: those of another client of a route, of another route of a host.
        """
        subject = CROWD if row.crowd else row.principal
        profiles: dict[str, Profile] = {}
        worst: dict[str, int] = {}
        spoken = [*row.heard.items(), (f"{row.detector}|{row.route}", (row.severity, row.facts))]
        for spoke, (severity, facts) in spoken:
            name, _, route = spoke.partition("|")
            told = severity if severity < Severity.CRITICAL else min(severity, row.severity)
            profile = profile_of(facts, told, until)
            profiles.setdefault(profile_key(DETECTORS[name], subject, row.host, route), profile).widen(profile)
            worst[route] = max(worst.get(route, 0), told)
        for key, profile in profiles.items():
            self.desk.excuse(key, profile)
        if not (row.crowd or row.family == "recon"):
            for route, severity in worst.items():
                key = family_key(row.family, subject, row.host, route)
                self.desk.settling[key] = Settling(since + SETTLING_S, until, severity)
        row.heard.clear()
        self._settle(row, {spoke.partition("|")[0] for spoke, _ in spoken})

    def _allow(self, action: Action, until: float | None) -> None:
        desk = self.desk
        known = desk.rules.get(action.entry)
        if known is not None:
            known.until = until
        elif len(desk.rules) < RULES_KEPT:
            desk.rules[action.entry] = Rule(action.subject, until)
        else:
            return
        self.use_desk(desk)
        target: Targets[bool] = Targets()
        target.add(action.subject, True)
        for row in list(self.book.rows.values()):
            if not row.closed and any(target.find(_subject_of(row))):
                self._settle(row, {row.detector})

    def _settle(self, row: AlertState, detectors: set[str]) -> None:
        """Close an alert whose story is told; these detectors count no longer, unless another open alert needs them."""
        row.closed = row.dirty = True
        principal = self.principals.get(row.principal)
        if principal is None:
            return
        if row.key in principal.alerts:
            principal.alerts.remove(row.key)
        others = [self.book.rows[key] for key in principal.alerts if key in self.book.rows]
        others = [other for other in others if not other.closed]
        needed = {spoke.partition("|")[0] for other in others for spoke in (other.detector, *other.heard)}
        for name in detectors - needed:
            principal.signals.pop(name, None)
        if not principal.alerts:
            principal.signals.clear()
        self._rescore(principal, row, "user")

    def _rescore(self, principal: Principal, row: AlertState, client_class: str) -> None:
        principal.reached = principal.reached and bool(principal.signals)
        now = self.globals.watermark
        principal.score, points = score(principal.signals, now, client_class, reached=principal.reached)
        principal.points = msgspec.json.encode(points).decode()
        self.touch_principal(principal)
        for address in row.clients:
            client = self.clients.get(address)
            if client is not None and client.score > principal.score:
                client.score, client.points = principal.score, principal.points
                client.scored_at = self.globals.watermark
                self.touch_client(client)


def _subject_of(row: AlertState) -> Subject:
    """Whom an alert is about, as far as its row knows."""
    return Subject(row.principal, row.client, None, None, None, row.host, row.route)


def _number(desk: Desk) -> int:
    """Networks that are or were blocked, in part or as a whole."""
    return len(desk.blocked) + sum(map(len, desk.partly.values()))


def _is_condition(text: str) -> bool:
    try:
        parse_condition(text)
    except GuardError:
        return False
    return True


def _means_something(target: str) -> bool:
    """Whether a target can be one: anybody who may write the state file can say anything."""
    kind, _, text = target.partition(":")
    if kind != "network":
        return bool(text)
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
