"""Alerts as JSON objects: the fields that scripts depend on."""

from typing import TYPE_CHECKING, Any

from apiwatch.cli.output import rfc3339
from apiwatch.model import SEVERITIES, Alert, AlertEvent

if TYPE_CHECKING:
    from apiwatch.store import AlertView

__all__ = ["alert_fields", "alert_view_fields", "event_fields"]

_CLIENTS = 1000


def alert_fields(alert: Alert, time: float) -> dict[str, Any]:
    """The common fields; `time` is the event time of the latest change that is told."""
    explanation = alert.explanation
    return {
        "type": "alert",
        "id": alert.id,
        "time": rfc3339(time),
        "first_seen": rfc3339(alert.first_seen),
        "last_seen": rfc3339(alert.last_seen),
        "detector": alert.detector,
        "family": alert.family,
        "severity": SEVERITIES[alert.severity],
        "score": alert.score,
        "host": alert.host,
        "route": alert.route,
        "principal": alert.principal,
        "client": alert.client or None,
        "clients": alert.clients[:_CLIENTS],
        "clients_total": alert.clients_total,
        "count": alert.count,
        "title": alert.title,
        "explanation": explanation,
        "evidence": explanation.samples,
        "owasp": explanation.tags.owasp,
        "oat": explanation.tags.oat,
        "attack": explanation.tags.attack,
        "update": alert.update,
        "told_for": alert.told_for,
        "reopened": alert.reopened,
    }


def event_fields(event: AlertEvent) -> dict[str, Any]:
    """An alert as it opened or was updated, with the input line that made it fire."""
    fields = alert_fields(event.alert, event.time)
    fields["reason"] = event.reason
    fields["notify"] = event.notify
    fields["trigger"] = {"source": event.source, "line": event.line}
    return fields


def alert_view_fields(view: "AlertView") -> dict[str, Any]:
    """An alert of the state file, with what operators said."""
    fields = alert_fields(view.alert, view.alert.last_seen)
    fields["state"] = view.state
    fields["acknowledged_by"] = view.acknowledged_by or None
    fields["note"] = view.note or None
    fields["muted_until"] = rfc3339(view.muted_until)
    fields["muted_by"] = view.muted_by or None
    fields["benign_until"] = rfc3339(view.benign_until)
    fields["benign_by"] = view.benign_by or None
    return fields
