"""What the commands that change a firewall share: the site of a target, and what the state file says of it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import ApiwatchError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from apiwatch.blocklist import Guard, Plan, Target
    from apiwatch.blocklist.applying.applier import Held
    from apiwatch.blocklist.applying.records import Record, Records
    from apiwatch.blocklist.applying.site import Site
    from apiwatch.config import Settings
    from apiwatch.store import BlockEntry

__all__ = [
    "all_entries",
    "audit_path",
    "chosen",
    "guard_of",
    "note",
    "note_failure",
    "note_held",
    "records_of",
    "site_for",
    "site_of_record",
    "target_named",
    "target_names",
]


def guard_of(settings: "Settings", db: str | Path | None = None) -> "Guard":
    """The rails of this machine, now, with the networks of proxies that are kept beside the state file."""
    from apiwatch.blocklist import Guard
    from apiwatch.cli.blockguard import protected_of

    return Guard(settings.block, protected_of(settings, db))


def target_named(name: str, templates: "Mapping[str, Mapping[str, str]] | None" = None) -> "Target":
    """The target of a name, or the user's own template; UsageError lists them all."""
    from apiwatch.blocklist import TARGETS

    target = TARGETS.get(name)
    if target is not None:
        return target
    own = templates or {}
    if name in own:
        from apiwatch.blocklist.targets.template import template_of

        return template_of(name, own[name])
    known = ", ".join((*TARGETS, *(plain(each, 40) for each in own)))
    raise UsageError(f"--target: `{plain(name)}` is not known; choose one of {known}")


def target_names() -> list[str]:
    """All of them."""
    from apiwatch.blocklist import TARGETS

    return list(TARGETS)


def chosen(settings: "Settings", typed: str | None) -> "Target":
    """The target that was typed, or the only one of `block.targets`; UsageError when it is not one."""
    if typed is not None:
        return target_named(typed)
    names = list(settings.block.targets)
    if len(names) != 1:
        which = f"one of {', '.join(names)}" if names else "for example --target nftables"
        raise UsageError(f"say which firewall: {plain(which)}")
    return target_named(names[0])


def records_of(db: Path) -> "Records":
    """Where the applies of a state file lie: beside it."""
    from apiwatch.blocklist.applying.records import Records

    return Records(db.absolute().with_name(f"{db.name}.applies"))


def audit_path(settings: "Settings", db: Path) -> Path:
    """`block.audit_log`, or `audit.jsonl` beside the state file."""
    named = settings.block.audit_log
    return Path(named).expanduser().absolute() if named else db.absolute().with_name("audit.jsonl")


def site_for(settings: "Settings", db: Path, target: "Target") -> "Site":
    """All that is needed to change a target; UsageError when it is not configured right, or nothing can apply it."""
    from apiwatch.blocklist.applying.audit import Audit
    from apiwatch.blocklist.applying.site import Site, applier_of
    from apiwatch.blocklist.applying.who import origin
    from apiwatch.cli.reading import actor

    options = settings.block.targets.get(target.name, {})
    applier = applier_of(target, options)
    who, whence = actor(), origin()
    audit = Audit(audit_path(settings, db), who, whence)
    path = str(db.absolute())
    return Site(target, applier, options, records_of(db), audit, settings.block.allow, who, whence, path)


def site_of_record(record: "Record", records: "Records", *, typed: bool = True) -> "Site":
    """The site of an apply, for who types the command; not `typed`: for who applied, since it comes by itself."""
    from apiwatch.blocklist.applying.site import site_of
    from apiwatch.blocklist.applying.who import origin
    from apiwatch.cli.reading import actor

    who, whence = (actor(), origin()) if typed else (record.actor, record.origin)
    return site_of(record, records, target_named(record.target), who, whence)


def all_entries(db: Path) -> "list[BlockEntry]":
    """The queue with all that ever was in it."""
    from apiwatch.cli.reading import reading

    async def read() -> "list[BlockEntry]":
        async with reading(db) as reader:
            return await reader.block_entries(time.time(), include_ended=True)

    return asyncio.run(read())


def note(site: "Site", plan: "Plan", held: "Mapping[str, Held]") -> None:
    """Let all dashboards know what the target holds; what cannot be written is said and changes nothing."""
    from apiwatch.blocklist.applying.live import in_force
    from apiwatch.cli.reading import controlling, reading

    async def write(db: Path, host: str, now: float) -> None:
        async with reading(db) as reader:
            known = await reader.applications(now)
        since = {each.entry: each.applied_at for each in known if (each.target, each.host) == (site.target.name, host)}
        found = in_force(plan, held, site.target.name, host, now, since)
        async with controlling(db) as control:
            await control.applied(site.target.name, host, found, now)

    _quietly(write, site)


def note_held(site: "Site") -> None:
    """Read the target, and let all dashboards know what it holds of the queue."""
    from apiwatch.blocklist import plan

    note(site, plan(all_entries(Path(site.db)), time.time()), site.applier.read())


def note_failure(site: "Site", entries: "Iterable[BlockEntry]", error: str) -> None:
    """Let all dashboards know that a list did not get into force."""
    from apiwatch.cli.reading import controlling

    async def write(db: Path, host: str, now: float) -> None:
        async with controlling(db) as control:
            await control.not_applied(site.target.name, host, [entry.id for entry in entries], error, now)

    _quietly(write, site)


def _quietly(write: "Callable[[Path, str, float], Coroutine[None, None, None]]", site: "Site") -> None:
    from apiwatch.cli.output import say

    try:
        asyncio.run(write(Path(site.db), socket.gethostname(), time.time()))
    except ApiwatchError as error:
        with contextlib.suppress(OSError):
            say(f"the dashboards do not know of it: {error}")
