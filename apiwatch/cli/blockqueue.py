"""`apiwatch block list|remove`: what is in the queue, and how it gets out again."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.blockadd import typed_network
from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.store import BlockEntry

__all__ = ["list_", "queued", "remove"]


@click.command()
@click.argument("which", metavar="ID|NETWORK")
@state_options
def remove(which: str, db: str | None, config: str | None) -> None:
    """Withdraw an entry, named by its id, the beginning of its id, or its network."""
    from apiwatch.cli.output import put

    entry = asyncio.run(_remove(state_file(db, config), which))
    put(f"withdrawn {entry.key}  id {entry.id}")


@click.command(name="list")
@state_options
@as_json
@click.option("--all", "include_ended", is_flag=True, help="Expired and withdrawn entries, too.")
def list_(db: str | None, config: str | None, json_lines: bool, include_ended: bool) -> None:
    """The queue, by network, with what has ended although a firewall still holds it, as far as is known."""
    from apiwatch.cli.alerttext import clock_time
    from apiwatch.cli.output import emit, put, table

    entries = asyncio.run(_standing(state_file(db, config), include_ended))
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


async def _remove(path: Path, which: str) -> "BlockEntry":
    from apiwatch.cli.reading import actor, controlling, reading

    now = time.time()
    async with reading(path) as reader:
        entries = await reader.block_entries(now)
    found = [entry for entry in entries if entry.id == which] or [e for e in entries if e.id.startswith(which)]
    if not found:
        network = typed_network(which) if any(char in which for char in ".:/") else which
        found = [entry for entry in entries if entry.net == network]
    if len(found) != 1:
        what = "several entries are meant by" if found else "the queue has no entry"
        raise InputError(f"{what} {plain(which)}; `apiwatch block list` shows the queue with the ids")
    async with controlling(path) as control:
        if not await control.unblock(found[0].id, actor(), now):
            raise InputError(f"entry {plain(which)} has ended meanwhile; `apiwatch block list` shows the queue")
    return found[0]


async def _standing(path: Path, include_ended: bool) -> "list[BlockEntry]":
    from apiwatch.cli.reading import reading
    from apiwatch.store.standing import standing

    async with reading(path) as reader:
        now = time.time()
        return await reader.block_entries(now, include_ended=True) if include_ended else await standing(reader, now)


async def queued(path: Path, include_ended: bool) -> "list[BlockEntry]":
    """The queue, by network; with what has expired or was withdrawn, if so wished."""
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.block_entries(time.time(), include_ended=include_ended)


def _entry_fields(entry: "BlockEntry") -> dict[str, Any]:
    from apiwatch.cli.output import rfc3339
    from apiwatch.model.condition import condition_fields

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
