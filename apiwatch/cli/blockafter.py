"""`apiwatch block undo|expire|log`: what comes after an apply."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import as_json, load_settings, state_options
from apiwatch.errors import ApiwatchError, ApplyBusy, InputError, UsageError
from apiwatch.text import one_line, plain

if TYPE_CHECKING:
    from apiwatch.blocklist.applying.records import Record, Records
    from apiwatch.config import Settings
    from apiwatch.store import BlockEntry

__all__ = ["expire", "log", "undo"]

_HINT = """\
# systemd runs `apiwatch block expire` every minute; save its units, and adapt the paths in them:
apiwatch block expire --unit service > /etc/systemd/system/apiwatch-expire.service
apiwatch block expire --unit timer > /etc/systemd/system/apiwatch-expire.timer
systemctl daemon-reload
systemctl enable --now apiwatch-expire.timer
# without systemd, in the crontab of root:
* * * * * apiwatch block expire"""


@click.command()
@click.argument("which", metavar="[ID]", required=False)
@click.option("--last", is_flag=True, help="Take back the last apply that is in force.")
@click.option("--target", metavar="NAME", help="With --last: the last apply to this firewall.")
@click.option("--withdraw-all", is_flag=True, hidden=True)
@state_options
def undo(
    which: str | None, last: bool, target: str | None, withdraw_all: bool, db: str | None, config: str | None
) -> int:
    """Take back one apply (by its id: the list before it is in force again), or one entry of the queue.

    An entry is withdrawn, and goes out of every firewall of `block.targets` at once. Twice does no harm.
    """
    from apiwatch.cli.blocksite import records_of, target_named

    settings, path = _begin(db, config)
    records = records_of(path)
    if (which is None) != last or (target is not None and not last):
        raise UsageError("say what to undo: the id of an apply or of an entry, or --last, with --target if you like")
    if which is None:
        return _undo_apply(path, records, records.last(target and target_named(target).name))
    entry = _entry(path, which)
    if entry is None:
        return _undo_apply(path, records, records.load(which))
    if records.directory.is_dir() and any(record.id.startswith(which) for record in records.all()):
        raise UsageError(f"{plain(which, 40)} begins an entry and an apply; write more of it")
    return _undo_entry(settings, path, entry)


def _undo_apply(path: Path, records: "Records", record: "Record") -> int:
    from apiwatch.blocklist.applying import engine
    from apiwatch.cli.blocksite import all_entries, note_held, site_of_record
    from apiwatch.cli.blocktelling import networks_told
    from apiwatch.cli.output import put

    site = site_of_record(record, records)
    held = engine.undo(site, record)
    note_held(site)
    known = {entry.key for entry in all_entries(path) if entry.state == "queued"}
    again = "" if known <= held.keys() else "; what is queued comes back with the next apply"
    put(f"{site.target.name} holds {networks_told(len(held))}, as before apply {record.id}{again}")
    return 0


def _undo_entry(settings: "Settings", path: Path, entry: "BlockEntry") -> int:
    from apiwatch.cli.output import put, say
    from apiwatch.cli.reading import actor, controlling

    async def withdraw() -> bool:
        async with controlling(path) as control:
            return await control.unblock(entry.id, actor(), time.time())

    if asyncio.run(withdraw()):
        put(f"withdrawn {entry.net}  id {entry.id}")
    else:
        put(f"{entry.net} was {entry.state} already")
    for target in dict.fromkeys(each.target for each in entry.applications):
        if target not in settings.block.targets:
            say(f"{target} is not in `block.targets`: apply to it, or run the commands of `apiwatch block export`")
    return _shrink_all(settings, path, "undo", quiet=False)


@click.command()
@click.option("--install-hint", is_flag=True, help="How to have it run by itself.")
@click.option("--unit", type=click.Choice(["service", "timer"]), help="Print the systemd unit.")
@state_options
def expire(install_hint: bool, unit: str | None, db: str | None, config: str | None) -> int:
    """Take out of every firewall of `block.targets` what has expired or was withdrawn; add nothing.

    Firewalls that let go of entries by themselves are read, so that dashboards know what they dropped. Applies that
    nobody has kept are taken back. Exit code 1 when a firewall could not be read or changed.
    """
    from apiwatch.cli.output import put

    if install_hint:
        put(_HINT)
        return 0
    if unit is not None:
        from apiwatch.config import data_text

        put(data_text(f"systemd/apiwatch-expire.{unit}").rstrip("\n"))
        return 0
    settings, path = _begin(db, config)
    if not settings.block.targets:
        raise UsageError("`block.targets` of the settings names no firewall; put those there that apiwatch may change")
    return _shrink_all(settings, path, "expire", quiet=True)


def _shrink_all(settings: "Settings", path: Path, op: str, *, quiet: bool) -> int:
    """Each target by itself: one that fails does not keep the others from it."""
    from apiwatch.cli.output import put, say

    code = 0
    for name in settings.block.targets:
        try:
            text = _shrink(settings, path, name, op)
        except ApplyBusy as error:
            say(f"{plain(name, 40)}: left for the next time, since {error}")
        except ApiwatchError as error:
            say(f"{plain(name, 40)}: {error}")
            code = max(code, error.exit_code)
        else:
            if text or not quiet:
                put(f"{name}: {text or 'nothing has ended'}")
    return code


def _shrink(settings: "Settings", path: Path, name: str, op: str) -> str:
    from apiwatch.blocklist.applying.engine import shrink
    from apiwatch.cli.blocksite import all_entries, guard_of, note_held, site_for, target_named

    target = target_named(name)
    if target.applier is None:
        return ""
    site = site_for(settings, path, target)
    with site.records.lock(name):
        done = shrink(site, all_entries(path), guard_of(settings, path), op)
    note_held(site)
    return f"{len(done.held)} networks are left ({done.id})" if done.id else ""


@click.command()
@click.option("-n", "--lines", "limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@state_options
@as_json
def log(limit: int, db: str | None, config: str | None, json_lines: bool) -> None:
    """What was applied, confirmed, rolled back and undone: who, when, where from, and how it ended."""
    from collections import deque

    from apiwatch.blocklist.applying.audit import lines_of
    from apiwatch.cli.blocksite import audit_path
    from apiwatch.cli.output import emit, put, table

    settings, path = _begin(db, config)
    lines = list(deque(lines_of(audit_path(settings, path)), maxlen=limit))
    if json_lines:
        for line in lines:
            emit(line)
        return
    if not lines:
        put("nothing was applied yet")
        return
    table(("time", "what", "target", "apply", "by", "from", "how"), [tuple(_cells(line)) for line in lines])


def _cells(line: dict[str, object]) -> Iterator[str]:
    """Somebody else may have written the file: nothing in it is believed to be what it should be."""
    how = line.get("result") or f"{line.get('entries_total', '?')} entries"
    why = line.get("error") or line.get("why") or ""
    yield one_line(str(line.get("ts", "")), 20)
    yield one_line(f"{line.get('op', '')} {line.get('stage', '')}", 20)
    for name in ("target", "apply", "actor", "from"):
        yield one_line(str(line.get(name) or "-"), 40)
    yield one_line(f"{how}{f': {why}' if why else ''}", 200)


def _begin(db: str | None, config: str | None) -> "tuple[Settings, Path]":
    from apiwatch.config import state_path

    settings = load_settings(config)
    return settings, state_path(settings, db)


def _entry(path: Path, which: str) -> "BlockEntry | None":
    """The entry of an id or the beginning of one; None when there is none, InputError when there are several."""
    from apiwatch.cli.blocksite import all_entries

    found = [entry for entry in all_entries(path) if entry.id.startswith(which)]
    exact = [entry for entry in found if entry.id == which] or found
    if len(exact) > 1:
        raise InputError(f"several entries begin with {plain(which, 40)}; `apiwatch block list` shows them")
    return exact[0] if exact else None
