"""`apiwatch demo`: the dashboard on a simulated incident that begins within seconds."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.garbage import import_uncollected
from apiwatch.cli.keymap import require_keys
from apiwatch.cli.options import load_settings, show_options, take_show, with_show

if TYPE_CHECKING:
    from apiwatch.cli.child import Child
    from apiwatch.cli.options import Show

__all__ = ["demo", "running_incident"]

_LEAD_S = 4.0
"""Seconds between the start and the first request of the attack."""

_RATE = 25.0
_MINUTES = 60.0


@click.command()
@click.argument("scenario", default="incident")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Another seed, another incident."
)
@click.option("--config", metavar="FILE", help="Settings file.")
@show_options
def demo(scenario: str, seed: int, config: str | None, **given: Any) -> int:
    """Show the dashboard on a simulated incident. Nothing is read from or left on this machine.

    The log starts with the normal traffic of the last half hour; then the attack happens in real time.
    """
    how = take_show(given)
    if not how.streams:
        import_uncollected()
    from apiwatch.cli.ending import ended_by_signals
    from apiwatch.cli.output import say
    from apiwatch.cli.simulate import known_scenario
    from apiwatch.cli.terminal import stage
    from apiwatch.cli.watch import show

    settings = with_show(require_keys(load_settings(config), config), how)
    known_scenario(scenario)
    with stage(how) as streams, ended_by_signals():
        say("preparing the incident ...")
        with running_incident(scenario, seed, how, config) as (db, child):
            return show(db, settings, streams, how, child=child, config=config, passing=True)


@contextlib.contextmanager
def running_incident(
    scenario: str, seed: int, how: "Show", config: str | None = None
) -> "Iterator[tuple[Path, Child]]":
    """A simulated incident that is written in real time, and a collector that follows it: (state file, collector).

    Everything lies in a temporary directory, which is removed at the end. Raises ChildFailed.
    """
    from apiwatch.cli.child import start_child
    from apiwatch.cli.watch import running_collector

    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apiwatch-demo-")))
        log, db = directory / "access.log", directory / "demo.db"
        log.touch()
        feeder = start_child(
            [
                "simulate",
                scenario,
                f"--live={log}",
                f"--seed={seed}",
                f"--rate={_RATE}",
                f"--minutes={_MINUTES}",
                f"--start={_start(scenario, seed)}",
            ],
            name="simulator",
            log=directory / "simulator.log",
        )
        stack.callback(feeder.stop)
        options = [f"--db={db}", "--since=start", *([f"--config={config}"] if config is not None else [])]
        yield db, stack.enter_context(running_collector([*options, "--", str(log)], how, db=db, stdin=None))


def _start(scenario: str, seed: int) -> str:
    """The start of the simulated hour, as RFC 3339, that puts the first attack `_LEAD_S` seconds from now."""
    from apiwatch.cli.output import rfc3339
    from apiwatch.simulate import labels

    firsts = [
        label.first
        for label in labels(scenario, seed=seed, minutes=_MINUTES, rate=_RATE, start=0.0)
        if label.role == "attacker"
    ]
    first = min(firsts, default=_MINUTES * 30)
    return rfc3339(time.time() + _LEAD_S - first) or ""
