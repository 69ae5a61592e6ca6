"""The alert book: one open row per (family, principal, host, route prefix), updated and never repeated."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal

import msgspec

from apiwatch.config.alerts import Alerts
from apiwatch.detect.campaign import Crowd
from apiwatch.detect.desk import Desk
from apiwatch.detect.signal import Detector, Facts, Signal, suspicious
from apiwatch.detect.state import Principal, Sample
from apiwatch.model import (
    SEVERITIES,
    Alert,
    AlertEvent,
    EvidenceRow,
    Explanation,
    Severity,
    Subject,
)
from apiwatch.routes import Route

__all__ = ["SUCCESSES", "AlertBook", "AlertState"]

MEMBERS = 1_000
_WITHOUT_ROUTE = frozenset({"recon", "inventory"})
"""Families whose alerts are about whatever somebody looks for, and so are one row for all routes."""

_FIRST_LINES = 10

SUCCESSES = frozenset({"auth.account-takeover", "recon.fuzz-hit", "recovery.reset-then-login"})
"""Detectors whose signal is a success of whom the alert is about."""

_SUCCESS_LINES = 20
"""Evidence lines of successes, the first half of them and the latest, which no other lines push out: whose account was
taken is what an operator must know."""

_HEARD = 16
"""Tests and routes of which a row remembers what they said: the latest ones."""

Reason = Literal["open", "severity", "success", "volume", "restart", "members"]


class AlertState(msgspec.Struct, gc=False):
    """One row of the book."""

    key: str
    id: str
    detector: str
    family: str
    severity: int
    score: int
    principal: str
    kind: str
    client: str
    clients: list[str]
    clients_total: int
    host: str
    route: str
    since: float
    last: float
    count: int
    update: int
    told_count: int
    """Count at the latest event."""
    facts: Facts
    samples: list[Sample]
    heard: dict[str, tuple[int, Facts]] = msgspec.field(default_factory=dict)
    """`detector|route label` of what spoke -> severity of its latest signal, before any cap, and its facts."""
    lines: int = 0
    """Evidence lines so far, without those of successes."""
    successes: int = 0
    """Evidence lines of successes so far."""
    got_in: str = ""
    """Line number and source of the latest of these."""
    latest: str = ""
    """Line number and source of the latest firing: two tests that fire on one line count once."""
    shown: str = ""
    """The same of the latest evidence line."""
    client_class: str = "user"
    crowd: bool = False
    """Whether it is about a route and all its clients."""
    told_for: str = "open"
    """Reason of the latest event."""
    told_severity: int = -1
    """Highest severity that was told."""
    succeeded: bool = False
    """Whether a success was told."""
    reopened: int = 0
    said_before: int = 0
    """Place of the latest action when it was opened again: earlier acknowledgements are void."""
    closed: bool = False
    dirty: bool = False


class AlertBook:
    """All alerts of one shard."""

    def __init__(
        self, limit: int, evidence_lines: int, detectors: dict[str, Detector], settings: Alerts, desk: Desk
    ) -> None:
        self._limit = limit
        self._evidence_lines = evidence_lines
        self._detectors = detectors
        self._settings = settings
        self.desk = desk
        self.rows: dict[str, AlertState] = {}
        self.events: list[AlertEvent] = []
        self.evidence: dict[tuple[str, int], EvidenceRow] = {}
        self.refused = 0
        self.dropped: list[AlertState] = []
        """Rows that left the book since the list was last emptied by its reader."""

    def __len__(self) -> int:
        return len(self.rows)

    def open_count(self) -> int:
        """Number of open alerts."""
        return sum(1 for row in self.rows.values() if not row.closed)

    def signal(
        self,
        principal: Principal,
        route: Route,
        signal: Signal,
        severity: Severity,
        line: int,
        time: float,
        source: str,
        sample: Sample,
        crowd: Crowd | None = None,
        client_class: str = "user",
    ) -> AlertState | None:
        """Enter one firing: it opens a row, or updates the one that is there, or is refused when the book is full.

        It was made by a line of a source at a time; `sample` is the original line that shows it, which for a crowd may
        be an earlier one.

        With a `crowd` the row is about that instead of the one principal. Returns the row; None also while learning.
        """
        if self.desk.learning:
            return None
        detector = signal.detector
        key = self.key(principal, route, detector)
        row = self.rows.get(key)
        if row is not None and row.closed and time - row.last > self._settings.reopen_within:
            self._drop(row)
            row = None
        success = succeeded(signal)
        is_back = row is not None and row.closed
        if row is None:
            if not self._room():
                self.refused += 1
                return None
            row = self._open(key, principal, route, signal, severity)
            reason: Reason | None = "open"
        else:
            reason = self._reason(row, severity, time, success)
            if row.closed:
                row.closed = False
                row.reopened += 1
                row.said_before = self.desk.seq
        row.client_class = client_class
        if key not in principal.alerts:
            principal.alerts.append(key)
        self._update(row, principal, route, signal, severity, time, is_back)
        if crowd is None:
            self._add_client(row, principal.client)
        else:
            self.enter(row, crowd)
            if reason is None and crowd.news:
                reason = "members"
        here = f"{line} {source}"
        if detector.name in SUCCESSES and row.got_in != here:
            row.got_in = here
            self._put_success(row, sample)
        if row.latest != here:
            row.latest = here
            shown = f"{sample[2]} {sample[1]}"
            if row.got_in != here and row.shown != shown:
                row.shown = shown
                self._put_line(row, sample)
            row.count = max(row.count + 1, int(suspicious(signal.facts)))
        if reason is not None and not self.desk.is_muted(row.id, time):
            self._tell(row, reason, success, time, source, line)
        return row

    def _tell(self, row: AlertState, reason: Reason, success: bool, time: float, source: str, line: int) -> None:
        row.update += reason != "open"
        row.told_count = row.count
        row.told_severity = row.severity
        row.told_for = reason
        row.succeeded = row.succeeded or success
        notify = reason != "members" and self.desk.may_notify(time, self._settings.notifications_per_hour)
        self.events.append(AlertEvent(self.alert(row), time, source, line, reason, notify))

    def key(self, principal: Principal, route: Route, detector: Detector) -> str:
        """What identifies the row of a detector's family for a principal on a route."""
        prefix = "" if detector.family in _WITHOUT_ROUTE else route.prefix
        return f"{detector.family}|{principal.key}|{route.host}|{prefix}"

    def enter(self, row: AlertState, crowd: Crowd) -> None:
        """Let a row be about a crowd, with its members as they are now."""
        row.crowd, row.kind, row.principal = True, crowd.kind, crowd.name
        row.clients, row.clients_total = crowd.members[:MEMBERS], crowd.total
        row.client = crowd.members[-1] if crowd.members else ""
        row.dirty = True

    def close_silent(self, now: float) -> list[AlertState]:
        """Close the rows without evidence for a day, and drop those that can no longer be reopened."""
        closed: list[AlertState] = []
        for row in list(self.rows.values()):
            if not row.closed and now - row.last > self._settings.close_after:
                row.closed = row.dirty = True
                closed.append(row)
            elif row.closed and now - row.last > self._settings.reopen_within:
                self._drop(row)
        return closed

    def alert(self, row: AlertState) -> Alert:
        """The row as an immutable alert with its explanation."""
        detector = self._detectors[row.detector]
        story = detector.tell(row.facts, row.route)
        severity = SEVERITIES[row.severity]
        explanation = Explanation(
            detector=row.detector,
            family=row.family,
            severity=severity,
            score=row.score,
            subject=Subject(row.kind, row.principal, row.client_class),  # type: ignore[arg-type]  # the engine's kinds
            host=row.host,
            route=row.route,
            since=_rfc3339(row.since),
            last=_rfc3339(row.last),
            numbers=story.numbers,
            why=story.why,
            samples=tuple(text for _, _, _, text in row.samples),
            counter_evidence=story.counter_evidence,
            clears_when=story.clears_when,
            tags=detector.tags,
        )
        return Alert(
            id=row.id,
            detector=row.detector,
            family=row.family,
            severity=Severity(row.severity),
            score=row.score,
            principal=row.principal,
            client=row.client,
            clients=tuple(row.clients),
            clients_total=row.clients_total,
            host=row.host,
            route=row.route,
            title=story.title,
            first_seen=row.since,
            last_seen=row.last,
            count=row.count,
            update=row.update,
            explanation=explanation,
            closed=row.closed,
            told_for=row.told_for,
            reopened=row.reopened,
            said_before=row.said_before,
        )

    def _room(self) -> bool:
        if len(self.rows) < self._limit:
            return True
        closed = [row for row in self.rows.values() if row.closed]
        if not closed:
            return False
        self._drop(min(closed, key=lambda row: (row.last, row.key)))
        return True

    def _drop(self, row: AlertState) -> None:
        del self.rows[row.key]
        self.dropped.append(row)

    def _open(self, key: str, principal: Principal, route: Route, signal: Signal, severity: Severity) -> AlertState:
        digest = blake2b(f"{key}|{int(signal.since // 60)}".encode("utf-8", "replace"), digest_size=8).hexdigest()
        row = AlertState(
            key=key,
            id=digest,
            detector=signal.detector.name,
            family=signal.detector.family,
            severity=int(severity),
            score=0,
            principal=principal.key,
            kind=principal.kind,
            client=principal.client,
            clients=[],
            clients_total=0,
            host=route.host,
            route=route.label,
            since=signal.since,
            last=signal.since,
            count=0,
            update=0,
            told_count=0,
            facts=signal.facts,
            samples=[],
        )
        self.rows[key] = row
        for sample in signal.samples[:-1]:
            self._put_line(row, sample)
        return row

    def _reason(self, row: AlertState, severity: Severity, time: float, success: bool) -> Reason | None:
        if severity > row.told_severity:
            return "severity"
        if success and not row.succeeded:
            return "success"
        if row.closed or time - row.last >= self._settings.restart_after:
            return "restart"
        if row.count + 1 >= self._settings.volume_factor * row.told_count:
            return "volume"
        return None

    def _update(
        self,
        row: AlertState,
        principal: Principal,
        route: Route,
        signal: Signal,
        severity: Severity,
        time: float,
        is_back: bool,
    ) -> None:
        """Take over what a test says, if it says more than the one whose words the row has, or brought it back."""
        current = self._detectors[row.detector]
        spoke = f"{signal.detector.name}|{route.label}"
        if row.heard.pop(spoke, None) is None and len(row.heard) >= _HEARD:
            del row.heard[next(iter(row.heard))]
        row.heard[spoke] = int(signal.severity), signal.facts
        if (
            severity > row.severity
            or is_back
            or signal.detector.name == current.name
            or (severity == row.severity and signal.detector.test == current.test != "")
        ):
            row.severity = max(row.severity, int(severity))
            row.detector = signal.detector.name
            row.facts = signal.facts
            row.route = route.label
            row.samples = list(signal.samples)
        row.since = min(row.since, time)
        row.last = max(row.last, time)
        row.score = max(row.score, principal.score)
        row.dirty = True

    def _add_client(self, row: AlertState, client: str) -> None:
        if (client != row.client or not row.clients) and client not in row.clients:
            row.clients_total += 1
            if len(row.clients) < MEMBERS:
                row.clients.append(client)
        row.client = client

    def _put_line(self, row: AlertState, sample: Sample) -> None:
        slot = _slot(row.lines, min(_FIRST_LINES, self._evidence_lines // 2), self._evidence_lines)
        row.lines += 1
        self.evidence[row.id, slot] = EvidenceRow(row.id, slot, *sample)

    def _put_success(self, row: AlertState, sample: Sample) -> None:
        slot = -1 - _slot(row.successes, _SUCCESS_LINES // 2, _SUCCESS_LINES)
        row.successes += 1
        self.evidence[row.id, slot] = EvidenceRow(row.id, slot, *sample)


def _slot(number: int, first: int, most: int) -> int:
    """The place of a line among `most`: the `first` ones stay, the latest share the rest."""
    return number if number < most else first + (number - first) % (most - first)


def succeeded(signal: Signal) -> bool:
    """Whether a signal knows of a success: a log-in, an answer to a guess, an account taken over."""
    facts = signal.facts
    return signal.detector.name in SUCCESSES or bool(facts.get("successes") or facts.get("found"))


def _rfc3339(time: float) -> str:
    return datetime.fromtimestamp(int(time), UTC).isoformat().replace("+00:00", "Z")
