"""The durable finding that a user sees, and its explanation record (reference: detection design, section 9)."""

from typing import Literal

import msgspec

from apiwatch.model.request import Severity

__all__ = ["Alert", "AlertEvent", "Explanation", "Number", "Subject", "Tags"]


class Number(msgspec.Struct, frozen=True):
    """One measured quantity against what is usual and what is too much."""

    name: str
    value: str
    baseline: str
    threshold: str
    now: float
    """Current value of the test statistic."""


class Subject(msgspec.Struct, frozen=True):
    """Whom an alert is about."""

    kind: Literal["ipv4", "ipv6-64", "host", "nat", "user", "token", "route", "campaign"]
    key: str
    client_class: str = msgspec.field(name="class", default="user")


class Tags(msgspec.Struct, frozen=True):
    """Identifiers of OWASP API Top 10 2023, OWASP Automated Threats and MITRE ATT&CK."""

    owasp: tuple[str, ...] = ()
    oat: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Why an alert exists, complete: an alert that lacks a part is a bug."""

    detector: str
    family: str
    severity: str
    score: int
    subject: Subject
    host: str
    route: str
    since: str
    """RFC 3339."""
    last: str
    numbers: tuple[Number, ...]
    why: str
    samples: tuple[str, ...]
    """Up to five original lines."""
    counter_evidence: tuple[str, ...]
    clears_when: str
    tags: Tags
    actions: tuple[str, ...] = ("ack", "allow-list", "export")


class Alert(msgspec.Struct, frozen=True):
    """The open row of one (family, principal or campaign, host, route prefix); updated, never repeated."""

    id: str
    detector: str
    family: str
    severity: Severity
    score: int
    """0 to 100."""
    principal: str
    client: str
    """Address that an operator would block; the latest one when there are several."""
    clients: tuple[str, ...]
    """Member addresses, at most 1 000."""
    clients_total: int
    host: str
    route: str
    title: str
    first_seen: float
    last_seen: float
    count: int
    """Suspicious requests so far."""
    update: int
    """0 when it opened; each notable update counts one."""
    explanation: Explanation
    closed: bool = False
    told_for: str = "open"
    """`AlertEvent.reason` of the latest event: `severity` means that it escalated."""
    reopened: int = 0
    """Times that it was opened again, after it had closed."""
    said_before: int = 0
    """Acknowledgements up to this `Action.seq` were about an earlier time: it was opened again since."""


class AlertEvent(msgspec.Struct, frozen=True):
    """An alert as it opened or was notably updated: higher severity, first success, ten times the volume, restart after
    silence, members of a campaign that became known."""

    alert: Alert
    time: float
    """Event time of the request that made it fire."""
    source: str
    line: int
    """1-based number of that request's input line."""
    reason: Literal["open", "severity", "success", "volume", "restart", "members"]
    notify: bool = True
    """Whether it is worth a notification and the budget of the hour had one left; the alert is in the list anyway."""
