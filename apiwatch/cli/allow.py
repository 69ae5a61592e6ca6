"""`apiwatch allow`: who raises no alerts, why, until when, and what that has suppressed."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.store import AllowEntry

__all__ = ["allow"]

_REASON = 500


@click.group()
def allow() -> None:
    """The allow-list: add, list, remove. Who is on it raises no alerts, and is still counted."""


@allow.command()
@click.argument("target")
@state_options
@as_json
@click.option("--reason", required=True, help="Why, for those who read the list later.")
@click.option("--for", "duration", metavar="DURATION", required=True, help="How long: 2h, 30d; or `ever`.")
def add(target: str, reason: str, duration: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Let TARGET raise no alerts; the same target again renews the entry.

    TARGET is a network or address, a route ('GET /v1/feed/{int}'), user:NAME, token:HASH, agent:PATTERN with * and ?,
    or principal:KEY as `apiwatch alerts` shows it. Anybody can send any user agent: prefer the others.
    """
    from apiwatch.cli.output import emit, put, rfc3339, say
    from apiwatch.config import parse_duration, parse_target

    if not reason.strip():
        raise UsageError("--reason: say why, in a few words")
    now = time.time()
    expires = None
    if duration != "ever":
        try:
            seconds = parse_duration(duration)
        except UsageError as error:
            raise UsageError(f"--for: {error}; or `ever`") from None
        if seconds < 1.0:
            raise UsageError(f"--for: `{plain(duration)}` is shorter than a second; write for example 2h or 30d")
        expires = now + seconds
    wanted = parse_target(target)
    path = state_file(db, config)
    entry = asyncio.run(_add(path, wanted, plain(reason, _REASON), now, expires))
    for text in asyncio.run(_blocked(path, wanted)):
        say(text)
    if json_lines:
        ends = rfc3339(expires) if expires is not None else None
        emit({"type": "allow", "id": entry, "target": wanted, "expires": ends})
    else:
        put(f"allowed {plain(wanted)} {_until(expires)}  id {entry}; `apiwatch allow list` shows what it suppresses")


@allow.command(name="list")
@state_options
@as_json
@click.option("--all", "include_ended", is_flag=True, help="Expired and removed entries, too.")
def list_(db: str | None, config: str | None, json_lines: bool, include_ended: bool) -> None:
    """The allow-list, oldest first, with the alerts that each entry suppressed."""
    from apiwatch.cli.output import emit, put, table

    entries = asyncio.run(_entries(state_file(db, config), include_ended))
    if json_lines:
        for entry in entries:
            emit(_fields(entry))
        return
    if not entries:
        put("nothing is allowed")
        return
    rows = [
        (entry.target, entry.state, _until(entry.expires), entry.actor, str(entry.alerts), entry.id, entry.reason)
        for entry in entries
    ]
    table(("target", "state", "until", "by", "alerts suppressed", "id", "reason"), rows)


@allow.command()
@click.argument("which", metavar="ID|TARGET")
@state_options
@as_json
def remove(which: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """End an entry, named by its id, the beginning of its id, or its target."""
    from apiwatch.cli.output import emit, put

    entry = asyncio.run(_remove(state_file(db, config), which))
    if json_lines:
        emit({**_fields(entry), "state": "removed"})
        return
    put(f"no longer allowed: {plain(entry.target)}  id {entry.id}")


def _until(expires: float | None) -> str:
    from apiwatch.cli.alerttext import clock_time

    return f"until {clock_time(expires)}" if expires is not None else "for ever"


def _fields(entry: "AllowEntry") -> dict[str, Any]:
    from apiwatch.cli.output import rfc3339

    return {
        "type": "allow",
        "id": entry.id,
        "target": entry.target,
        "state": entry.state,
        "reason": entry.reason,
        "actor": entry.actor,
        "created": rfc3339(entry.created),
        "expires": rfc3339(entry.expires) if entry.expires is not None else None,
        "alerts_suppressed": entry.alerts,
        "signals_suppressed": entry.signals,
    }


async def _add(path: Path, target: str, reason: str, now: float, expires: float | None) -> str:
    from apiwatch.cli.reading import actor, controlling, reading
    from apiwatch.store.allowing import MOST

    async with reading(path) as reader, controlling(path) as control:
        live = await reader.allowed(now)
        if len(live) >= MOST and target not in {entry.target for entry in live}:
            raise InputError(f"the allow-list is full ({MOST} entries); `apiwatch allow remove` some, or widen others")
        return await control.allow(target, reason, actor(), now, expires)


async def _blocked(path: Path, target: str) -> list[str]:
    """A sentence for each queued block that a target overlaps, which goes on all the same."""
    from apiwatch.blocklist.networks import parse_network
    from apiwatch.cli.reading import reading

    kind, _, value = target.partition(":")
    if kind != "network":
        return []
    allowed = parse_network(value)
    async with reading(path) as reader:
        entries = await reader.block_entries(time.time())
    return [
        f"{plain(entry.net)} is still queued for blocking; `apiwatch block remove {plain(entry.net)}` ends that"
        for entry in entries
        if entry.state == "queued" and parse_network(entry.net).overlaps(allowed)
    ]


async def _entries(path: Path, include_ended: bool) -> "list[AllowEntry]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.allowed(time.time(), include_ended=include_ended)


async def _remove(path: Path, which: str) -> "AllowEntry":
    from apiwatch.cli.reading import actor, controlling
    from apiwatch.config import parse_target

    now = time.time()
    entries = await _entries(path, False)
    found = [entry for entry in entries if entry.id == which] or [e for e in entries if e.id.startswith(which)]
    if not found:
        try:
            target = parse_target(which)
        except UsageError:
            target = which
        found = [entry for entry in entries if entry.target == target]
    if len(found) != 1:
        what = "several entries begin with" if found else "the allow-list has no entry"
        raise InputError(f"{what} {plain(which)}; `apiwatch allow list` shows it")
    async with controlling(path) as control:
        if not await control.disallow(found[0].id, actor(), now):
            raise InputError(f"entry {plain(which)} has ended meanwhile; `apiwatch allow list` shows the others")
    return found[0]
