"""`apiwatch doctor`: what is wrong with settings, sources, state file, terminal and validators."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.checks import Check
from apiwatch.cli.counters import counter_checks
from apiwatch.cli.options import as_json, load_settings, state_options, take_source_options, with_source_options
from apiwatch.cli.terminalchecks import terminal_checks
from apiwatch.errors import ApiwatchError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.config import Settings
    from apiwatch.formats.configs import Configuration
    from apiwatch.store import HealthView, SourceView

__all__ = ["doctor"]

_LONGEST = 16_384
"""Characters of a text or command; a format string of JSON takes a few thousand."""
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 256 * 1024


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH...]")
@with_source_options(syslog=True, since="")
@state_options
@as_json
def doctor(paths: tuple[str, ...], db: str | None, config: str | None, json_lines: bool, **sources: Any) -> int:
    """Say what is wrong with sources, state file and terminal; exit with 1 if something is.

    A PATH is a log, or the configuration of nginx or Apache: the answer is then the command for each log of it.
    """
    from apiwatch.cli.output import emit, put

    checks: list[Check] = []
    for check in _checks(paths, db, config, sources):
        checks.append(check)
        if json_lines:
            if check.numbers is not None:
                emit({"type": "source", **check.numbers})
            text = plain(check.text, _LONGEST)
            more = {"command": check.command} if check.command else {}
            emit({"type": "check", "name": check.name, "state": check.state, "text": text, **more})
        else:
            put(f"{check.state:6} {check.name:10} {plain(check.text, _LONGEST)}")
            if check.command:
                put(f"{'':17} {plain(check.command, _LONGEST)}")
    return 1 if any(check.state == "wrong" for check in checks) else 0


def _checks(paths: tuple[str, ...], db: str | None, config: str | None, sources: dict[str, Any]) -> Iterator[Check]:
    from apiwatch.cli.webservers import configuration_of
    from apiwatch.config import Settings, settings_file

    try:
        settings = load_settings(config, take_source_options(sources))
        used = settings_file(Path(config) if config is not None else None)
        yield Check("settings", "ok", str(used) if used is not None else "the defaults (no settings file)")
    except ApiwatchError as error:
        settings = Settings()
        yield Check("settings", "wrong", str(error))
    logs = []
    for path in paths:
        try:
            found = configuration_of(Path(path))
        except ApiwatchError as error:
            yield Check("config", "wrong", str(error))
            continue
        if found is None:
            logs.append(path)
        else:
            yield from _configuration_checks(Path(path), found, settings)
    if logs or not paths:
        yield from _source_checks(tuple(logs), settings)
    yield from _state_checks(db, settings)
    yield from terminal_checks()
    yield from _validator_checks()


def _configuration_checks(path: Path, found: "Configuration", settings: "Settings") -> Iterator[Check]:
    """The commands for the logs of a web server, and what their last lines are under them."""
    from msgspec.structs import replace

    from apiwatch.cli.proposals import proposals

    formats = {log.format for log in found.logs}
    yield Check("config", "ok", f"{path}: {found.server}; access logs: {len(found.logs)}, formats: {len(formats)}")
    for proposal in proposals(found, path.absolute().parent):
        yield proposal.check
        file = proposal.path
        if file is None or not file.is_file():
            continue
        if not os.access(file, os.R_OK):
            yield Check("source", "wrong", f"{file} may not be read by this user; run as root or in its group")
        elif proposal.check.command:
            sources = replace(settings.sources, format="auto", log_format=proposal.log_format)
            yield _format_check(file, replace(settings, sources=sources))


def _source_checks(paths: tuple[str, ...], settings: "Settings") -> Iterator[Check]:
    import glob

    from apiwatch.cli.inputs import STDIN, check_paths, wanted_paths

    try:
        wanted = wanted_paths(paths, settings)
    except ApiwatchError as error:
        yield Check("sources", "wrong", str(error))
        return
    for address in settings.sources.syslog:
        yield Check("source", "note", f"{address}: whether it can be opened is seen when a collector starts")
    for unit in settings.sources.journal:
        found = shutil.which("journalctl")
        text = f"journal:{unit}: read with {found}" if found else "--journal: journalctl is not installed"
        yield Check("source", "ok" if found else "wrong", text)
    for name in wanted:
        if name == STDIN:
            continue
        try:
            check_paths([name], follow=True)
        except ApiwatchError as error:
            yield Check("source", "wrong", str(error))
            continue
        files = [name] if os.path.lexists(name) else sorted(glob.glob(name))  # noqa: PTH207
        if not files:
            yield Check("source", "note", f"{name} is not there yet; a collector waits for it")
        for file in files:
            if not os.access(file, os.R_OK):
                yield Check("source", "wrong", f"{file} may not be read by this user")
            else:
                yield _format_check(Path(file), settings)


def _format_check(path: Path, settings: "Settings") -> Check:
    """Parse the last lines of a file, or the first of a compressed one."""
    from apiwatch.formats import line_parser
    from apiwatch.model import Request
    from apiwatch.sources.content import NotRegular, sample_lines
    from apiwatch.sources.packed import Damaged

    sources = settings.sources
    try:
        lines = sample_lines(str(path), _SAMPLE_BYTES)[-_SAMPLE_LINES:]
    except NotRegular:
        return Check("source", "note", f"{path} is no regular file: what comes out of it is seen when it is read")
    except (OSError, Damaged) as error:
        return Check("source", "wrong", f"{path} cannot be read: {error}")
    if not lines:
        return Check("source", "note", f"{path} is empty")
    parser = line_parser(sources, b"")
    received = path.stat().st_mtime
    good = sum(isinstance(record, Request) for record in parser.parse(lines, 1, received))
    if not good:
        return Check(
            "source", "wrong", f"{path}: none of {len(lines)} lines is understood; `apiwatch parse --explain {path}`"
        )
    state = "ok" if good >= 0.95 * len(lines) else "note"
    return Check("source", state, f"{path}: {parser.format}, {good} of {len(lines)} lines looked at are requests")


def _state_checks(db: str | None, settings: "Settings") -> Iterator[Check]:
    from apiwatch.config import state_path
    from apiwatch.store import live_owner

    try:
        path = state_path(settings, db)
        if not path.exists():
            directory = next((one for one in path.parents if one.exists()), Path("/"))
            writable = os.access(directory, os.W_OK | os.X_OK)
            text = f"{path} is not there yet" if writable else f"{path} cannot be made: {directory} is not writable"
            yield Check("state", "ok" if writable else "wrong", text)
        else:
            health, sources = asyncio.run(_read_state(path))
            writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
            text = f"{path}, {path.stat().st_size / 1e6:.1f} MB"
            yield Check(
                "state", "ok" if writable else "note", text if writable else f"{text}; not writable by this user"
            )
            yield _collector_check(live_owner(path), health)
            for source in sources:
                yield from counter_checks(source, health)
        free = shutil.disk_usage(next(one for one in path.parents if one.exists())).free
        yield Check("disk", "ok" if free > 200e6 else "wrong", f"{free / 1e9:.1f} GB free for the state file")
    except ApiwatchError as error:
        yield Check("state", "wrong", str(error))


async def _read_state(path: Path) -> "tuple[HealthView | None, list[SourceView]]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.health(), await reader.sources()


def _collector_check(owner: str | None, health: "HealthView | None") -> Check:
    if owner is not None:
        return Check("collector", "ok", f"running: {owner}")
    if health is not None and health.state == "failed":
        return Check("collector", "wrong", f"the last one failed: {health.message}")
    return Check("collector", "ok", "none runs on this state file")


def _validator_checks() -> Iterator[Check]:
    for tool, target in (("nft", "nftables"), ("ipset", "ipset"), ("nginx", "nginx")):
        found = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        text = f"{found}" if found else f"not installed: `block export --target {target} --check` cannot check"
        yield Check(tool, "ok" if found else "note", text)
