"""Verbs that leave something behind: files, text, the clipboard."""

from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import Argument, Kind
from apiwatch.tui.commands.verb import Args, Verb, simple

__all__ = ["KEEPING"]

_FILE = Argument("file", Kind.FILE)


def _export(context: CommandContext, args: Args) -> None:
    context.export(args.text("target"), args.text("file"))


def _save(context: CommandContext, args: Args) -> None:
    context.save(args.text("file"))


def _screenshot(context: CommandContext, args: Args) -> None:
    context.screenshot(args.text("file"))


def _handover(context: CommandContext, args: Args) -> None:
    context.handover(args.text("file"))


KEEPING = (
    Verb("export", "review the block queue and write it for a firewall", _export,
         (Argument("target", Kind.TARGET), _FILE), ("target",), "review"),
    simple("copy", "copy the row to the terminal's clipboard", lambda context: context.copy(as_json=False), "copy"),
    simple("json", "copy the row as JSON", lambda context: context.copy(as_json=True), "copy-json"),
    Verb("save", "save the list as CSV or JSON", _save, (_FILE,), binding="save"),
    simple("print", "print the view as plain text outside the screen", lambda context: context.dump(), "dump"),
    Verb("screenshot", "save the screen as SVG", _screenshot, (_FILE,)),
    Verb("handover", "write the incident down in one file", _handover, (_FILE,), ("report",)),
)  # fmt: skip
