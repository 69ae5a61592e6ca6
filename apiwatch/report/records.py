"""Rows of the state file as plain values for JSON: names as they are, times as RFC 3339, no 0 for what is not known."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from apiwatch.model import SEVERITIES, Severity
from apiwatch.report.incident import FULL, Incident
from apiwatch.store.views import GroupView, Mix, RouteView
from apiwatch.times import rfc3339

__all__ = ["as_json", "record"]

_TIMES = frozenset({
    "time", "made", "since", "until", "first_seen", "last_seen", "last_time", "created", "expires", "renewed", "ended",
    "acknowledged_at", "muted_at", "muted_until", "benign_at", "benign_until", "noted_at", "started", "heartbeat",
    "watermark",
})  # fmt: skip
"""Fields that hold seconds since the epoch; 0 (never) becomes null."""

_COUNTED = (
    frozenset({"s1xx", "s2xx", "s3xx", "s4xx", "s5xx", "other"}),
    frozenset({"ok", "miss", "deny", "limited", "err", "neutral"}),
    frozenset({"bytes"}),
)
"""Fields of a mix that are kept together: the store counts all of a group or none."""

_OF_WHOLE_LOG = frozenset({"window", "spark", "usual", "p95", "severity", "alerts"})
"""Fields of a route that are not kept for the routes of clients."""


def as_json(incident: Incident) -> dict[str, Any]:
    """The incident as one JSON object; `type` is `incident`. `clients` are the first of `clients_counted`."""
    told = dataclasses.replace(incident, clients=incident.clients[:FULL])
    return {"type": "incident", **record(told), "clients_counted": len(incident.clients)}


def record(view: object) -> dict[str, Any]:
    """A row (dataclass or struct) as a mapping of plain values without those that are not kept; rows inside it too."""
    if isinstance(view, msgspec.Struct):
        pairs = [
            (encoded, getattr(view, name))
            for name, encoded in zip(view.__struct_fields__, view.__struct_encode_fields__, strict=True)
        ]
    elif dataclasses.is_dataclass(view):
        pairs = [(field.name, getattr(view, field.name)) for field in dataclasses.fields(view)]
    else:
        raise TypeError(f"{type(view).__name__} is no row")
    unknown = _unknown(view)
    return {name: _value(name, value) for name, value in pairs if name not in unknown}


def _unknown(view: object) -> frozenset[str]:
    """Fields of a row that are 0 because nobody counts them."""
    match view:
        case Mix():
            return frozenset().union(*(names for names in _COUNTED if not any(getattr(view, name) for name in names)))
        case RouteView(first_seen=0.0):
            return _OF_WHOLE_LOG
        case GroupView(window=Mix(requests=0)):
            return frozenset({"window"})
    return frozenset()


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Severity):
        return SEVERITIES[value]
    if isinstance(value, float) and name in _TIMES:
        return rfc3339(value)
    if isinstance(value, int) and name == "minute":
        return rfc3339(value * 60)
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        return record(value)
    if isinstance(value, Mapping):
        return {key: _value("", each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value("", each) for each in value]
    return value
