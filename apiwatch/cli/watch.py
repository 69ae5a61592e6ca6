"""`apiwatch PATH...` and `apiwatch attach`: the dashboard, with a collector of its own or on a running one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.keymap import require_keys
from apiwatch.cli.options import (
    load_settings,
    screen_options,
    state_options,
    take_source_options,
    with_screen,
    with_source_options,
)

if TYPE_CHECKING:
    from apiwatch.cli.child import Child
    from apiwatch.cli.terminal import Streams
    from apiwatch.config import Settings

__all__ = ["attach", "dashboard", "running_collector", "watch"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH...|-]")
@with_source_options(syslog=True, since="default: 15m")
@state_options
@screen_options
def watch(
    paths: tuple[str, ...], db: str | None, config: str | None, ascii_only: bool, no_mouse: bool, **sources: Any
) -> int:
    """Follow logs (files, globs, .gz, `-` for standard input) and show what happens.

    Without a path: the access logs in the usual places. A collector that already runs on the state file is joined.
    """
    from apiwatch.cli.inputs import STDIN, check_paths, wanted_paths
    from apiwatch.cli.output import say
    from apiwatch.cli.reading import require_read
    from apiwatch.cli.terminal import on_terminal
    from apiwatch.config import state_path
    from apiwatch.sources import journal_name
    from apiwatch.store import live_owner

    typed = take_source_options(sources)
    loaded = require_keys(load_settings(config, typed), config)
    settings = with_screen(loaded, ascii_only=ascii_only, no_mouse=no_mouse)
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=True)
    path = state_path(settings, db)
    with on_terminal() as streams:
        owner = live_owner(path)
        if owner is not None and STDIN not in wanted:
            if paths or typed.syslog or typed.journal:
                require_read([*wanted, *typed.syslog, *map(journal_name, typed.journal)], path, owner)
            say(f"a collector ({owner}) already works on {path}: showing that one; --db names another state file")
            return dashboard(path, settings, streams, child=None)
        arguments = [*typed.arguments(), f"--db={path}", *([f"--config={config}"] if config is not None else [])]
        stdin = streams.stdin if STDIN in wanted else None
        say("starting the collector ...")
        with running_collector([*arguments, "--", *wanted], db=path, stdin=stdin) as child:
            return dashboard(path, settings, streams, child=child)


@click.command()
@state_options
@screen_options
def attach(db: str | None, config: str | None, ascii_only: bool, no_mouse: bool) -> int:
    """Open another dashboard on a running collector: same picture, same acknowledgements, same block queue."""
    from apiwatch.cli.output import say
    from apiwatch.cli.reading import require_state
    from apiwatch.cli.terminal import on_terminal
    from apiwatch.config import state_path
    from apiwatch.store import live_owner

    settings = with_screen(require_keys(load_settings(config), config), ascii_only=ascii_only, no_mouse=no_mouse)
    path = state_path(settings, db)
    require_state(path)
    with on_terminal() as streams:
        if live_owner(path) is None:
            say(f"no collector runs on {path}; the dashboard shows what the last one left")
        return dashboard(path, settings, streams, child=None)


@contextlib.contextmanager
def running_collector(arguments: list[str], *, db: Path, stdin: int | None) -> "Iterator[Child]":
    """A collector child that is stopped at the end. Raises ChildFailed when it cannot start."""
    from apiwatch.cli.child import start_collector
    from apiwatch.cli.ending import ended_by_signals

    with ended_by_signals():
        child = start_collector(arguments, db=db, stdin=stdin)
        try:
            yield child
        finally:
            child.stop()


def dashboard(path: Path, settings: "Settings", streams: "Streams", *, child: "Child | None") -> int:
    """Run the dashboard until it is left; its exit code. Farewell lines go to the real standard output."""
    import asyncio

    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    farewell, code = asyncio.run(_session(path, settings, child))
    if child is not None and (ended := child.ended()) is not None:
        farewell.append(f"apiwatch: {ended}")
        code = code or (0 if child.process.returncode == 0 else 1)
    streams.print(farewell)
    return code


async def _session(path: Path, settings: "Settings", child: "Child | None") -> tuple[list[str], int]:
    from msgspec.structs import replace

    from apiwatch.blocklist import Guard, gather_protected
    from apiwatch.cli.reading import actor, controlling, reading
    from apiwatch.tui import ApiwatchApp

    def guard() -> Guard:
        return Guard(settings.block, gather_protected(settings.sources.trusted_proxy, settings.block.allow))

    async with reading(path) as reader, controlling(path) as control:
        app = ApiwatchApp(
            reader,
            control,
            settings=replace(settings, db=str(path)),
            actor=actor(),
            guard=guard,
            ended=child.ended if child is not None else lambda: None,
            owns_collector=child is not None,
        )
        await app.run_async(mouse=settings.dashboard.mouse)
        return list(app.farewell), app.return_code or 0
