"""What an empty list says: what is going on, and what to do about it."""

from collections.abc import Sequence

from apiwatch.store.filters import List
from apiwatch.store.protocol import Reader
from apiwatch.store.scope import Scope
from apiwatch.store.views import HealthView, UnparsedView
from apiwatch.tui.cells import amount, clock, count, stamp
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.snapshot import Link, window_label
from apiwatch.tui.summary import State, Word, state_of
from apiwatch.tui.unparsed import unparsed_lines

__all__ = ["empty_list", "why_nobody"]

_OF_MEMBERS = frozenset({List.CLIENTS, List.ROUTES, List.SUSPECTS, List.LINES})


async def why_nobody(reader: Reader, scope: Scope, over: List) -> str:
    """Why an empty list says nothing about an alert: a test saw many clients, and names none of them; '' otherwise."""
    view = await reader.alert(scope.alert) if scope.alert and over in _OF_MEMBERS else None
    if view is None or view.alert.client or view.alert.clients:
        return ""
    return "the members of this alert are not known yet: many clients at once, none of them named."


def empty_list(link: Link, calm: str, unparsed: Sequence[UnparsedView], width: int, past: str = "") -> list[Line]:
    """What an empty list says: what is going on, and what to do. `calm` is what it says when all is well.

    `unparsed` are lines that no format understood; `past` is a sentence about what the list held last.
    """
    overview, state = link.overview, state_of(link)
    if overview is None or overview.health is None or state.word is Word.NO_DATA:
        return _nothing_read(link, state, width)
    health = overview.health
    if health.unparsed and not health.requests:
        return _nothing_parsed(health, unparsed, width)
    said: list[Line] = []
    if state.word is Word.STALE:
        said += wrap(state.sentence, width, style="bad")
    if state.word is Word.CATCH_UP:
        said += wrap(
            f"reading history, log time {stamp(health.watermark)}; the lists fill as it goes", width, style="dim"
        )
    minutes = window_label(overview.window_minutes)
    window = f"the {minutes} up to {clock(link.at)}" if link.at else f"the last {minutes}"
    said += wrap(calm.format(window=window) + past, width)
    judged = f"{amount(health.requests)} requests of {amount(overview.clients_total)} clients judged"
    return said + wrap(f"{judged}; the collector runs since {stamp(health.started)}", width, style="dim")


def _nothing_read(link: Link, state: State, width: int) -> list[Line]:
    overview = link.overview
    if state.word is Word.STALE:
        return wrap(state.sentence, width, style="bad")
    if overview is None:
        return [line(Piece("loading...", "dim"))]
    if overview.health is None:
        return wrap("waiting for the collector's first heartbeat", width, style="dim")
    if not overview.sources:
        return wrap("no source is watched; start with: apiwatch FILE, or look around with: apiwatch demo", width)
    said = wrap("nothing read yet. Watching:", width)
    for source in overview.sources[:6]:
        detail = f": {source.message}" if source.message else ""
        said += wrap(f"{source.name}  {source.state}{detail}", width, first="  ", rest="    ")
    if len(overview.sources) > 6:
        said.append(line(f"  and {len(overview.sources) - 6} more"))
    return said + wrap("another file: q, then apiwatch FILE; a simulated attack: apiwatch demo", width, style="dim")


def _nothing_parsed(health: HealthView, unparsed: Sequence[UnparsedView], width: int) -> list[Line]:
    text = f"none of {count(health.unparsed)} lines could be parsed; --log-format tells the format"
    said = wrap(text, width, style="bad")
    for view in unparsed[:2]:
        said += unparsed_lines(view, width)
    return said
