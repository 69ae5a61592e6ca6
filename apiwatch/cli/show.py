"""`apiwatch show CLIENT`: the drill-down as text or JSON."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.store import ClientDetail, FacetView, HealthView

__all__ = ["show"]

_ROUTES = 15
_LINES = 10


@click.command()
@click.argument("client")
@state_options
@as_json
def show(client: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Everything about one client: score, routes, identities, alerts, evidence."""
    detail, health = asyncio.run(_detail(state_file(db, config), client))
    if detail is None:
        raise InputError(f"the state file knows no client {plain(client)}; `apiwatch clients` lists those it knows")
    if json_lines:
        from apiwatch.cli.output import emit

        emit(_fields(detail))
        return
    from apiwatch.cli.reports import mention_collector

    _text(detail)
    mention_collector(health)


async def _detail(path: Path, client: str) -> "tuple[ClientDetail | None, HealthView | None]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        now = time.time()
        detail = await reader.client(client, now) or await reader.client(_canonical(client), now)
        return detail, await reader.health()


def _canonical(client: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(client.strip().strip("[]")))
    except ValueError:
        return client


def _fields(detail: "ClientDetail") -> dict[str, Any]:
    from apiwatch.cli.alertjson import alert_view_fields
    from apiwatch.cli.output import mix_fields, rfc3339
    from apiwatch.cli.reports import client_fields, route_fields

    return {
        "type": "client",
        **client_fields(detail.row),
        "peer": detail.peer or None,
        "neighbours": detail.neighbours,
        "points": [{"points": points, "reason": reason} for points, reason in detail.points],
        "total": mix_fields(detail.total),
        "timeline": [{"minute": rfc3339(view.minute * 60), **mix_fields(view.mix)} for view in detail.timeline],
        "routes": [route_fields(view) for view in detail.routes],
        "user_agents": [_facet(view) for view in detail.user_agents],
        "users": [_facet(view) for view in detail.users],
        "hosts": [_facet(view) for view in detail.hosts],
        "alert_rows": [alert_view_fields(view) for view in detail.alerts],
        "suspects": [
            {
                "detector": view.detector,
                "route": view.route,
                "parameter": view.parameter,
                "evidence": view.evidence,
                "hits": view.hits,
                "observations": view.observations,
                "objects": view.objects,
                "alert": view.alert_id or None,
            }
            for view in detail.suspects
        ],
        "evidence": [
            {
                "time": rfc3339(view.time),
                "source": view.source,
                "line": view.line,
                "text": view.text,
                "success": view.success,
            }
            for view in detail.evidence
        ],
    }


def _facet(view: "FacetView") -> dict[str, Any]:
    from apiwatch.cli.output import rfc3339

    return {"value": view.value, "requests": view.requests, "last_seen": rfc3339(view.last_seen)}


def _text(detail: "ClientDetail") -> None:
    from apiwatch.cli.alerttext import clock_time, put_alert, state_text
    from apiwatch.cli.output import put, sparkline, table

    row, total = detail.row, detail.total
    put(f"{plain(row.client)}  score {row.score}  {row.severity or 'no open alert'}  {row.requests} requests")
    put(f"  seen     {clock_time(row.first_seen)} to {clock_time(row.last_seen)}")
    via = f", via {plain(detail.peer)}" if detail.peer and detail.peer != row.client else ""
    put(f"  who      principal {plain(row.principal)}{via}; {detail.neighbours} other clients in the same network")
    put(f"  outcomes ok {total.ok}  miss {total.miss}  deny {total.deny}  limited {total.limited}  err {total.err}")
    for points, reason in detail.points:
        put(f"  score    {points:+d} {plain(reason)}")
    for name, facets in (("agent", detail.user_agents), ("user", detail.users), ("host", detail.hosts)):
        for facet in facets[:5]:
            put(f"  {name:8} {facet.requests} x {plain(facet.value, 160)}")
    if detail.timeline:
        last = detail.timeline[-1].minute
        peak = max(view.mix.requests for view in detail.timeline)
        put(f"  minutes  |{sparkline(detail.timeline, last)}| peak {peak}/min, last {clock_time(last * 60)}")
    put()
    rows = [
        (
            str(view.mix.requests),
            str(view.objects),
            str(view.mix.ok),
            str(view.mix.miss),
            str(view.mix.deny),
            " ".join(part for part in (view.host, view.route) if part),
        )
        for view in detail.routes[:_ROUTES]
    ]
    table(("requests", "objects", "ok", "miss", "deny", "route"), rows)
    if len(detail.routes) > _ROUTES:
        put(f"({_ROUTES} of {len(detail.routes)} routes)")
    put()
    for alert in detail.alerts:
        put_alert(alert.alert, state_text(alert) or "  open")
    for line in detail.evidence[:_LINES]:
        put(f"{plain(line.source)}:{line.line}: {plain(line.text)}")
