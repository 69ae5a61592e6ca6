"""The command line: verbs, their arguments, completion; pure parts that a screen puts to work."""

from apiwatch.tui.commands.completing import command_completions, command_ghost, command_hint
from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import VIEWS, WINDOWS, Argument, Kind, Known
from apiwatch.tui.commands.parsing import Call, CommandError, parse_command
from apiwatch.tui.commands.table import VERBS, verb_of
from apiwatch.tui.commands.verb import Args, Verb

__all__ = [
    "VERBS",
    "VIEWS",
    "WINDOWS",
    "Args",
    "Argument",
    "Call",
    "CommandContext",
    "CommandError",
    "Kind",
    "Known",
    "Verb",
    "command_completions",
    "command_ghost",
    "command_hint",
    "parse_command",
    "verb_of",
]
