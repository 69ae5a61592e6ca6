"""`apiwatch collect`: the collector as a process of its own."""

import asyncio
from typing import Any

import click

from apiwatch.cli.options import load_settings, state_options, take_source_options, with_source_options

__all__ = ["collect"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH...|-]")
@with_source_options(syslog=True, since="default: 15m")
@state_options
@click.option("--lifeline", type=int, metavar="FD", help="Stop when this pipe is closed at its other end.")
@click.option("--ready", type=int, metavar="FD", help="Write a line to this pipe when everything is open.")
def collect(
    paths: tuple[str, ...],
    db: str | None,
    config: str | None,
    lifeline: int | None,
    ready: int | None,
    **sources: Any,
) -> None:
    """Follow logs and syslog, detect, and keep the state file; no dashboard.

    SIGTERM, SIGHUP and SIGINT stop it in order. Only one collector can own a state file.
    """
    import os

    for descriptor in (lifeline, ready):
        if descriptor is not None:
            os.set_inheritable(descriptor, False)
    from apiwatch.cli.garbage import collect_rarely, import_uncollected

    import_uncollected()
    from apiwatch.cli.inputs import check_paths, feed_options, wanted_paths
    from apiwatch.cli.output import say
    from apiwatch.cli.places import salt
    from apiwatch.config import state_path

    typed = take_source_options(sources)
    settings = load_settings(config, typed)
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=True)
    from apiwatch.collector import CollectorOptions
    from apiwatch.collector import collect as run

    options = CollectorOptions(
        settings=settings,
        db=state_path(settings, db),
        feed=feed_options(wanted, settings, follow=True, since=settings.sources.since),
        salt=salt(),
        lifeline_fd=lifeline,
        ready_fd=ready,
    )
    collect_rarely()
    asyncio.run(run(options, tell=say))
