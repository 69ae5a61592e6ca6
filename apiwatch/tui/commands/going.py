"""Verbs that go somewhere."""

from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import VIEWS, Argument, Kind
from apiwatch.tui.commands.verb import Args, Verb, simple

__all__ = ["GOING"]

_NAMES = {"block": "queue"}
"""Verbs of views whose own name says something else."""

_ABOUT = {
    "alerts": "who does what, and how sure that is",
    "clients": "who is loudest, who is new",
    "routes": "what is asked, and by how many",
    "auth": "who fails to log in",
    "inventory": "routes that are declared, and those that are not",
    "live": "lines as they arrive",
    "block": "the block queue",
    "sources": "what is read, and what is not",
}


def _view(view: str) -> Verb:
    def run(context: CommandContext, args: Args) -> None:
        context.go_view(view)
        if "filter" in args.values:
            context.filter(args.text("filter"))

    return Verb(
        _NAMES.get(view, view),
        f"view {list(VIEWS).index(view) + 1}: {_ABOUT[view]}",
        run,
        (Argument("filter", Kind.FILTER),),
        also=("blocks",) if view == "block" else (),
        binding=f"view-{view}",
        over=view,
    )


def _client(context: CommandContext, args: Args) -> None:
    context.open_client(args.text("client"))


def _network(context: CommandContext, args: Args) -> None:
    context.open_network(args.text("network"))


def _route(context: CommandContext, args: Args) -> None:
    context.open_route(args.text("route"))


def _user(context: CommandContext, args: Args) -> None:
    context.open_user(args.text("user"))


def _agent(context: CommandContext, args: Args) -> None:
    context.open_agent(args.text("agent"))


def _alert(context: CommandContext, args: Args) -> None:
    context.open_alert(args.text("alert"))


GOING = (
    *(_view(view) for view in VIEWS),
    simple("summary", "everything about where you are", lambda context: context.go_view("summary"), "view-summary"),
    simple("open", "everything about the row under the cursor", lambda context: context.open_row(), "open"),
    Verb("client", "everything about one client", _client, (Argument("client", Kind.CLIENT, False),)),
    Verb("network", "the clients of one network", _network, (Argument("network", Kind.NETWORK, False),), ("net",)),
    Verb("route", "everything about one route", _route, (Argument("route", Kind.ROUTE, False),)),
    Verb("user", "everything about one user", _user, (Argument("user", Kind.USER, False),)),
    Verb("agent", "the clients with one user agent", _agent, (Argument("agent", Kind.AGENT, False),), ("ua",)),
    Verb("alert", "everything about one alert", _alert, (Argument("alert", Kind.ALERT, False),)),
    simple("why", "why the alert exists: rule, numbers, limits, doubts", lambda context: context.why(), "why"),
    simple("lines", "the original lines of the row", lambda context: context.lines(), "lines"),
    simple("histogram", "the row over time", lambda context: context.histogram(), "histogram"),
    simple("next", "the next alert", lambda context: context.step_alert(1), "alert-next"),
    simple("previous", "the previous alert", lambda context: context.step_alert(-1), "alert-previous"),
    simple("back", "back to where you came from", lambda context: context.back(), "back"),
    simple("quit", "leave the dashboard, after a question", lambda context: context.quit(), "quit", "q", "exit"),
)
