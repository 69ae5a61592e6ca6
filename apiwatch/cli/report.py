"""`apiwatch report`: an incident as one file to hand over."""

import asyncio
import contextlib
import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import ApiwatchError, UsageError
from apiwatch.text import one_line, plain

if TYPE_CHECKING:
    from apiwatch.report import Incident
    from apiwatch.store import AlertView

__all__ = ["report"]

_MODE = 0o600
_COMPLETED = 200


def _alert_ids(context: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Ids of alerts that begin so; none when the state file cannot be read."""
    with contextlib.suppress(ApiwatchError, OSError):
        views = asyncio.run(_open_alerts(state_file(context.params.get("db"), context.params.get("config"))))
        return [
            CompletionItem(view.alert.id, help=one_line(view.alert.title, 80))
            for view in views
            if view.alert.id.startswith(begun)
        ]
    return []


@click.command()
@state_options
@as_json
@click.option(
    "--alert", "alerts", multiple=True, metavar="ID", shell_complete=_alert_ids, help="About this alert; repeatable."
)
@click.option("--client", default="", metavar="ADDRESS", help="About this client.")
@click.option(
    "--since",
    metavar="TIME",
    help="Alerts active since: 2h before the newest line, or a time such as 2026-08-01T10:00:00Z.",
)
@click.option("--until", metavar="TIME", help="Alerts active until; written like --since.")
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="FILE",
    help="Write here (mode 0600), not to standard output.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def report(
    db: str | None,
    config: str | None,
    json_lines: bool,
    alerts: tuple[str, ...],
    client: str,
    since: str | None,
    until: str | None,
    output: str | None,
    force: bool,
) -> None:
    """An incident as one Markdown file to hand over, or as JSON: what, who, when, why, what was done, what is unknown.

    Without --alert and --client it is about all alerts of the state file. Text from logs is inert in it.
    """
    from apiwatch.cli.output import say, write_lines
    from apiwatch.report import as_json as fields
    from apiwatch.report import markdown

    if alerts and client:
        raise UsageError("--alert and --client are two reports; ask for one after the other")
    destination = Path(output).expanduser() if output not in (None, "-") else None
    if destination is not None and not force and os.path.lexists(destination):
        raise _exists(destination)
    incident = asyncio.run(_incident(state_file(db, config), alerts, client, since, until))
    if json_lines:
        import msgspec

        content = msgspec.json.encode(fields(incident))
    else:
        content = markdown(incident).encode().rstrip(b"\n")
    if destination is None:
        write_lines([content])
        return
    _write(destination, content + b"\n", force=force)
    alerts_found, clients_found = len(incident.alerts), incident.clients_total
    say(f"wrote {destination}; alerts: {alerts_found}, clients: {clients_found}; only this user can read it")


def _exists(destination: Path) -> UsageError:
    return UsageError(f"{plain(str(destination))} is there already; name another file, or replace it with --force")


def _write(destination: Path, content: bytes, *, force: bool) -> None:
    from apiwatch.blocklist.writing import create_file, place, replace_file

    try:
        if force:
            replace_file(place(destination), content, _MODE, keep=False)
        else:
            create_file(destination, content, _MODE)
    except FileExistsError:
        raise _exists(destination) from None
    except OSError as error:
        raise UsageError(
            f"{plain(str(destination))} cannot be written: {error.strerror}; name another place with -o"
        ) from None


async def _incident(
    path: Path, alerts: tuple[str, ...], client: str, since: str | None, until: str | None
) -> "Incident":
    from apiwatch.cli.reading import reading
    from apiwatch.report import gather

    now = time.time()
    async with reading(path) as reader:
        health = await reader.health()
        newest = health.watermark if health is not None and health.watermark > 0 else now
        bounds = _bound("--since", since, newest), _bound("--until", until, newest)
        return await gather(reader, alerts=alerts, client=client, since=bounds[0], until=bounds[1], now=now)


def _bound(option: str, text: str | None, newest: float) -> float:
    """An event time: a duration counts back from the newest line; 0 for no bound."""
    from apiwatch.config import parse_duration, parse_since

    if text is None or text == "start":
        return 0.0
    try:
        written = parse_since(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None
    if "T" in written:
        return datetime.fromisoformat(written).timestamp()
    return max(1.0, newest - parse_duration(written))


async def _open_alerts(path: Path) -> "list[AlertView]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.alerts(include_closed=True, limit=_COMPLETED)
