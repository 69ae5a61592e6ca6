"""The fields of rows that a viewer holds, for `match`."""

import re

from apiwatch.model import SEVERITIES, LineRow
from apiwatch.store.filters.match import Record
from apiwatch.store.views import AlertView, BlockEntry, ClientView, GroupView, Mix, RouteView, SourceView, SuspectView

__all__ = [
    "alert_record",
    "block_record",
    "client_record",
    "group_record",
    "line_record",
    "mix_record",
    "route_record",
    "source_record",
    "suspect_record",
]

_STATUS = re.compile(r'(?:" |status\W{1,4})([1-5]\d\d)\b', re.ASCII | re.IGNORECASE)


def alert_record(view: AlertView) -> Record:
    """An alert. Its `status` are those of its sample lines; its users and agents are in the store only."""
    alert = view.alert
    samples = alert.explanation.samples
    return {
        "sev": float(alert.severity),
        "score": float(alert.score),
        "client": (*alert.clients, alert.client) if alert.client not in alert.clients else alert.clients,
        "host": alert.host,
        "route": alert.route,
        "detector": alert.detector,
        "state": view.state,
        "status": tuple(float(found) for sample in samples for found in _STATUS.findall(sample)),
        "last": alert.last_seen,
        "first": alert.first_seen,
        "reqs": float(alert.count),
        "clients": float(alert.clients_total),
        "by": tuple(name for name in (view.acknowledged_by, view.muted_by, view.benign_by) if name),
        "why": (alert.title, view.note),
        "*": (SEVERITIES[alert.severity], alert.principal, *samples),
    }


def client_record(view: ClientView) -> Record:
    """What a row of the list of clients says; its agents, users, hosts and routes are in the store only."""
    return {
        "sev": float(SEVERITIES.index(view.severity)) if view.severity else (),
        "score": float(view.score),
        "client": view.client,
        "last": view.last_seen,
        "first": view.first_seen,
        "alerts": float(view.alerts),
        "*": (view.principal, view.severity),
        **mix_record(view.window),
    }


def group_record(view: GroupView, field: str) -> Record:
    """Clients that share something; `field` is the one that holds what they share."""
    return {
        "sev": float(SEVERITIES.index(view.severity)) if view.severity else (),
        field: view.value,
        "last": view.last_seen,
        "alerts": float(view.alerted),
        "*": (view.value, view.severity),
        **mix_record(view.window),
    }


def route_record(view: RouteView) -> Record:
    """A route."""
    return {
        "sev": float(SEVERITIES.index(view.severity)) if view.severity else (),
        "alerts": float(view.alerts),
        "route": view.route,
        "host": view.host,
        "role": view.roles,
        "origin": view.origin,
        "clients": float(view.clients),
        "last": view.last_seen,
        "first": view.first_seen,
        "why": view.notes,
        **mix_record(view.mix),
    }


def suspect_record(view: SuspectView) -> Record:
    """A leaning test; users and agents of its client are in the store only."""
    return {
        "client": view.client,
        "host": view.host,
        "route": view.route,
        "detector": view.detector,
        "last": view.last_seen,
        "first": view.first_seen,
        "reqs": float(view.observations),
        "ok": float(view.successes),
        "fail": float(view.failures),
        "ids": float(view.objects),
        "evidence": view.evidence,
        "alerts": 1.0 if view.alert_id else 0.0,
        "why": view.note,
        "*": view.principal,
    }


def line_record(line: LineRow) -> Record:
    """A live line. Its `route` is also the target as it was asked."""
    return {
        "client": line.client,
        "host": line.host,
        "route": (line.route, line.target),
        "method": line.method,
        "status": float(line.status),
        "outcome": line.outcome,
        "ua": line.user_agent,
        "user": line.user,
        "last": line.time,
        "bytes": float(line.bytes) if line.bytes is not None else (),
        "ms": line.duration_s * 1000.0 if line.duration_s is not None else (),
        "source": line.source,
        "*": str(line.status),
    }


def block_record(entry: BlockEntry) -> Record:
    """An entry of the block queue; its age is that of its making."""
    return {
        "client": entry.net,
        "state": entry.state,
        "by": entry.actor,
        "why": entry.reason,
        "last": entry.created,
        "*": entry.alert_ids,
    }


def source_record(view: SourceView) -> Record:
    """A source."""
    return {
        "source": view.name,
        "state": view.state,
        "format": view.format,
        "why": view.message,
        "last": view.last_time,
        "lines": float(view.lines),
        "reqs": float(view.requests),
        "unparsed": float(view.unparsed),
        "dropped": float(view.dropped),
        "%": float(view.lines),
        "*": view.kind,
    }


def mix_record(mix: Mix) -> dict[str, float]:
    """Counts of requests."""
    return {
        "reqs": float(mix.requests),
        "ok": float(mix.ok),
        "miss": float(mix.miss),
        "deny": float(mix.deny),
        "limit": float(mix.limited),
        "err": float(mix.err),
        "fail": float(mix.miss + mix.deny + mix.limited + mix.err),
        "4xx": float(mix.miss + mix.deny + mix.limited),
        "5xx": float(mix.err),
        "bytes": float(mix.bytes),
    }
