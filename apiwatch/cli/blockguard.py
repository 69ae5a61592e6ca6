"""What the guard protects, whom a block would cut off, and what is to be said about a list before it is written."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.conditions import condition_options, typed_condition
from apiwatch.cli.options import as_json, load_settings, state_file, state_options
from apiwatch.errors import InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Finding, Plan, Protected, Target
    from apiwatch.blocklist.impact import Impact
    from apiwatch.config import Settings
    from apiwatch.model.condition import Condition
    from apiwatch.store.views import ImpactView

__all__ = [
    "REFUSED",
    "impact",
    "impact_of_plan",
    "protected",
    "protected_of",
    "reviewed",
    "say_warnings",
    "shown_impact",
]

REFUSED = 4
"""Exit code when a rail refused something, or when entries were left out."""

_WIDTH = 100
_ASKED = 20
"""Addresses about which DNS is asked."""


def protected_of(settings: "Settings", db: str | Path | None) -> "Protected":
    """The protected set of this machine, the settings, and the networks of proxies beside the state file. Blocks."""
    from apiwatch.blocklist import gather_protected
    from apiwatch.blocklist.endpoints import hosts_of, log_ports
    from apiwatch.blocklist.proxies import FILE_NAME
    from apiwatch.config import state_path

    kept = state_path(settings, None if db is None else str(db)).with_name(FILE_NAME)
    return gather_protected(
        settings.sources.trusted_proxy,
        settings.block.allow,
        kept=kept,
        hosts=hosts_of(text for options in settings.block.targets.values() for text in options.values()),
        log_ports=log_ports(settings.sources.syslog),
    )


@click.command()
@state_options
@as_json
def protected(db: str | None, config: str | None, json_lines: bool) -> None:
    """Networks that are never blocked from here, or only when they are typed twice, with the reasons."""
    from apiwatch.blocklist.networks import order
    from apiwatch.cli.output import emit, put, say, table

    settings = load_settings(config)
    known = protected_of(settings, db)
    rules = sorted(known.rules, key=lambda rule: order(rule.network))
    if json_lines:
        for rule in rules:
            emit(
                {
                    "type": "protected",
                    "net": str(rule.network),
                    "code": rule.code,
                    "reason": rule.reason,
                    "overridable": rule.overridable,
                }
            )
        for text in known.unread:
            emit({"type": "unread", "reason": text})
    else:
        table(("network", "rail", "why"), [(str(r.network), r.code, r.reason) for r in rules if not r.overridable])
        put()
        put("typed twice, these can be blocked all the same:")
        groups: dict[str, list[str]] = {}
        for rule in rules:
            if rule.overridable:
                groups.setdefault(rule.reason, []).append(str(rule.network))
        rows = [(nets[0] if len(nets) == 1 else f"{len(nets)} networks", reason) for reason, nets in groups.items()]
        table(("network", "why"), rows)
    for text in known.unread:
        say(text)


@click.command()
@click.argument("net", metavar="[ADDRESS|NETWORK]", required=False)
@state_options
@as_json
@click.option("--alert", "alert_id", metavar="ID", help="The clients of an alert together, instead of a network.")
@click.option("--everybody", is_flag=True, help="Everybody, instead of a network; with --path or --agent.")
@condition_options
def impact(
    net: str | None,
    db: str | None,
    config: str | None,
    json_lines: bool,
    alert_id: str | None,
    everybody: bool,
    host: str | None,
    path: str | None,
    agent: str | None,
) -> None:
    """Whom a block would also cut off: clients, users and requests of the last hour and day; nothing is queued.

    With --host, --path and --agent: by a block of such requests only.
    """
    from apiwatch.blocklist.impact import impact_fields
    from apiwatch.cli.blockeverybody import require_narrow
    from apiwatch.cli.output import emit, put
    from apiwatch.errors import UsageError

    if (net is not None) + (alert_id is not None) + everybody != 1:
        raise UsageError("say whose impact: an address or a network, --alert ID for its clients, or --everybody")
    condition = typed_condition(host, path, agent)
    if everybody:
        require_narrow(condition)
    found = asyncio.run(_impact(state_file(db, config), net, alert_id, condition))
    if json_lines:
        emit(impact_fields(found))
        return
    whose = "everybody" if everybody else f"{len(found.nets)} networks"
    put(found.nets[0] if len(found.nets) == 1 else f"{whose} {condition}".rstrip())
    for text in _lines(found):
        put(f"  {text}")


def impact_of_plan(path: Path, plan: "Plan") -> "tuple[Impact | None, dict[str, ImpactView]]":
    """Whom a whole plan would cut off (None for an empty one), and each of its entries, by key."""
    from apiwatch.blocklist.impact import impact_of
    from apiwatch.blocklist.reviewing import entry_impacts
    from apiwatch.cli.reading import reading

    async def ask() -> "tuple[Impact | None, dict[str, ImpactView]]":
        async with reading(path) as reader:
            nets = list(dict.fromkeys(entry.key for entry in plan.entries))
            return await impact_of(reader, nets), await entry_impacts(reader, plan)

    return asyncio.run(ask()) if plan.entries else (None, {})


def shown_impact(path: Path, net: str) -> list[str]:
    """Lines about a network; none when the state file cannot be asked, for the block is queued already."""
    from apiwatch.errors import ApiwatchError
    from apiwatch.model.condition import parse_condition

    try:
        address, _, condition = net.partition(" ")
        return _lines(asyncio.run(_impact(path, address, None, parse_condition(condition))))
    except ApiwatchError:
        return []


def reviewed(settings: "Settings", path: Path, target: "Target", plan: "Plan") -> "list[Finding]":
    """Warnings about a plan for a target, by the last hour in the state file; GuardError when a rail refuses."""
    from apiwatch.blocklist.review import require_review

    return require_review(asyncio.run(_review(settings, path, target, plan)))


def say_warnings(found: "list[Finding]") -> None:
    """Each kind of warning once, with how many more entries it is about."""
    from apiwatch.blocklist.review import by_kind
    from apiwatch.cli.output import say

    for finding, others in by_kind(found):
        more = f" (and {others} more like it)" if others else ""
        say(f"{finding.code}: {' '.join((finding.net, finding.text)).strip()}{more}")


async def _review(settings: "Settings", path: Path, target: "Target", plan: "Plan") -> "list[Finding]":
    from apiwatch.blocklist.reviewing import review_stored
    from apiwatch.cli.blockranges import tor_exits
    from apiwatch.cli.reading import reading
    from apiwatch.collector.crawlers import crawler_domain

    asked: list[str] = []

    def confirm(address: str) -> str:
        asked.append(address)
        return crawler_domain(address) if len(asked) <= _ASKED else ""

    async with reading(path) as reader:
        return await review_stored(
            reader,
            target,
            plan,
            settings.block,
            time.time(),
            confirm=confirm if settings.classes.verify_crawlers else None,
            exits=tor_exits(path),
        )


async def _impact(path: Path, net: str | None, alert_id: str | None, condition: "Condition") -> "Impact":
    """Of a network, of the clients of an alert, or else of everybody."""
    from apiwatch.blocklist import canonical
    from apiwatch.blocklist.everybody import EVERYBODY
    from apiwatch.blocklist.impact import impact_of
    from apiwatch.blocklist.networks import parse_network
    from apiwatch.blocklist.planning import key_of
    from apiwatch.cli.blockset import networks_of
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        if alert_id is None:
            whose = EVERYBODY if net is None else (canonical(net),)
            return await impact_of(reader, [key_of(parse_network(each), condition) for each in whose])
        view = await reader.alert(alert_id)
        if view is None:
            raise InputError(f"the state file knows no alert {plain(alert_id)}; `apiwatch alerts` lists them")
        nets = networks_of(view.alert)
        if not nets:
            raise InputError(f"alert {plain(alert_id)} names no address yet; look again in a minute")
        return await impact_of(reader, [key_of(parse_network(each), condition) for each in nets])


def _lines(found: "Impact") -> list[str]:
    from apiwatch.blocklist.impact import impact_lines

    return impact_lines(found, _WIDTH, now=time.time())
