"""`apiwatch alerts`: the list, and what an operator says about one of them."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apiwatch.cli.filtering import filter_option, mention_bound, read_filter
from apiwatch.cli.options import as_json, load_settings, state_file, state_options
from apiwatch.cli.reports import limit_option, mention_collector
from apiwatch.errors import InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.model import ActionKind
    from apiwatch.store import AlertView, Filter, HealthView

__all__ = ["alerts"]

F = TypeVar("F", bound=Callable[..., Any])
_NOTE = 500
_MUTED = "2h"


@click.group(invoke_without_command=True)
@state_options
@as_json
@limit_option
@click.option("--all", "include_closed", is_flag=True, help="Closed alerts, too.")
@filter_option
@click.pass_context
def alerts(
    context: click.Context,
    db: str | None,
    config: str | None,
    json_lines: bool,
    limit: int,
    include_closed: bool,
    wanted: str,
) -> None:
    """Alerts of the state file, most severe first; or say something about one of them."""
    if context.invoked_subcommand is not None:
        return
    where = read_filter(wanted, "alerts")
    views, health = asyncio.run(_alerts(state_file(db, config), include_closed, limit, where))
    mention_bound(views, "alerts")
    if json_lines:
        from apiwatch.cli.alertjson import alert_view_fields
        from apiwatch.cli.output import emit

        for view in views:
            emit(alert_view_fields(view))
        return
    from apiwatch.cli.alerttext import put_alert, state_text
    from apiwatch.cli.output import put

    for view in views:
        put_alert(view.alert, state_text(view))
    if not views:
        matching = " that the filter lets pass" if where else ""
        put(f"no {'' if include_closed else 'open '}alerts{matching}")
    mention_collector(health)


def _about_one(command: F) -> F:
    """The id of an alert, and the options that every word about it has."""
    for option in (as_json, state_options):
        command = option(command)
    return click.argument("alert_id", metavar="ID")(command)


@alerts.command()
@_about_one
@click.option("--note", default="", help="For those who look at it later.")
def ack(alert_id: str, note: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Acknowledge: somebody looks after this alert. It counts until the alert closes."""
    _say("acknowledge", alert_id, note, None, db, config, json_lines)


@alerts.command()
@_about_one
def unack(alert_id: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Take an acknowledgement back."""
    _say("unacknowledge", alert_id, "", None, db, config, json_lines)


@alerts.command()
@_about_one
@click.argument("text")
def note(alert_id: str, text: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Leave a note with an alert."""
    if not text.strip():
        raise UsageError("the note is empty; write some words in quotes")
    _say("note", alert_id, text, None, db, config, json_lines)


@alerts.command(short_help="Do not tell of it again for a while.")
@_about_one
@click.option("--for", "duration", default=_MUTED, show_default=True, metavar="DURATION", help="How long.")
@click.option("--note", default="", help="Why.")
def mute(alert_id: str, duration: str, note: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """Do not tell of an alert again for a while; it stays in the list and goes on counting."""
    _say("mute", alert_id, note, _seconds(duration), db, config, json_lines)


@alerts.command()
@_about_one
def unmute(alert_id: str, db: str | None, config: str | None, json_lines: bool) -> None:
    """End a mute."""
    _say("unmute", alert_id, "", None, db, config, json_lines)


@alerts.command(short_help="Normal for this client on this route.")
@_about_one
@click.option("--for", "duration", metavar="DURATION", help="How long (default: `alerts.benign_for`, 30d).")
@click.option("--note", default="", help="Why.")
def benign(
    alert_id: str, duration: str | None, note: str, db: str | None, config: str | None, json_lines: bool
) -> None:
    """Say that this is what this client does: normal for it, on this route, for this kind of alert.

    The alert closes. It comes back when the client does clearly more than until now, or worse. Other alerts stay.
    """
    seconds = load_settings(config).alerts.benign_for if duration is None else _seconds(duration)
    _say("benign", alert_id, note, seconds, db, config, json_lines)


def _seconds(duration: str) -> float:
    from apiwatch.config import parse_duration

    try:
        seconds = parse_duration(duration)
    except UsageError as error:
        raise UsageError(f"--for: {error}") from None
    if seconds < 1.0:
        raise UsageError(f"--for: `{plain(duration)}` is shorter than a second; write for example 2h or 30d")
    return seconds


def _say(
    kind: "ActionKind",
    alert_id: str,
    note: str,
    seconds: float | None,
    db: str | None,
    config: str | None,
    json_lines: bool,
) -> None:
    from apiwatch.cli.alerttext import state_text
    from apiwatch.cli.output import emit, put, rfc3339

    before = click.get_current_context().parent
    typed = before.params if before is not None else {}
    db, config, json_lines = db or typed["db"], config or typed["config"], json_lines or typed["json_lines"]
    now = time.time()
    expires = None if seconds is None else now + seconds
    view, health, who = asyncio.run(_said(state_file(db, config), kind, alert_id, plain(note, _NOTE), now, expires))
    if json_lines:
        emit(
            {
                "type": "action",
                "kind": kind,
                "alert": view.alert.id,
                "actor": who,
                "time": rfc3339(now),
                "expires": rfc3339(expires) if expires is not None else None,
                "note": note or None,
            }
        )
    else:
        put(f"{kind} {view.alert.id} ({plain(view.alert.title, 100)}){state_text(view)}")
    mention_collector(health)


async def _said(
    path: Path, kind: "ActionKind", alert_id: str, note: str, now: float, expires: float | None
) -> "tuple[AlertView, HealthView | None, str]":
    from apiwatch.cli.reading import actor, controlling, reading

    async with reading(path) as reader, controlling(path) as control:
        found = await reader.alert(alert_id)
        if found is None:
            raise InputError(
                f"the state file knows no alert {plain(alert_id)}, or several that begin so; "
                "`apiwatch alerts --all` lists them"
            )
        who = actor()
        if kind == "acknowledge":
            await control.acknowledge(found.alert.id, who, note, now)
        else:
            await control.say(kind, found.alert.id, who, note, now, expires)
        return await reader.alert(found.alert.id) or found, await reader.health(), who


async def _alerts(
    path: Path, include_closed: bool, limit: int, where: "Filter"
) -> "tuple[list[AlertView], HealthView | None]":
    from apiwatch.cli.reading import reading

    async with reading(path) as reader:
        return await reader.alerts(include_closed=include_closed, limit=limit, where=where), await reader.health()
