"""`apiwatch PATH...` and `apiwatch attach`: the dashboard, with a collector of its own or on a running one."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.garbage import import_uncollected
from apiwatch.cli.keymap import require_keys
from apiwatch.cli.options import (
    Show,
    load_settings,
    show_options,
    state_options,
    take_show,
    take_source_options,
    with_show,
    with_source_options,
)

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard, Plan
    from apiwatch.blocklist.applying.looking import Comparison
    from apiwatch.cli.child import Child
    from apiwatch.cli.terminal import Streams
    from apiwatch.config import Settings
    from apiwatch.store import BlockEntry

__all__ = ["attach", "running_collector", "show", "watch"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH...|-]")
@with_source_options(syslog=True, since="default: 15m")
@state_options
@show_options
def watch(paths: tuple[str, ...], db: str | None, config: str | None, **given: Any) -> int:
    """Follow logs (files, globs, .gz, `-` for standard input) and show what happens.

    Without a path: the access logs in the usual places. A collector that already runs on the state file is joined.
    """
    typed, how = take_source_options(given), take_show(given)
    if not how.streams:
        import_uncollected()
    from apiwatch.cli.inputs import STDIN, check_paths, wanted_paths
    from apiwatch.cli.output import say
    from apiwatch.cli.terminal import stage
    from apiwatch.config import state_path
    from apiwatch.store import live_owner

    settings = with_show(require_keys(load_settings(config, typed), config), how)
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=True)
    path = state_path(settings, db)
    with stage(how) as streams:
        owner = live_owner(path)
        if owner is not None and STDIN not in wanted:
            if paths or typed.syslog or typed.journal:
                from apiwatch.cli.reading import require_read
                from apiwatch.sources import journal_name

                require_read([*wanted, *typed.syslog, *map(journal_name, typed.journal)], path, owner)
            say(f"a collector ({owner}) already works on {path}: showing that one; --db names another state file")
            return show(path, settings, streams, how, config=config)
        arguments = [*typed.arguments(), f"--db={path}", *([f"--config={config}"] if config is not None else [])]
        stdin = streams.stdin if STDIN in wanted else None
        say("starting the collector ...")
        with running_collector([*arguments, "--", *wanted], how, db=path, stdin=stdin) as child:
            return show(path, settings, streams, how, child=child, config=config)


@click.command()
@state_options
@show_options
@click.option("--read-only", is_flag=True, help="Only look: nothing can be acknowledged, muted, allowed or queued.")
@click.option("--served", type=int, hidden=True, metavar="FD", help="For `apiwatch serve`, while this pipe is open.")
def attach(db: str | None, config: str | None, **given: Any) -> int:
    """Open another dashboard on a running collector: same picture, same acknowledgements, same block queue."""
    how = take_show(given)
    if not how.streams:
        import_uncollected()
    from apiwatch.cli.output import say
    from apiwatch.cli.reading import require_state
    from apiwatch.cli.terminal import stage
    from apiwatch.config import state_path
    from apiwatch.store import is_owned

    settings = with_show(require_keys(load_settings(config), config), how)
    path = state_path(settings, db)
    require_state(path)
    with stage(how) as streams:
        if is_owned(path) is False and not how.served:
            say(f"no collector runs on {path}; what the last one left is shown")
        return show(path, settings, streams, how, config=config)


@contextlib.contextmanager
def running_collector(arguments: list[str], how: Show, *, db: Path, stdin: int | None) -> "Iterator[Child]":
    """A collector child that is stopped at the end. Raises ChildFailed when it cannot start."""
    from apiwatch.cli.child import start_collector
    from apiwatch.cli.ending import ended_by_signals

    with ended_by_signals():
        child = start_collector(arguments, db=db, stdin=stdin, meanwhile=None if how.streams else _import_dashboard)
        try:
            yield child
        finally:
            child.stop()


def _import_dashboard() -> None:
    """Import what draws, which takes as long as a collector needs to start."""
    import apiwatch.tui  # noqa: F401


def show(
    path: Path,
    settings: "Settings",
    streams: "Streams",
    how: Show,
    *,
    child: "Child | None" = None,
    config: str | None = None,
    passing: bool = False,
) -> int:
    """Show what happens until it is left; the exit code. Farewell lines go to the real standard output.

    `config` is the settings file that was typed. The state file of a `passing` dashboard is removed at the end.
    """
    import asyncio

    if how.streams:
        from apiwatch.cli.streaming import stream

        return stream(path, settings, how, child=child)
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    farewell, code = asyncio.run(_dashboard(path.absolute(), settings, how, child, config, passing))
    if child is not None and (ended := child.ended()) is not None:
        farewell.append(f"apiwatch: {ended}")
        code = code or (0 if child.code() == 0 else 1)
    streams.print(farewell)
    return code


async def _dashboard(
    path: Path, settings: "Settings", how: Show, child: "Child | None", config: str | None, passing: bool
) -> tuple[list[str], int]:
    from msgspec.structs import replace

    from apiwatch.cli.reading import actor, controlling, reading
    from apiwatch.tui import ApiwatchApp

    def guard() -> "Guard":
        from apiwatch.cli.blocksite import guard_of

        return guard_of(settings, str(path))

    def compare(target: str, plan: "Plan", entries: "Sequence[BlockEntry]") -> "Comparison":
        from apiwatch.blocklist import TARGETS
        from apiwatch.blocklist.applying.looking import look

        return look(settings.block, TARGETS[target], plan, entries, time.time())

    async with (
        reading(path, migrates=not how.read_only) as reader,
        controlling(path, read_only=how.read_only) as control,
    ):
        app = ApiwatchApp(
            reader,
            control,
            settings=replace(settings, db=str(path)),
            actor=actor(),
            guard=guard,
            compare=compare,
            ended=child.ended if child is not None else lambda: None,
            owns_collector=child is not None,
            config=_named(config),
            read_only=how.read_only,
            served=how.served,
            passing=passing,
        )
        app.set_keymap(settings.dashboard.keys)
        if how.lifeline is not None:
            from apiwatch.cli.served import end_with, forbid_files

            end_with(how.lifeline, app.exit)
            if how.read_only:
                forbid_files()
        await app.run_async(mouse=settings.dashboard.mouse)
        return list(app.farewell), app.return_code or 0


def _named(config: str | None) -> str | None:
    """The settings file that is in use, for commands that somebody else may type; None: they find it themselves."""
    from apiwatch.config import settings_file
    from apiwatch.config.loader import SYSTEM_FILE

    file = settings_file(Path(config) if config is not None else None)
    return None if file in (None, SYSTEM_FILE) else str(file.absolute())
