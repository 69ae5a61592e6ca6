"""`apiwatch replay`: whole logs at full speed."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.options import as_json, load_settings, state_options, take_source_options, with_source_options
from apiwatch.cli.progress import ProgressLine, require_requests

if TYPE_CHECKING:
    from apiwatch.collector import Progress
    from apiwatch.config import Settings
    from apiwatch.model import Alert, Delta

__all__ = ["replay"]

_SEVERITY_WORDS = ("info", "low", "medium", "high", "critical")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False), metavar="PATH...")
@with_source_options(syslog=False, since="default: start")
@state_options
@as_json
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITY_WORDS),
    help="Exit with 1 when an alert is at least this severe.",
)
def replay(
    paths: tuple[str, ...],
    db: str | None,
    config: str | None,
    json_lines: bool,
    fail_on: str | None,
    **sources: Any,
) -> int:
    """Read whole logs (files, globs, .gz, `-` for standard input) once, and print alerts and a summary.

    The state is thrown away afterwards unless --db names a file to keep it in.
    """
    from apiwatch.cli.inputs import check_paths, wanted_paths

    typed = take_source_options(sources)
    settings = load_settings(config, typed)
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=False)
    run = _Replay(settings, wanted, typed.since or "start", json_lines)
    if db is not None:
        from apiwatch.config import state_path

        totals = run.into(state_path(settings, db), kept=True)
    else:
        from apiwatch.cli.ending import ended_by_signals

        with ended_by_signals(), tempfile.TemporaryDirectory(prefix="apiwatch-") as directory:
            totals = run.into(Path(directory) / "replay.db", kept=False)
    require_requests(totals, wanted, run.since)
    worst = max((alert.severity for alert in run.alerts.values()), default=-1)
    return 1 if fail_on is not None and worst >= _SEVERITY_WORDS.index(fail_on) else 0


class _Replay:
    """One run: what it printed so far, and the alerts as they are now."""

    def __init__(self, settings: "Settings", paths: tuple[str, ...], since: str, json_lines: bool) -> None:
        self._settings = settings
        self._paths = paths
        self.since = since
        self._json = json_lines
        self._started = time.monotonic()
        self._line = ProgressLine(self._started)
        self.alerts: dict[str, Alert] = {}

    def into(self, db: Path, *, kept: bool) -> "Progress":
        """Read everything into a state file, print, and return the totals."""
        from apiwatch.cli.garbage import collect_rarely
        from apiwatch.cli.inputs import feed_options
        from apiwatch.cli.places import salt
        from apiwatch.collector import read_history

        collect_rarely()
        options = feed_options(self._paths, self._settings, follow=False, since=self.since, streams=False)
        totals = asyncio.run(
            read_history(
                self._settings,
                db,
                options,
                salt=salt(),
                on_delta=self._tell,
                on_progress=self._line.show,
                resumable=kept,
            )
        )
        self._line.clear()
        self._summary(totals)
        return totals

    def _tell(self, delta: "Delta") -> None:
        self.alerts.update((alert.id, alert) for alert in delta.alerts)
        if self._json and delta.events:
            import msgspec

            from apiwatch.cli.alertjson import event_fields
            from apiwatch.cli.output import write_lines

            self._line.clear()
            write_lines([msgspec.json.encode(event_fields(event)) for event in delta.events])

    def _summary(self, totals: "Progress") -> None:
        from apiwatch.cli.output import emit, put, rfc3339
        from apiwatch.detect import DETECTORS
        from apiwatch.detect.needs import degraded, switched_off

        elapsed = time.monotonic() - self._started
        rate = round(totals.lines / elapsed) if elapsed > 0 else 0
        # Linux counts ru_maxrss in KiB.
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if self._json:
            emit(
                {
                    "type": "summary",
                    "lines": totals.lines,
                    "requests": totals.requests,
                    "unparsed": totals.unparsed,
                    "skipped": totals.skipped,
                    "clients": totals.clients,
                    "principals": totals.principals,
                    "routes": totals.routes,
                    "alerts": totals.alerts,
                    "missing_fields": totals.missing,
                    "detectors_off": switched_off(totals.missing, DETECTORS),
                    "notified": totals.notified,
                    "withheld": totals.withheld,
                    "first_time": rfc3339(totals.first_time),
                    "last_time": rfc3339(totals.last_time),
                    "elapsed_s": round(elapsed, 3),
                    "lines_per_s": rate,
                    "peak_rss_mb": round(memory, 1),
                }
            )
            return
        from apiwatch.cli.alerttext import clock_time, put_alert, sorted_alerts

        for alert in sorted_alerts(self.alerts.values()):
            put_alert(alert)
        copies = f" ({totals.copies} copies of lines in another log)" if totals.copies else ""
        put(
            f"{totals.alerts} alerts; {totals.lines} lines: {totals.requests} requests, {totals.unparsed} unparsed, "
            f"{totals.skipped} skipped{copies}; {totals.clients} clients, {totals.routes} routes"
        )
        if totals.withheld:
            put(f"{totals.withheld} of {totals.notified + totals.withheld} notifications are above the budget per hour")
        if not totals.requests:
            return
        put(
            f"{clock_time(totals.first_time)} to {clock_time(totals.last_time)}; "
            f"read in {elapsed:.1f} s, {rate} lines/s, {memory:.0f} MiB"
        )
        if blind := degraded(totals.missing, DETECTORS):
            put(blind)
