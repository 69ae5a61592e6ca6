"""`apiwatch doctor`: what is wrong with settings, sources, state file, terminal and validators."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from apiwatch.cli.options import as_json, load_settings, state_options, take_source_options, with_source_options
from apiwatch.errors import ApiwatchError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.config import Settings
    from apiwatch.store import HealthView, SourceView

__all__ = ["Check", "doctor"]

_SAMPLE_LINES = 200
_SAMPLE_BYTES = 256 * 1024


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    """'ok', 'note' (works, but know it) or 'wrong'."""
    text: str
    numbers: dict[str, Any] | None = None
    """For a source of the state file: its counters as JSON fields."""


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH...]")
@with_source_options(syslog=True, since="")
@state_options
@as_json
def doctor(paths: tuple[str, ...], db: str | None, config: str | None, json_lines: bool, **sources: Any) -> int:
    """Say what is wrong with sources, state file and terminal; exit with 1 if something is."""
    from apiwatch.cli.output import emit, put

    checks: list[Check] = []
    for check in _checks(paths, db, config, sources):
        checks.append(check)
        if json_lines:
            if check.numbers is not None:
                emit({"type": "source", **check.numbers})
            emit({"type": "check", "name": check.name, "state": check.state, "text": check.text})
        else:
            put(f"{check.state:6} {check.name:10} {plain(check.text)}")
    return 1 if any(check.state == "wrong" for check in checks) else 0


def _checks(paths: tuple[str, ...], db: str | None, config: str | None, sources: dict[str, Any]) -> Iterator[Check]:
    from apiwatch.config import Settings, settings_file

    try:
        settings = load_settings(config, take_source_options(sources))
        used = settings_file(Path(config) if config is not None else None)
        yield Check("settings", "ok", str(used) if used is not None else "the defaults (no settings file)")
    except ApiwatchError as error:
        settings = Settings()
        yield Check("settings", "wrong", str(error))
    yield from _source_checks(paths, settings)
    yield from _state_checks(db, settings)
    yield from _terminal_checks()
    yield from _validator_checks()


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
    """Parse the last lines of a file."""
    import gzip

    from apiwatch.formats import LineParser
    from apiwatch.model import Request

    sources = settings.sources
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _SAMPLE_BYTES))
            partial = file.tell() > 0
            data = file.read()
        if compressed:
            partial = False
            with gzip.open(path) as unpacked:
                data = unpacked.read(_SAMPLE_BYTES)
    except (OSError, EOFError) as error:
        return Check("source", "wrong", f"{path} cannot be read: {error}")
    lines = data.split(b"\n")[1 if partial else 0 : -1][-_SAMPLE_LINES:]
    if not lines:
        return Check("source", "note", f"{path} is empty")
    parser = LineParser(
        format=sources.format, log_format=sources.log_format, trusted_proxy=sources.trusted_proxy, salt=b""
    )
    received = path.stat().st_mtime
    good = sum(isinstance(record, Request) for record in parser.parse(lines, 1, received))
    if not good:
        return Check(
            "source", "wrong", f"{path}: none of {len(lines)} lines is understood; `apiwatch parse --explain {path}`"
        )
    state = "ok" if good >= 0.95 * len(lines) else "note"
    return Check("source", state, f"{path}: {parser.format}, {good} of the last {len(lines)} lines are requests")


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
                yield from _counter_checks(source, health)
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


def _counter_checks(source: "SourceView", health: "HealthView | None") -> Iterator[Check]:
    """What the running or last collector made of one source, and what is wrong with it."""
    from apiwatch.cli.output import rfc3339
    from apiwatch.store import lag_of, troubles_of

    lag, troubles = lag_of(source, health), troubles_of(source, health)
    names = ("lines", "requests", "unparsed", "skipped", "late", "cut", "dropped")
    counters = {name: getattr(source, name) for name in names}
    newest = rfc3339(source.last_time)
    numbers = {
        "source": source.name,
        "kind": source.kind,
        "state": source.state,
        "message": source.message,
        "format": source.format or None,
        **counters,
        "backlog_bytes": source.backlog_bytes,
        "lag_s": round(lag, 1),
        "last_time": newest,
        "wrong": [trouble.text for trouble in troubles if trouble.wrong],
        "notes": [trouble.text for trouble in troubles if not trouble.wrong],
    }
    counted = ", ".join(f"{count} {name}" for name, count in counters.items())
    unread = f"lag {lag:.0f} s, {source.backlog_bytes} bytes unread, newest request {newest or 'never'}"
    text = f"{source.name}: {source.state}, {source.format or 'no format yet'}; {counted}; {unread}"
    said = any(source.message in trouble.text for trouble in troubles)
    yield Check("counters", "ok", text if said or not source.message else f"{text}; {source.message}", numbers)
    for trouble in troubles:
        yield Check("counters", "wrong" if trouble.wrong else "note", f"{source.name}: {trouble.text}")


def _terminal_checks() -> Iterator[Check]:
    from apiwatch.cli.terminal import draws_utf8, require_terminal

    term = os.environ.get("TERM", "")
    try:
        tty = require_terminal()
    except ApiwatchError as error:
        yield Check("terminal", "note", str(error))
        return
    try:
        columns, rows = os.get_terminal_size(tty)
    finally:
        os.close(tty)
    if not columns:
        yield Check("terminal", "note", f"{term}: its size is unknown")
    else:
        small = columns < 80 or rows < 24
        advice = "; the dashboard wants 80x24" if small else ""
        yield Check("terminal", "note" if small else "ok", f"{term}, {columns}x{rows}{advice}")
    utf8 = draws_utf8(os.environ)
    text = "UTF-8" if utf8 else "the locale is not UTF-8: the dashboard draws in ASCII"
    yield Check("encoding", "ok" if utf8 else "note", text)
    if os.environ.get("NO_COLOR"):
        yield Check("colours", "ok", "off (NO_COLOR)")
    else:
        depth = "24 bit" if os.environ.get("COLORTERM", "") in {"truecolor", "24bit"} else "256 or fewer"
        yield Check("colours", "ok", depth)


def _validator_checks() -> Iterator[Check]:
    for tool, target in (("nft", "nftables"), ("ipset", "ipset"), ("nginx", "nginx")):
        found = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        text = f"{found}" if found else f"not installed: `block export --target {target} --check` cannot check"
        yield Check(tool, "ok" if found else "note", text)
