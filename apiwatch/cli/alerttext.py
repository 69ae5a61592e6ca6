"""Alerts as text for people: one block each, with the reasons."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from apiwatch.cli.output import put
from apiwatch.model import SEVERITIES, Alert
from apiwatch.text import one_line, plain

if TYPE_CHECKING:
    from apiwatch.store import AlertView

__all__ = ["clock_time", "put_alert", "sorted_alerts", "state_text"]

_MARKS = {"critical": "CRIT !!", "high": "HIGH !", "medium": "MEDIUM", "low": "LOW", "info": "INFO"}
_SAMPLES = 3
_NO_LIMIT = frozenset({"", "none", "none by itself"})


def sorted_alerts(alerts: Iterable[Alert]) -> list[Alert]:
    """Most severe first, then highest score, then newest."""
    return sorted(alerts, key=lambda alert: (-alert.severity, -alert.score, -alert.last_seen, alert.id))


def clock_time(when: float) -> str:
    """A time in the local zone, to the second; '-' for never."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when)) if when > 0 else "-"


def state_text(view: "AlertView") -> str:
    """What operators said about an alert, to stand behind its id; '' when nobody said anything and it is open."""
    found = f"  {view.state}" if view.state != "open" else ""
    if view.state == "muted":
        found += f" until {clock_time(view.muted_until)} by {plain(view.muted_by)}"
    if view.acknowledged_by:
        word = "" if view.state == "acknowledged" else "  acknowledged"
        found += f"{word} by {plain(view.acknowledged_by)}"
    if view.benign_until:
        found += f"  benign until {clock_time(view.benign_until)}, says {plain(view.benign_by)}"
    if view.alert.reopened and not view.alert.closed:
        found += "  reopened"
    if view.alert.told_for == "severity":
        found += "  escalated"
    return f"{found}  note: {one_line(view.note, 200)}" if view.note else found


def put_alert(alert: Alert, note: str = "") -> None:
    """Print one alert with its explanation; `note` stands behind its id."""
    severity = SEVERITIES[alert.severity]
    who = plain(alert.client or alert.principal)
    if alert.clients_total > 1:
        who += f" and {alert.clients_total - 1} more"
    put(f"{_MARKS[severity]}  {plain(alert.title)}")
    put(f"  {plain(alert.detector)}  score {alert.score}  {who}  id {plain(alert.id)}{note}")
    if alert.route:
        put(f"  where    {plain(' '.join(part for part in (alert.host, alert.route) if part))}")
    put(
        f"  when     {clock_time(alert.first_seen)} to {clock_time(alert.last_seen)}, {alert.count} suspicious requests"
    )
    explanation = alert.explanation
    put(f"  why      {plain(explanation.why)}")
    for number in explanation.numbers:
        against = [f"limit {plain(number.threshold)}"] if number.threshold not in _NO_LIMIT else []
        against += [f"usual: {plain(number.baseline)}"] if number.baseline else []
        behind = f" ({'; '.join(against)})" if against else ""
        put(f"  number   {plain(number.name)}: {plain(number.value)}{behind}")
    if explanation.subject.client_class not in ("user", "nat"):
        put(f"  class    {plain(explanation.subject.client_class)}")
    for doubt in explanation.counter_evidence:
        put(f"  against  {plain(doubt)}")
    tags = [*explanation.tags.owasp, *explanation.tags.oat, *explanation.tags.attack]
    if tags:
        put(f"  tags     {plain(', '.join(tags))}")
    for sample in explanation.samples[:_SAMPLES]:
        put(f"  line     {one_line(sample, 160)}")
    put()
