"""`apiwatch clients` and `routes`: what the screens show, as text or JSON, also while a collector runs."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.filtering import filter_option, mention_bound, read_filter
from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import UsageError

if TYPE_CHECKING:
    from apiwatch.store import ClientView, Filter, HealthView, RouteView

__all__ = ["WINDOWS", "client_fields", "clients", "limit_option", "mention_collector", "route_fields", "routes"]

WINDOWS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "24h": 1440, "all": 10 * 366 * 1440}
"""Window -> minutes."""

_SORTS = ("score", "requests", "miss", "deny", "err", "bytes", "last_seen")
limit_option = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Most rows."
)


@click.command()
@state_options
@as_json
@limit_option
@click.option("--window", type=click.Choice(list(WINDOWS)), default="all", show_default=True, help="Active within.")
@click.option("--sort", type=click.Choice(_SORTS), default="score", show_default=True, help="Order.")
@filter_option
def clients(
    db: str | None, config: str | None, json_lines: bool, limit: int, window: str, sort: str, wanted: str
) -> None:
    """Clients of the state file."""
    now = time.time()
    where = read_filter(wanted, "clients")
    views, health = asyncio.run(_clients(state_file(db, config), window, sort, limit, now, where))
    mention_bound(views, "clients")
    if json_lines:
        from apiwatch.cli.output import emit

        for view in views:
            emit({"type": "client", **client_fields(view)})
        return
    from apiwatch.cli.alerttext import clock_time
    from apiwatch.cli.output import table

    rows = [
        (
            view.client or "-",
            str(view.score),
            view.severity or "-",
            str(view.alerts),
            str(view.requests),
            str(view.window.requests),
            str(view.window.miss),
            str(view.window.deny),
            str(view.window.err),
            clock_time(view.last_seen),
        )
        for view in views
    ]
    table(("client", "score", "severity", "alerts", "requests", "in window", "miss", "deny", "err", "last seen"), rows)
    mention_collector(health)


@click.command()
@state_options
@as_json
@limit_option
@click.option("--tree", "as_tree", is_flag=True, help="Show how paths were put together, with requests and origins.")
@click.option("--pins", "as_pins", is_flag=True, help="Print what was learned as settings that pin it.")
@filter_option
def routes(
    db: str | None, config: str | None, json_lines: bool, limit: int, as_tree: bool, as_pins: bool, wanted: str
) -> None:
    """Routes of the state file, busiest first."""
    if json_lines + as_tree + as_pins > 1:
        raise UsageError("--json, --tree and --pins are three ways to print the same; choose one")
    where = read_filter(wanted, "routes")
    views, health = asyncio.run(_routes(state_file(db, config), limit, where))
    if as_tree or as_pins:
        from apiwatch.cli.output import put
        from apiwatch.cli.routetree import pins, tree

        for text in (tree if as_tree else pins)(views):
            put(text)
        mention_collector(health)
        return
    if json_lines:
        from apiwatch.cli.output import emit

        for view in views:
            emit({"type": "route", **route_fields(view), "origin": view.origin})
        return
    from apiwatch.cli.output import put, table
    from apiwatch.text import plain

    rows = [
        (
            view.severity or "-",
            str(view.mix.requests),
            str(view.clients),
            str(view.mix.ok),
            str(view.mix.miss),
            str(view.mix.deny),
            str(view.mix.err),
            view.roles or "-",
            " ".join(part for part in (view.host, view.route) if part),
        )
        for view in views
    ]
    table(("severity", "requests", "clients", "ok", "miss", "deny", "err", "roles", "route"), rows)
    for view in views:
        for note in view.notes:
            put(f"{plain(' '.join(part for part in (view.host, view.route) if part))}: {plain(note)}")
    mention_collector(health)


def client_fields(view: "ClientView") -> dict[str, Any]:
    """One row of the list of clients as JSON fields."""
    from apiwatch.cli.output import mix_fields, rfc3339

    return {
        "client": view.client or None,
        "principal": view.principal,
        "first_seen": rfc3339(view.first_seen),
        "last_seen": rfc3339(view.last_seen),
        "score": view.score,
        "severity": view.severity or None,
        "alerts": view.alerts,
        "requests": view.requests,
        "window": mix_fields(view.window),
    }


def route_fields(view: "RouteView") -> dict[str, Any]:
    """One route as JSON fields."""
    from apiwatch.cli.output import mix_fields, rfc3339

    return {
        "host": view.host,
        "route": view.route,
        "roles": view.roles.split(),
        "first_seen": rfc3339(view.first_seen),
        "last_seen": rfc3339(view.last_seen),
        "clients": view.clients,
        "objects": view.objects,
        **mix_fields(view.mix),
        "window": mix_fields(view.window),
        "severity": view.severity or None,
        "alerts": view.alerts,
        "usual": view.usual or None,
        "p95_s": round(view.p95, 4) or None,
        "notes": view.notes,
    }


def mention_collector(health: "HealthView | None") -> None:
    """Say on standard error when the numbers stand still, because nobody collects."""
    from apiwatch.cli.output import age, say

    if health is None:
        say("no collector has written to this state file yet")
    elif time.time() - health.heartbeat > 5:
        why = f": {health.message}" if health.message else ""
        since = age(time.time() - health.heartbeat)
        say(f"no collector runs; its last heartbeat was {since} ago ({health.state}{why})")


async def _clients(
    path: Path, window: str, sort: str, limit: int, now: float, where: "Filter"
) -> "tuple[list[ClientView], HealthView | None]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        views = await reader.clients(WINDOWS[window], sort=sort, limit=limit, now=now, where=where)
        return views, await reader.health()


async def _routes(path: Path, limit: int, where: "Filter") -> "tuple[list[RouteView], HealthView | None]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.routes(limit=limit, where=where), await reader.health()
