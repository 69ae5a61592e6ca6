"""`apiwatch block plan|apply|confirm|rollback`: the queue into a firewall, with a way back that needs nobody."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import as_json, load_settings, state_options
from apiwatch.errors import ApplyError, GuardError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Finding
    from apiwatch.blocklist.applying.records import Record
    from apiwatch.blocklist.applying.site import Prepared, Site
    from apiwatch.blocklist.impact import Impact
    from apiwatch.config import Settings

__all__ = ["apply", "confirm", "plan", "rollback"]

_SHORTEST_S, _LONGEST_S = 5.0, 3600.0
_PROBE_S = 2.0
_SHOWN = 20

_target = click.option("--target", metavar="NAME", help="Firewall (default: the only one of `block.targets`).")
_withdraw = click.option("--withdraw-all", is_flag=True, help="Let networks go that nobody has withdrawn here.")


@click.command()
@_target
@_withdraw
@state_options
@as_json
def plan(target: str | None, withdraw_all: bool, db: str | None, config: str | None, json_lines: bool) -> int:
    """What an apply would change, whom it cuts off, what the firewall says, and the commands. Changes nothing."""
    from apiwatch.blocklist import plan as planned
    from apiwatch.blocklist.review import suited
    from apiwatch.cli.blockguard import impact_of_plan, reviewed, say_warnings
    from apiwatch.cli.blocksite import all_entries, chosen, guard_of, site_for
    from apiwatch.cli.blocktelling import tell_file_plan, tell_plan
    from apiwatch.cli.output import say

    settings, path = _begin(db, config)
    firewall = chosen(settings, target)
    entries = all_entries(path)
    guard = guard_of(settings, path)
    made, left_out = suited(firewall, planned(entries, time.time()), guard)
    cut, impacts = impact_of_plan(path, made)
    if firewall.applier is None:
        say_warnings([*left_out, *reviewed(settings, path, firewall, made)])
        code = tell_file_plan(firewall, made, guard, cut, impacts, json_lines=json_lines, left_out=left_out)
        return code or _refused(left_out)
    site = site_for(settings, path, firewall)
    try:
        prepared = _prepared(site, settings, path, withdraw_all=withdraw_all)
    except ApplyError as error:
        say(f"not compared with what it holds: {error}")
        say_warnings(left_out)
        code = tell_file_plan(firewall, made, guard, cut, impacts, json_lines=json_lines, left_out=left_out)
        return code or _refused(left_out)
    tell_plan(site, prepared, _typed(db, config), json_lines=json_lines, cut=cut, impacts=impacts)
    return _refused(left_out)


@click.command()
@_target
@_withdraw
@click.option("--check", "check_only", is_flag=True, help="Only say what would change; exit with 1 if anything would.")
@click.option("--keep-for", metavar="DURATION", default="60s", help="How long to wait for `keep` (60s).")
@click.option(
    "--confirm-after-probe",
    "probe",
    is_flag=True,
    help="Instead of asking: keep it if this SSH connection still gets through, and the health check answers.",
)
@click.option("--health-url", metavar="URL", help="With --confirm-after-probe: an address that must answer 2xx.")
@state_options
@as_json
def apply(
    target: str | None,
    withdraw_all: bool,
    check_only: bool,
    keep_for: str,
    probe: bool,
    health_url: str | None,
    db: str | None,
    config: str | None,
    json_lines: bool,
) -> int:
    """Put the block queue into force, and take it back unless somebody types `keep` in time.

    Exit code 0 when it was kept, 1 when not, 4 when a guard rail refuses, or when it was kept without entries that the
    firewall cannot hold. The way back is a process of its own: it needs neither this terminal nor the connection.
    """
    from apiwatch.blocklist.applying.engine import apply_list, settle
    from apiwatch.cli.blocksite import chosen, note, note_failure, site_for
    from apiwatch.cli.blocktelling import tell_applied, tell_plan
    from apiwatch.cli.output import say

    settings, path = _begin(db, config)
    seconds = _keep_seconds(keep_for)
    again = _typed(db, config)
    site = site_for(settings, path, chosen(settings, target))
    decide = _probing(site, health_url) if probe else _asking(site, again)
    if health_url is not None and not probe:
        raise UsageError("--health-url belongs to --confirm-after-probe")
    if check_only:
        prepared = _prepared(site, settings, path, withdraw_all=withdraw_all)
        tell_plan(site, prepared, again, json_lines=json_lines)
        return _refused(prepared.left_out) if prepared.difference.empty else 1
    with site.records.lock(site.target.name):
        for late in settle(site):
            say(f"apply {late} had not been kept, and was taken back")
        prepared = _prepared(site, settings, path, withdraw_all=withdraw_all, attempt=True)
        if not json_lines:
            tell_plan(site, prepared, again, json_lines=False, brief=True)
            sys.stdout.flush()  # a dashboard reads it through a pipe, and decides by it
        try:
            done = apply_list(site, prepared, seconds, decide)
        except ApplyError as error:
            note_failure(site, prepared.plan.entries, str(error))
            raise
    note(site, done.plan, done.held)
    return tell_applied(site, done, again, json_lines=json_lines) or _refused(prepared.left_out)


@click.command()
@click.argument("apply_id", metavar="ID")
@state_options
@as_json
def confirm(apply_id: str, db: str | None, config: str | None, json_lines: bool) -> int:
    """Keep an apply that waits for it, from another terminal."""
    from apiwatch.blocklist.applying.engine import keep
    from apiwatch.cli.blocksite import note, records_of, site_of_record
    from apiwatch.cli.blocktelling import tell_applied

    _, path = _begin(db, config)
    records = records_of(path)
    record = records.load(apply_id)
    site = site_of_record(record, records)
    done = keep(site, record, "command")
    note(site, done.plan, done.held)
    return tell_applied(site, done, _typed(db, config), json_lines=json_lines)


@click.command()
@click.option("--apply", "apply_id", required=True, metavar="ID", help="Which apply.")
@click.option("--records", metavar="DIRECTORY", hidden=True)
@click.option("--ready", type=int, hidden=True)
@state_options
def rollback(apply_id: str, records: str | None, ready: int | None, db: str | None, config: str | None) -> int:
    """Take back an apply that nobody has kept yet, now."""
    from apiwatch.blocklist.applying.deadman import stand_by
    from apiwatch.blocklist.applying.engine import roll_back
    from apiwatch.blocklist.applying.records import Records
    from apiwatch.cli.blocksite import note_held, records_of, site_of_record
    from apiwatch.cli.output import put

    if records is None:
        _, path = _begin(db, config)
        place = records_of(path)
    else:
        place = Records(Path(records))
    record = place.load(apply_id)
    site = site_of_record(record, place, typed=ready is None)
    if ready is not None:
        place.snapshot(record)
        stand_by(place, record, ready, lambda: roll_back(site, record, "nobody confirmed it in time"))
        return 0
    if not roll_back(site, record, "taken back by hand"):
        raise ApplyError(f"apply {record.id} was kept; `apiwatch block undo {record.id}` takes it back all the same")
    note_held(site)
    put(f"took back apply {record.id}: {site.target.name} holds what it held before")
    return 0


def _begin(db: str | None, config: str | None) -> "tuple[Settings, Path]":
    from apiwatch.config import state_path

    settings = load_settings(config)
    return settings, state_path(settings, db)


def _prepared(
    site: "Site", settings: "Settings", path: Path, *, withdraw_all: bool, attempt: bool = False
) -> "Prepared":
    """The queue as a list for a target; when a rail refuses an attempt to apply it, the audit log tells."""
    from dataclasses import replace

    from apiwatch.blocklist import plan as planned
    from apiwatch.blocklist.applying.audit import entries_of
    from apiwatch.blocklist.applying.site import prepare
    from apiwatch.cli.blockguard import reviewed, say_warnings
    from apiwatch.cli.blocksite import all_entries, guard_of

    entries = all_entries(path)
    made = planned(entries, time.time())
    try:
        prepared = prepare(site, made, guard_of(settings, path), entries, withdraw_all=withdraw_all)
        say_warnings([*prepared.left_out, *reviewed(settings, path, site.target, prepared.plan)])
    except GuardError as error:
        if attempt:
            fields = {**entries_of(made), "result": "refused", "error": str(error)}
            site.audit.write("apply", "outcome", site.target.name, site.clock(), **fields)
        raise
    return replace(prepared, impact=asyncio.run(_impact(path, prepared.difference.added)))


async def _impact(path: Path, nets: Sequence[str]) -> "Impact | None":
    from apiwatch.blocklist.impact import impact_of
    from apiwatch.cli.reading import reading

    if not nets:
        return None
    async with reading(path) as reader:
        return await impact_of(reader, nets)


def _refused(left_out: "Sequence[Finding]") -> int:
    from apiwatch.cli.blockguard import REFUSED

    return REFUSED if left_out else 0


def _keep_seconds(text: str) -> float:
    from apiwatch.blocklist import parse_ttl

    seconds = parse_ttl(text)
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise UsageError(f"--keep-for: {plain(text)} is not between 5s and 1h")
    return seconds


def _typed(db: str | None, config: str | None) -> str:
    """The options that a command which is printed needs, too."""
    import shlex

    given = (("--db", db), ("--config", config))
    return "".join(f" {name} {shlex.quote(value)}" for name, value in given if value is not None)


def _asking(site: "Site", again: str) -> "Callable[[Record], str | None]":
    def ask(record: "Record") -> str | None:
        from apiwatch.blocklist.applying.waiting import forget_typed, typed_keep
        from apiwatch.cli.output import say

        stream = _input()
        if stream is not None:
            forget_typed(stream)
        left = max(0, round(site.records.deadline(record) - time.time()))
        say(
            f"the list is in force: type keep within {left} s, or run `apiwatch block confirm {record.id}{again}` in "
            "another terminal; otherwise the old list comes back by itself"
        )
        try:
            return typed_keep(site.records, record, stream, time.time)
        except KeyboardInterrupt:
            return None

    return ask


def _input() -> int | None:
    """Standard input, if there is one that this process may read without being stopped."""
    try:
        stream = sys.stdin.fileno()
        if os.isatty(stream) and os.tcgetpgrp(stream) != os.getpgrp():
            return None
    except (AttributeError, OSError, ValueError):
        return None
    return stream


def _probing(site: "Site", url: str | None) -> "Callable[[Record], str | None]":
    from apiwatch.blocklist.applying.waiting import check_url, probed
    from apiwatch.blocklist.applying.who import connections, every_connection
    from apiwatch.cli.output import say

    if url is not None:
        check_url(url)
    own = connections() or every_connection()
    if not own and url is None:
        raise UsageError("--confirm-after-probe needs an SSH connection to watch, or --health-url")

    def probe(record: "Record") -> str | None:
        left = max(0.0, site.records.deadline(record) - time.time())
        problem = probed(own, url, lambda: say("still here?"), seconds=min(_PROBE_S, left / 2))
        if problem:
            say(problem)
            return None
        return "probe"

    return probe
