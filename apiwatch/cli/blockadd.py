"""`apiwatch block add`: a network, or all clients of an alert, past the guard rails into the queue."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.blockguard import shown_impact
from apiwatch.cli.blocksite import guard_of
from apiwatch.cli.conditions import condition_options, typed_condition
from apiwatch.cli.options import as_json, load_settings, state_options
from apiwatch.errors import UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.config import Settings
    from apiwatch.store import AllowEntry, BlockEntry

__all__ = ["add", "typed_network"]


@click.command()
@click.argument("net", metavar="[ADDRESS|NETWORK]", required=False)
@state_options
@as_json
@click.option(
    "--ttl",
    metavar="DURATION",
    help="How long: 90s, 15m, 1h, 7d (default: `block.ttl`; longer for who was blocked before).",
)
@click.option("--reason", default="", help="Why, for those who read the queue later.")
@click.option(
    "--alert",
    "alert_ids",
    multiple=True,
    metavar="ID",
    help="Alert that it answers; repeatable. Without a network: block all its clients.",
)
@click.option("--override", metavar="NETWORK", help="The network typed again, to pass a rail that can be overridden.")
@click.option("--everybody", is_flag=True, help="Instead of a network: everybody; with --path or --agent.")
@condition_options
@click.option(
    "--prefix", type=click.IntRange(0, 128), metavar="LENGTH", help="Block the network of this size around the address."
)
def add(
    net: str | None,
    db: str | None,
    config: str | None,
    json_lines: bool,
    ttl: str | None,
    reason: str,
    alert_ids: tuple[str, ...],
    override: str | None,
    prefix: int | None,
    everybody: bool,
    host: str | None,
    path: str | None,
    agent: str | None,
) -> int:
    """Queue a network, or all clients of an alert, if the guard rails let them pass; again renews the entry.

    --host, --path and --agent make a condition: only requests that fit all of them are blocked. Web servers, proxies
    and CDNs can hold that; other firewalls leave such an entry out. With another condition it is another entry.

    --everybody with --path or --agent needs no network: what is protected is left out of such a block.

    A single IPv6 address stands for its /64; --prefix takes a wider network, such as the /24 of an IPv4 address. Exit
    code 4 when a rail refuses; other clients of the alert are queued.
    """
    from apiwatch.blocklist.everybody import EVERYBODY
    from apiwatch.blocklist.lifetime import default_lifetime
    from apiwatch.blocklist.overlap import allowed_too, already_blocked, queue_of
    from apiwatch.blocklist.review import tor_exits_in, vpn_in
    from apiwatch.blocklist.vpns import Vpns
    from apiwatch.cli.blockranges import tor_exits
    from apiwatch.cli.output import emit, put, rfc3339, say
    from apiwatch.model.condition import condition_fields

    settings = load_settings(config)
    condition = typed_condition(host, path, agent)
    if everybody:
        from apiwatch.cli.blockeverybody import add_everybody, require_narrow

        if net is not None or prefix is not None or override is not None:
            raise UsageError("--everybody takes no network: leave out the address, --prefix and --override")
        require_narrow(condition)
        ttl_s = _ttl(ttl, settings) or settings.block.ttl
        state, guard = _state(settings, db), guard_of(settings, db)
        adding = add_everybody(state, guard, condition, settings.block, reason, alert_ids, ttl_s, json_lines=json_lines)
        return asyncio.run(adding)
    if net is None:
        from apiwatch.cli.blockset import add_members

        if not alert_ids:
            raise UsageError(
                "say what to block: an address, a network, --alert ID for all clients of an alert, or --everybody"
            )
        if prefix is not None:
            raise UsageError("--prefix needs the address that the network is around")
        if override is not None:
            raise UsageError("--override needs the network that it overrides; block that one by itself")
        wanted = _ttl(ttl, settings)
        return add_members(
            _state(settings, db),
            guard_of(settings, db),
            alert_ids,
            plain(reason, 500),
            lambda before: default_lifetime(settings.block, before) if wanted is None else wanted,
            condition=str(condition),
            json_lines=json_lines,
        )
    state = _state(settings, db)
    network = typed_network(net) if prefix is None else _around(net, prefix)
    if condition.is_narrow and network in EVERYBODY:
        raise UsageError(f"{network} is everybody: say --everybody instead, which first looks whom it would cut off")
    findings = guard_of(settings, db).require(network, override, condition)
    entries, allowed = asyncio.run(_known(state))
    overlapping = [*already_blocked(network, queue_of(entries), condition), *allowed_too(network, allowed)]
    for finding in [*findings, *overlapping]:
        say(f"{finding.code}: {finding.text}")
    now = time.time()
    before = asyncio.run(_blocked_before(state, network, now))
    wanted = _ttl(ttl, settings)
    expires = now + (default_lifetime(settings.block, before) if wanted is None else wanted)
    lasts = expires - now
    of_many = [*tor_exits_in(network, lasts, tor_exits(state), now), *vpn_in(network, lasts, Vpns(settings.block.vpn))]
    for finding in of_many:
        say(f"{finding.code}: {finding.net} {finding.text}")
    entry = asyncio.run(_add(state, network, plain(reason, 500), alert_ids, now, expires, str(condition)))
    key = f"{network} {condition}".rstrip()
    if before and wanted is None:
        say(f"{network} was blocked {before} {'time' if before == 1 else 'times'} before, so it stays out longer")
    if json_lines:
        fields = condition_fields(str(condition))
        emit({"type": "block", "id": entry, "net": network, "condition": fields, "expires": rfc3339(expires)})
    else:
        put(f"queued {key} until {rfc3339(expires)}  id {entry}; `apiwatch block export --target NAME` writes it")
        for line in shown_impact(state, key):
            put(f"  {line}")
    return 0


async def _add(
    path: Path, net: str, reason: str, alert_ids: tuple[str, ...], now: float, expires: float, condition: str
) -> str:
    from apiwatch.cli.reading import actor, controlling

    async with controlling(path) as control:
        return await control.block(net, reason, alert_ids, actor(), now, expires, condition)


async def _blocked_before(path: Path, net: str, now: float) -> int:
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.blocked_before(net, now)


async def _known(path: Path) -> "tuple[list[BlockEntry], list[AllowEntry]]":
    """The queue and the allow-list, as they are now."""
    from apiwatch.cli.reading import reading

    now = time.time()
    async with reading(path) as reader:
        return await reader.block_entries(now), await reader.allowed(now)


def typed_network(text: str) -> str:
    """The network that was typed; an IPv6 address stands for its /64. UsageError, or GuardError for odd forms."""
    import ipaddress

    from apiwatch.blocklist import canonical, network_for

    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise UsageError(
            f"`{plain(text)}` is neither an address nor a network; write it like 203.0.113.7 or 203.0.113.0/24"
        ) from None
    return canonical(text) if "/" in text else network_for(text)


def _around(address: str, prefix: int) -> str:
    """The network of a size around an address."""
    import ipaddress

    from apiwatch.blocklist.networks import parse_network

    own = parse_network(address)
    if prefix > own.prefixlen:
        raise UsageError(f"--prefix {prefix} is not wider than {own}; say for example 24, or for IPv6 48")
    return str(ipaddress.ip_network((str(own.network_address), prefix), strict=False))


def _ttl(typed: str | None, settings: "Settings") -> float | None:
    """Seconds that were typed; None: as long as usual."""
    from apiwatch.blocklist import parse_ttl

    if typed is None:
        return None
    seconds = parse_ttl(typed)
    if seconds > settings.block.max_ttl:
        from apiwatch.config import format_duration

        longest = format_duration(settings.block.max_ttl)
        raise UsageError(
            f"--ttl: {plain(typed)} is longer than `block.max_ttl` ({longest}); say less, or change the settings"
        )
    return seconds


def _state(settings: "Settings", db: str | None) -> Path:
    from apiwatch.config import state_path

    return state_path(settings, db)
