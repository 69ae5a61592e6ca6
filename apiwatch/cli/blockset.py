"""Blocking the clients of an alert as a set: each passes the guard rails for itself."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import GuardError, InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Finding, Guard
    from apiwatch.model import Alert

__all__ = ["add_members", "networks_of"]

_REFUSED = 4
_SHOWN = 10
_WIDTH = 100


def add_members(
    path: Path,
    guard: "Guard",
    alert_ids: Sequence[str],
    reason: str,
    lifetime: Callable[[int], float],
    *,
    condition: str = "",
    json_lines: bool,
) -> int:
    """Queue every client of some alerts that no guard rail protects; exit code 4 when one refused.

    `lifetime` gives the seconds for a network that was blocked so many times before; `condition` is that of each.
    Raises InputError when an alert is not known, names no address, or when every client is protected.
    """
    return asyncio.run(_add(path, guard, alert_ids, reason, lifetime, condition, json_lines))


async def _add(
    path: Path,
    guard: "Guard",
    alert_ids: Sequence[str],
    reason: str,
    lifetime: Callable[[int], float],
    condition: str,
    json_lines: bool,
) -> int:
    from apiwatch.blocklist.impact import impact_lines, impact_of
    from apiwatch.blocklist.review import tor_exits_in
    from apiwatch.cli.blockguard import say_warnings
    from apiwatch.cli.blockranges import tor_exits
    from apiwatch.cli.output import emit, put, rfc3339, say
    from apiwatch.cli.reading import actor, controlling, reading
    from apiwatch.model.condition import condition_fields

    alerts = await _alerts(path, alert_ids)
    wanted: dict[str, list[Alert]] = {}
    unblockable: list[str] = []
    for alert in alerts:
        for client in alert.clients or ((alert.client,) if alert.client else ()):
            network = _network(client)
            if network is None:
                unblockable.append(client)
            else:
                wanted.setdefault(network, []).append(alert)
    if not wanted:
        raise InputError(f"alert {plain(alert_ids[0])} names no address yet; look again in a minute, or block by hand")
    now = time.time()
    refused: list[str] = [f"{plain(client)} is no address" for client in unblockable]
    queued: list[str] = []
    exits = tor_exits(path)
    warnings: list[Finding] = []
    latest = now
    async with controlling(path) as control, reading(path) as reader:
        for network, of in wanted.items():
            try:
                guard.require(network)
            except GuardError as error:
                refused.append(str(error))
                continue
            expires = now + lifetime(await reader.blocked_before(network, now))
            latest = max(latest, expires)
            why = reason or plain(of[0].title, 500)
            ids = [alert.id for alert in of]
            entry = await control.block(network, why, ids, actor(), now, expires, condition)
            queued.append(network)
            warnings += tor_exits_in(network, expires - now, exits, now)
            if json_lines:
                fields = condition_fields(condition)
                emit({"type": "block", "id": entry, "net": network, "condition": fields, "expires": rfc3339(expires)})
    for text in refused[:_SHOWN]:
        say(text)
    if len(refused) > _SHOWN:
        say(f"and {len(refused) - _SHOWN} more were refused")
    say_warnings(warnings)
    listed = sum(len(alert.clients) for alert in alerts)
    total = sum(max(alert.clients_total, len(alert.clients)) for alert in alerts)
    if total > listed > 0:
        say(f"the alerts list {listed} of {total} clients; the others can only be blocked one by one")
    if not json_lines:
        what = f"queued {len(queued)} networks until {rfc3339(latest)} at the latest, {len(refused)} refused"
        put(f"{what}; `apiwatch block export --target NAME` writes them")
        async with reading(path) as reader:
            impact = await impact_of(reader, [f"{net} {condition}".rstrip() for net in queued])
        for line in impact_lines(impact, _WIDTH, now=now) if queued else ():
            put(f"  {line}")
    return _REFUSED if refused else 0


async def _alerts(path: Path, alert_ids: Sequence[str]) -> "list[Alert]":
    from apiwatch.cli.reading import reading

    found: list[Alert] = []
    async with reading(path) as reader:
        for alert_id in alert_ids:
            view = await reader.alert(alert_id)
            if view is None:
                raise InputError(f"the state file knows no alert {plain(alert_id)}; `apiwatch alerts` lists them")
            found.append(view.alert)
    return found


def networks_of(alert: "Alert") -> list[str]:
    """What to block for the clients of an alert, each once; names that are no address are left out."""
    nets = (_network(client) for client in alert.clients or (alert.client,))
    return list(dict.fromkeys(net for net in nets if net is not None))


def _network(client: str) -> str | None:
    """What to block for a client; None for a name that is no address."""
    import ipaddress

    from apiwatch.blocklist import network_for

    try:
        ipaddress.ip_address(client)
    except ValueError:
        return None
    return network_for(client)
