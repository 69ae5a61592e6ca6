"""`apiwatch learn`: routes, owners and what is usual from old logs, without alerts."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.options import as_json, load_settings, state_options, take_source_options, with_source_options
from apiwatch.cli.progress import ProgressLine, require_requests

if TYPE_CHECKING:
    from apiwatch.collector import Progress

__all__ = ["learn"]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False), metavar="PATH...")
@with_source_options(syslog=False, since="default: start")
@state_options
@as_json
def learn(paths: tuple[str, ...], db: str | None, config: str | None, json_lines: bool, **sources: Any) -> None:
    """Teach the state file what is normal from old logs (files, globs, .gz, `-` for standard input).

    No alerts are raised. `apiwatch PATH` on the same state file goes on where this ends, with warm tests.
    """
    from apiwatch.cli.garbage import collect_rarely
    from apiwatch.cli.inputs import check_paths, feed_options, wanted_paths
    from apiwatch.cli.places import salt
    from apiwatch.collector import read_history
    from apiwatch.config import state_path

    typed = take_source_options(sources)
    settings = load_settings(config, typed)
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=False)
    since = typed.since or "start"
    started = time.monotonic()
    line = ProgressLine(started)
    collect_rarely()
    totals = asyncio.run(
        read_history(
            settings,
            state_path(settings, db),
            feed_options(wanted, settings, follow=False, since=since, streams=False),
            salt=salt(),
            on_delta=lambda _delta: None,
            on_progress=line.show,
            learn=True,
        )
    )
    line.clear()
    require_requests(totals, wanted, since)
    _tell(totals, time.monotonic() - started, json_lines=json_lines)


def _tell(totals: "Progress", elapsed: float, *, json_lines: bool) -> None:
    from apiwatch.cli.alerttext import clock_time
    from apiwatch.cli.output import emit, put, rfc3339

    if json_lines:
        emit(
            {
                "type": "learned",
                "lines": totals.lines,
                "requests": totals.requests,
                "unparsed": totals.unparsed,
                "skipped": totals.skipped,
                "clients": totals.clients,
                "routes": totals.routes,
                "owned_objects": totals.owned,
                "first_time": rfc3339(totals.first_time),
                "last_time": rfc3339(totals.last_time),
                "elapsed_s": round(elapsed, 3),
            }
        )
    else:
        put(
            f"learned from {totals.lines} lines: {totals.requests} requests, {totals.unparsed} unparsed, "
            f"{totals.skipped} skipped, {clock_time(totals.first_time)} to {clock_time(totals.last_time)}"
        )
        put(f"known now: {totals.routes} routes, {totals.owned} objects with an owner, {totals.clients} clients")
