"""`apiwatch block export`: the queue as a file for a firewall, with the commands that put it into force."""

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.blockguard import REFUSED, reviewed, say_warnings
from apiwatch.cli.blockqueue import queued
from apiwatch.cli.blocksite import guard_of, target_named, target_names
from apiwatch.cli.options import load_settings, state_options
from apiwatch.errors import UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Target

__all__ = ["export"]


@click.command()
@click.option(
    "--target",
    "target_name",
    required=True,
    metavar="NAME",
    help="Firewall to write for.",
    shell_complete=lambda _ctx, _param, begun: [name for name in target_names() if name.startswith(begun)],
)
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="FILE",
    help="Write here, atomically; default: standard output.",
)
@click.option("--check", "check_it", is_flag=True, help="Run the target's own validator; exit with 1 if it objects.")
@click.option("--withdraw-all", is_flag=True, help="Let an empty queue replace a list that is not empty.")
@state_options
def export(
    target_name: str, output: str | None, check_it: bool, withdraw_all: bool, db: str | None, config: str | None
) -> int:
    """Write the queue in the syntax of a firewall.

    Every row passes the guard rails again; exit code 4 when one refuses, and when entries were left out because they
    have a condition and the firewall cannot tell requests apart.
    """
    from apiwatch.blocklist import export as write
    from apiwatch.blocklist import plan as planned
    from apiwatch.blocklist.review import suited
    from apiwatch.cli.output import say
    from apiwatch.config import state_path

    settings = load_settings(config)
    target = target_named(target_name, settings.block.templates)
    entries = asyncio.run(queued(state_path(settings, db), False))
    destination = Path(output) if output is not None else None
    guard = guard_of(settings, db)
    made, left_out = suited(target, planned(entries, time.time()), guard)
    warnings = reviewed(settings, state_path(settings, db), target, made)
    try:
        artifacts = write(target, made, guard, destination, withdraw_all=withdraw_all)
    except OSError as error:
        raise UsageError(f"{plain(str(output))} cannot be written: {error.strerror}") from None
    if destination is None:
        for artifact in artifacts:
            if len(artifacts) > 1:
                say(f"{artifact.name}:")
                sys.stderr.flush()
            sys.stdout.buffer.write(artifact.content)
        sys.stdout.buffer.flush()
    else:
        directory = destination.parent
        say(f"wrote {', '.join(str(directory / artifact.name) for artifact in artifacts)}")
    say_warnings([*left_out, *warnings])
    code = REFUSED if left_out else 0
    if check_it:
        result = target.validate(artifacts)
        if not result.available:
            say(f"not checked: {' '.join(result.output.split())}")
        elif result.ok:
            say(f"{result.tool} accepts it")
        else:
            say(f"{result.tool} does not accept it: {' '.join(result.output.split())}")
            code = 1
    _say_commands(target, [output] if output is not None else [artifact.name for artifact in artifacts])
    return code


def _say_commands(target: "Target", paths: list[str]) -> None:
    """How to apply, verify and undo it, on standard error."""
    commands = target.commands(paths)
    for title, lines in (("apply", commands.apply), ("verify", commands.verify), ("undo", commands.undo)):
        for line in lines:
            print(f"# {title:6} {line}", file=sys.stderr)
