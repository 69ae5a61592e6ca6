"""`apiwatch block`: the queue of networks to block, the guard rails before it, and its export for a firewall."""

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.blockafter import expire, log, undo
from apiwatch.cli.blockapply import apply, confirm, plan, rollback
from apiwatch.cli.blockfeed import serve_feed
from apiwatch.cli.blockguard import REFUSED, impact, protected, reviewed, say_warnings, shown_impact
from apiwatch.cli.blockranges import ranges
from apiwatch.cli.blocksite import guard_of, target_named, target_names
from apiwatch.cli.options import as_json, load_settings, state_file, state_options
from apiwatch.errors import InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Target
    from apiwatch.blocklist.conditions import Condition
    from apiwatch.config import Settings
    from apiwatch.store import AllowEntry, BlockEntry

__all__ = ["block"]


@click.group()
def block() -> None:
    """The block queue, its export for firewalls, and its way into them."""


for each in (plan, apply, confirm, undo, expire, rollback, log, impact, protected, ranges, serve_feed):
    block.add_command(each)


@block.command()
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
@click.option("--host", metavar="NAME", help="Only requests to this host, without a port.")
@click.option("--path", metavar="PREFIX", help="Only this path and what is below it: /users, not /users2.")
@click.option("--agent", metavar="TEXT", help="Only user agents that contain this text, letter by letter.")
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
    host: str | None,
    path: str | None,
    agent: str | None,
) -> int:
    """Queue a network, or all clients of an alert, if the guard rails let them pass; again renews the entry.

    --host, --path and --agent make a condition: only requests that fit all of them are blocked. Web servers, proxies
    and CDNs can hold that; other firewalls leave such an entry out. With another condition it is another entry.

    A single IPv6 address stands for its /64; --prefix takes a wider network, such as the /24 of an IPv4 address. Exit
    code 4 when a rail refuses; other clients of the alert are queued.
    """
    from apiwatch.blocklist.conditions import condition_fields
    from apiwatch.blocklist.lifetime import default_lifetime
    from apiwatch.blocklist.review import allowed_too, already_blocked
    from apiwatch.cli.output import emit, put, rfc3339, say

    settings = load_settings(config)
    condition = _condition(host, path, agent)
    if net is None:
        from apiwatch.cli.blockset import add_members

        if not alert_ids:
            raise UsageError("say what to block: an address, a network, or --alert ID for all clients of an alert")
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
    network = _network(net) if prefix is None else _around(net, prefix)
    findings = guard_of(settings, db).require(network, override=override)
    entries, allowed = asyncio.run(_known(state))
    for finding in [*findings, *already_blocked(network, entries, condition), *allowed_too(network, allowed)]:
        say(f"{finding.code}: {finding.text}")
    now = time.time()
    before = asyncio.run(_blocked_before(state, network, now))
    wanted = _ttl(ttl, settings)
    expires = now + (default_lifetime(settings.block, before) if wanted is None else wanted)
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


@block.command()
@click.argument("which", metavar="ID|NETWORK")
@state_options
def remove(which: str, db: str | None, config: str | None) -> None:
    """Withdraw an entry, named by its id, the beginning of its id, or its network."""
    from apiwatch.cli.output import put

    entry = asyncio.run(_remove(state_file(db, config), which))
    put(f"withdrawn {entry.key}  id {entry.id}")


@block.command(name="list")
@state_options
@as_json
@click.option("--all", "include_ended", is_flag=True, help="Expired and withdrawn entries, too.")
def list_(db: str | None, config: str | None, json_lines: bool, include_ended: bool) -> None:
    """The queue, by network."""
    from apiwatch.cli.alerttext import clock_time
    from apiwatch.cli.output import emit, put, table

    entries = asyncio.run(_entries(state_file(db, config), include_ended))
    if json_lines:
        for entry in entries:
            emit(_entry_fields(entry))
        return
    if not entries:
        put("the block queue is empty")
        return
    rows = [
        (
            entry.key,
            entry.state,
            ", ".join(entry.live_in) or "-",
            clock_time(entry.expires) if entry.expires is not None else "never",
            entry.actor,
            entry.id,
            entry.reason or "-",
        )
        for entry in entries
    ]
    table(("network", "state", "in force in", "expires", "by", "id", "reason"), rows)


@block.command()
@click.option(
    "--target",
    "target_name",
    required=True,
    metavar="NAME",
    help="Firewall to write for.",
    shell_complete=lambda _ctx, _param, begun: [name for name in target_names() if name.startswith(begun)],
)
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="FILE",
    help="Write here, atomically; default: standard output.",
)
@click.option("--check", "check_it", is_flag=True, help="Run the target's own validator; exit with 1 if it objects.")
@click.option("--withdraw-all", is_flag=True, help="Let an empty queue replace a list that is not empty.")
@state_options
def export(
    target_name: str, output: str | None, check_it: bool, withdraw_all: bool, db: str | None, config: str | None
) -> int:
    """Write the queue in the syntax of a firewall.

    Every row passes the guard rails again; exit code 4 when one refuses, and when entries were left out because they
    have a condition and the firewall cannot tell requests apart.
    """
    from apiwatch.blocklist import export as write
    from apiwatch.blocklist import plan as planned
    from apiwatch.blocklist.review import suited
    from apiwatch.cli.output import say

    settings = load_settings(config)
    target = target_named(target_name, settings.block.templates)
    entries = asyncio.run(_entries(_state(settings, db), False))
    destination = Path(output) if output is not None else None
    made, left_out = suited(target, planned(entries, time.time()))
    warnings = reviewed(settings, _state(settings, db), target, made)
    try:
        artifacts = write(target, made, guard_of(settings, db), destination, withdraw_all=withdraw_all)
    except OSError as error:
        raise UsageError(f"{plain(str(output))} cannot be written: {error.strerror}") from None
    if destination is None:
        for artifact in artifacts:
            if len(artifacts) > 1:
                say(f"{artifact.name}:")
                sys.stderr.flush()
            sys.stdout.buffer.write(artifact.content)
        sys.stdout.buffer.flush()
    else:
        directory = destination.parent
        say(f"wrote {', '.join(str(directory / artifact.name) for artifact in artifacts)}")
    say_warnings([*left_out, *warnings])
    code = REFUSED if left_out else 0
    if check_it:
        result = target.validate(artifacts)
        if not result.available:
            say(f"not checked: {' '.join(result.output.split())}")
        elif result.ok:
            say(f"{result.tool} accepts it")
        else:
            say(f"{result.tool} does not accept it: {' '.join(result.output.split())}")
            code = 1
    _say_commands(target, [output] if output is not None else [artifact.name for artifact in artifacts])
    return code


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


async def _remove(path: Path, which: str) -> "BlockEntry":
    from apiwatch.cli.reading import actor, controlling, reading

    now = time.time()
    async with reading(path) as reader:
        entries = await reader.block_entries(now)
    found = [entry for entry in entries if entry.id == which] or [e for e in entries if e.id.startswith(which)]
    if not found:
        network = _network(which) if any(char in which for char in ".:/") else which
        found = [entry for entry in entries if entry.net == network]
    if len(found) != 1:
        what = "several entries are meant by" if found else "the queue has no entry"
        raise InputError(f"{what} {plain(which)}; `apiwatch block list` shows the queue with the ids")
    async with controlling(path) as control:
        if not await control.unblock(found[0].id, actor(), now):
            raise InputError(f"entry {plain(which)} has ended meanwhile; `apiwatch block list` shows the queue")
    return found[0]


async def _entries(path: Path, include_ended: bool) -> "list[BlockEntry]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.block_entries(time.time(), include_ended=include_ended)


async def _known(path: Path) -> "tuple[list[BlockEntry], list[AllowEntry]]":
    """The queue and the allow-list, as they are now."""
    from apiwatch.cli.reading import reading

    now = time.time()
    async with reading(path) as reader:
        return await reader.block_entries(now), await reader.allowed(now)


def _entry_fields(entry: "BlockEntry") -> dict[str, Any]:
    from apiwatch.blocklist.conditions import condition_fields
    from apiwatch.cli.output import rfc3339

    return {
        "type": "block",
        "id": entry.id,
        "net": entry.net,
        "condition": condition_fields(entry.condition),
        "state": entry.state,
        "reason": entry.reason,
        "alert_ids": entry.alert_ids,
        "actor": entry.actor,
        "addr_source": entry.addr_source or None,
        "created": rfc3339(entry.created),
        "expires": rfc3339(entry.expires) if entry.expires is not None else None,
        "applications": [
            {
                "target": each.target,
                "host": each.host,
                "applied": rfc3339(each.applied_at),
                "verified": rfc3339(each.verified_at) if each.verified_at else None,
                "expires": rfc3339(each.expires) if each.expires is not None else None,
                "dropped": each.dropped,
                "error": each.error,
            }
            for each in entry.applications
        ],
    }


def _condition(host: str | None, path: str | None, agent: str | None) -> "Condition":
    """What was typed; an empty part is a mistake, such as an unset variable, and no block of everything."""
    from apiwatch.blocklist.conditions import condition_of

    for name, value in (("host", host), ("path", path), ("agent", agent)):
        if value == "":
            raise UsageError(f"--{name} is empty: say what it shall be, or leave it out to block every request")
    return condition_of(host or "", path or "", agent or "")


def _network(text: str) -> str:
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


def _say_commands(target: "Target", paths: list[str]) -> None:
    """How to apply, verify and undo it, on standard error."""
    commands = target.commands(paths)
    for title, lines in (("apply", commands.apply), ("verify", commands.verify), ("undo", commands.undo)):
        for line in lines:
            print(f"# {title:6} {line}", file=sys.stderr)
