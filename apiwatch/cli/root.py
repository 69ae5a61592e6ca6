"""The group of all commands. A command's module is imported when the command runs, not for the list of commands."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["COMMANDS", "root"]

COMMANDS = {
    "watch": ("apiwatch.cli.watch", "watch", "Dashboard and collector on logs (what `apiwatch PATH...` does)."),
    "demo": ("apiwatch.cli.demo", "demo", "Dashboard on a simulated incident; no log is needed."),
    "attach": ("apiwatch.cli.watch", "attach", "Another dashboard on a running collector."),
    "serve": ("apiwatch.cli.serve", "serve", "The dashboard of a running collector in browsers, read-only."),
    "collect": ("apiwatch.cli.collect", "collect", "Collector without a dashboard."),
    "replay": ("apiwatch.cli.replay", "replay", "Read whole logs at full speed; print alerts and a summary."),
    "learn": ("apiwatch.cli.learn", "learn", "Teach what is normal from old logs, without alerts."),
    "parse": ("apiwatch.cli.parse", "parse", "One JSON object per log record; --explain shows what fails."),
    "formats": ("apiwatch.cli.parse", "formats", "The known log formats, with an example each."),
    "alerts": ("apiwatch.cli.alerts", "alerts", "Alerts of the state file; ack, unack, note, mute, unmute, benign."),
    "clients": ("apiwatch.cli.reports", "clients", "Clients of the state file, worst first."),
    "routes": ("apiwatch.cli.reports", "routes", "Routes of the state file, busiest first."),
    "show": ("apiwatch.cli.show", "show", "Everything about one client."),
    "report": ("apiwatch.cli.report", "report", "An incident as one file to hand over."),
    "allow": ("apiwatch.cli.allow", "allow", "Who raises no alerts: add, list, remove."),
    "block": ("apiwatch.cli.block", "block", "The block queue: add, list, export, apply, undo, expire."),
    "simulate": ("apiwatch.cli.simulate", "simulate", "Write a labelled log of an attack in normal traffic."),
    "bench": ("apiwatch.cli.bench", "bench", "Measure detection on replays of published incidents."),
    "config": ("apiwatch.cli.settings", "config", "Settings: check, show, init."),
    "doctor": ("apiwatch.cli.doctor", "doctor", "What is wrong with sources, state file and terminal."),
    "completion": ("apiwatch.cli.settings", "completion", "Print the completion script of a shell."),
}
"""Name -> (module, attribute, one sentence of help)."""


class Commands(click.Group):
    """Lazy group; arguments that do not start with a command name belong to `watch`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(entry[0]), entry[1])
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Commands, and files: `apiwatch PATH` needs no command."""
        from click.shell_completion import CompletionItem

        files = [] if incomplete.startswith("-") else [CompletionItem(incomplete, type="file")]
        return [*super().shell_complete(ctx, incomplete), *files]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in COMMANDS and first not in {"--help", "-h", "--version"} and not ctx.resilient_parsing:
            _refuse_misspelt(first, ctx)
            args = ["watch", *args]
        return super().parse_args(ctx, args)


def _refuse_misspelt(word: str, ctx: click.Context) -> None:
    """A bare word that is no file and looks like a command is a slip of the finger, not a log that is yet to come."""
    if not word.isalpha() or Path(word).exists():
        return
    import difflib

    near: Sequence[str] = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.75)
    if near:
        raise click.UsageError(f"`{word}` is neither a command nor a file; did you mean `{near[0]}`?", ctx)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[COMMAND] [PATH...] [OPTIONS]",
    epilog="Start with `apiwatch /var/log/nginx/access.log`, or with `apiwatch demo`.",
)
@click.version_option(__version__, message="apiwatch %(version)s")
def root() -> None:
    """Live detection of API abuse from access logs, in a terminal."""
