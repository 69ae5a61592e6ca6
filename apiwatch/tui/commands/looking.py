"""Verbs that change what is shown and how."""

from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import Argument, Kind
from apiwatch.tui.commands.verb import Args, Verb, simple

__all__ = ["LOOKING"]


def _window(context: CommandContext, args: Args) -> None:
    context.set_window(int(args.number("window") or 0))


def _at(context: CommandContext, args: Args) -> None:
    context.set_at(args.number("time") or 0.0)


def _sort(context: CommandContext, args: Args) -> None:
    context.sort(args.text("order"))


def _group(context: CommandContext, args: Args) -> None:
    context.group(args.text("what"))


def _filter(context: CommandContext, args: Args) -> None:
    context.filter(args.text("filter"))


def _theme(context: CommandContext, args: Args) -> None:
    context.theme(args.text("theme"))


def _refresh(context: CommandContext, args: Args) -> None:
    context.refresh_every(args.number("seconds") or 1.0)


LOOKING = (
    Verb("filter", "narrow the list; without a filter all rows again", _filter, (Argument("filter", Kind.FILTER),),
         binding="filter"),
    Verb("sort", "order of the list", _sort, (Argument("order", Kind.SORT),), binding="sort"),
    Verb("group", "put clients together by what they share", _group, (Argument("what", Kind.GROUP, False),),
         binding="list-next"),
    simple("reverse", "turn the order round", lambda context: context.reverse(), "reverse"),
    Verb("window", "length of the window that is counted", _window, (Argument("window", Kind.WINDOW, False),), ("win",),
         binding="window-shorter"),
    Verb("at", "look at an earlier time", _at, (Argument("time", Kind.TIME, False),)),
    simple("now", "back to now", lambda context: context.set_at(0.0)),
    simple("earlier", "a window back in time", lambda context: context.step_time(-1), "earlier"),
    simple("later", "a window forward in time", lambda context: context.step_time(1), "later"),
    simple("pause", "freeze the picture, or go on; collection goes on", lambda context: context.pause(), "pause"),
    simple("follow", "keep the row under the cursor in sight", lambda context: context.follow(), "follow"),
    simple("tail", "live lines of the row on or off", lambda context: context.toggle_lines(), "live-lines"),
    simple("mark", "mark all shown rows", lambda context: context.mark_all(), "mark-all"),
    simple("unmark", "remove all marks", lambda context: context.unmark_all(), "unmark-all"),
    simple("zoom", "this pane alone, or all again", lambda context: context.zoom(), "zoom"),
    simple("head", "head on or off", lambda context: context.head(), "head"),
    Verb("theme", "colours", _theme, (Argument("theme", Kind.THEME, False),)),
    Verb("refresh", "seconds between two reads", _refresh, (Argument("seconds", Kind.SECONDS, False),)),
    simple("redraw", "draw the screen anew", lambda context: context.redraw(), "redraw"),
    simple("help", "keys and commands of this view", lambda context: context.help(), "help", "h"),
)  # fmt: skip
