"""What commands do on a `ContextScreen`: the words of the command line, turned into its actions."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from apiwatch.errors import StoreError
from apiwatch.store.filters import List
from apiwatch.store.scope import Scope
from apiwatch.tui.blocking import duration_text
from apiwatch.tui.commands import Kind, verb_of
from apiwatch.tui.permissions import allows_verb, forbidden_verb
from apiwatch.tui.rows import (
    BlockRow,
    EnumerationRow,
    RouteRow,
    Row,
)
from apiwatch.tui.rows.named import NamedRow
from apiwatch.tui.rows.suspects import AuthRow
from apiwatch.tui.themes import theme_name
from apiwatch.tui.views import VIEWS
from apiwatch.tui.views.groups import GROUPS

if TYPE_CHECKING:
    from apiwatch.tui.findable import Findable
    from apiwatch.tui.screens.context import ContextScreen

__all__ = ["ScreenCommands"]

_MUTE, _BENIGN, _ALLOW = "2h", "7d", "7d"
_UNTOLD = "from the command line"


class ScreenCommands:
    """See `commands.CommandContext`."""

    def __init__(self, screen: "ContextScreen") -> None:
        self._screen = screen

    # What the screen knows.

    @property
    def now(self) -> float:
        """Event time at which the picture ends."""
        session = self._screen.session
        health = session.overview.health if session.overview else None
        return session.at or (health.watermark if health and health.watermark else session.clock())

    @property
    def over(self) -> List:
        """The list that a filter narrows now."""
        panel = self._screen.panel
        return panel.over if panel is not None else List.ALERTS

    def known(self, kind: Kind) -> Sequence[str]:
        """What the screen shows, the row under the cursor first."""
        screen = self._screen
        if kind is Kind.SORT:
            return [sort.name for sort in screen.table.list.panel.sorts]
        rows = [*screen.chosen, *screen.table.list.all]
        found = (_KNOWN[kind](row) for row in rows) if kind in _KNOWN else ()
        return list(dict.fromkeys(text for text in found if text))[:200]

    def can(self, verb: str, *, named: bool = False) -> bool:
        """Whether a verb means something here and now; `named`: it says what to act on, so no row is needed."""
        found = verb_of(verb)
        if found is None or not allows_verb(self._screen.session, found.name):
            return False
        if found.name == "filter":
            return bool(self._screen.table.display)
        action = _ACTIONS.get(found.name, "")
        return named or not action or bool(self._screen.check_action(action, ()))

    def forbidden(self, verb: str) -> str:
        """Why this session does not permit a verb, in a sentence; ''."""
        found = verb_of(verb)
        return forbidden_verb(self._screen.session, found.name) if found is not None else ""

    async def findable(self) -> "Findable":
        """See `tui.findable`; nothing when the state file cannot be read."""
        from apiwatch.tui.findable import findable

        session = self._screen.session
        try:
            return await findable(session.reader, session.window_minutes, session.clock(), session.at)
        except StoreError:
            return {}

    def ask(self, text: str) -> None:
        """Open the command line with a text."""
        self._screen.type_command(text)

    # Going.

    def go_view(self, view: str) -> None:
        """A view, or the summary."""
        names = [each.name for each in VIEWS]
        self._screen.action_view(names.index(view) if view in names else -1)

    def group(self, what: str) -> None:
        """Clients put together by what they share; alone again for 'none'."""
        self._screen.show_list("clients", GROUPS[what].name if what in GROUPS else "clients")

    def open_row(self) -> None:
        """Everything about the row under the cursor."""
        self._screen.action_open()

    def open_client(self, client: str) -> None:
        """Everything about one client."""
        self._screen.open_scope(Scope(client=client))

    def open_network(self, net: str) -> None:
        """The clients of one network."""
        self._screen.open_scope(Scope(net=net) if "/" in net else Scope(client=net))

    def open_route(self, route: str) -> None:
        """Everything about one route; the host of the row that shows it, if one does."""
        rows = [row.view for row in self._screen.table.list.all if isinstance(row, RouteRow)]
        hosts = [view.host for view in rows if view.route == route]
        self._screen.open_scope(Scope(host=hosts[0] if hosts else "", route=route))

    def open_user(self, user: str) -> None:
        """Everything about one user."""
        self._screen.open_scope(Scope(user=user))

    def open_agent(self, agent: str) -> None:
        """The clients with one user agent."""
        self._screen.open_scope(Scope(agent=agent))

    def open_alert(self, alert: str) -> None:
        """Everything about one alert."""
        self._screen.open_scope(Scope(alert=alert))

    def back(self) -> None:
        """To where one came from."""
        self._screen.action_back()

    def quit(self) -> None:
        """Leave, after the question."""
        self._screen.run_worker(self._screen.app.run_action("app.leave"), group="act")

    def why(self) -> None:
        """Why the alert exists."""
        self._screen.action_why()

    def lines(self) -> None:
        """The original lines."""
        self._screen.action_lines()

    def histogram(self) -> None:
        """The row over time."""
        self._screen.action_histogram()

    def step_alert(self, step: int) -> None:
        """The next or previous alert."""
        self._screen.action_alert(step)

    # Looking.

    def set_window(self, minutes: int) -> None:
        """Length of the window."""
        self._screen.session.take_window(minutes)
        self._screen.tick()

    def set_at(self, time: float) -> None:
        """The window that ends at a time; 0: now."""
        self._screen.session.travel_to(time)
        self._screen.tick()

    def step_time(self, step: int) -> None:
        """A window back or forward."""
        self._screen.action_travel(step)

    def sort(self, name: str) -> None:
        """Order of the list."""
        names = list(self.known(Kind.SORT))
        if name in names:
            self._screen.order_by(names.index(name))
        else:
            self._screen.action_sort()

    def reverse(self) -> None:
        """The other way round."""
        self._screen.action_reverse()

    def filter(self, text: str) -> None:
        """Narrow the list."""
        self._screen.narrow(text)

    def pause(self) -> None:
        """Freeze the picture, or go on."""
        self._screen.action_pause()

    def follow(self) -> None:
        """Let rows move at once, or not."""
        self._screen.action_follow()

    def toggle_lines(self) -> None:
        """Live lines on or off."""
        self._screen.action_live_lines()

    def mark_all(self) -> None:
        """Mark all shown rows."""
        self._screen.table.action_mark_all()

    def unmark_all(self) -> None:
        """Remove all marks."""
        self._screen.table.action_unmark_all()

    def theme(self, name: str) -> None:
        """Colours."""
        self._screen.app.theme = theme_name(name, self._screen.app.console.color_system)

    def refresh_every(self, seconds: float) -> None:
        """Time between two reads."""
        self._screen.session.refresh = seconds

    def zoom(self) -> None:
        """This pane alone, or all again."""
        self._screen.action_zoom()

    def head(self) -> None:
        """Head on or off."""
        self._screen.action_head()

    def redraw(self) -> None:
        """Draw everything anew."""
        self._screen.action_repaint()

    def help(self) -> None:
        """Keys and commands of this view."""
        self._screen.action_help()

    # Saying.

    def ack(self, subject: str, note: str) -> None:
        """Acknowledge alerts."""
        self._screen.act("acknowledge", self._rows(subject), (note,) if note or subject else None)

    def note(self, subject: str, note: str) -> None:
        """Leave a note with alerts."""
        self._screen.act("note", self._rows(subject), (note,) if note else None)

    def mute(self, subject: str, seconds: float | None, note: str) -> None:
        """Do not tell of alerts again for a while."""
        self._screen.act("mute", self._rows(subject), _values(subject, seconds, note, _MUTE))

    def unack(self, subject: str) -> None:
        """Take acknowledgements back."""
        self._screen.act("unacknowledge", self._rows(subject), ("",))

    def unmute(self, subject: str) -> None:
        """End a mute."""
        self._screen.act("unmute", self._rows(subject), ("",))

    def benign(self, subject: str, seconds: float | None, note: str) -> None:
        """Say that alerts are normal for their client."""
        self._screen.act("benign", self._rows(subject), _values(subject, seconds, note, _BENIGN))

    def allow(self, net: str, seconds: float | None, reason: str) -> None:
        """Put an address or network on the allow-list."""
        values = (f"network:{net}", _typed(seconds) or _ALLOW, reason or _UNTOLD) if net and seconds else None
        self._screen.act("allow", self._rows(net), values)

    def disallow(self, net: str) -> None:
        """Take an entry off the allow-list."""
        self._screen.disallow(net)

    def block(self, net: str, seconds: float | None, reason: str) -> None:
        """Queue an address or network for blocking."""
        typed = (_typed(seconds), reason)
        self._screen.block(self._rows(net), typed if net and seconds else None, typed)

    def unblock(self, net: str) -> None:
        """Withdraw an entry from the queue."""
        self._screen.unblock(net)

    def _rows(self, subject: str) -> list[Row]:
        if not subject:
            return self._screen.chosen
        rows = [*self._screen.chosen, *self._screen.table.list.all]
        found = [row for row in rows if subject in (row.key, row.client, row.alert_id)]
        return found[:1] or [NamedRow(subject, self._screen.session.clock())]

    # Keeping.

    def export(self, target: str, file: str) -> None:
        """Review the queue and write it."""
        self._screen.action_review()
        if target:
            self._screen.take_target(target)
        if file:
            self._screen.write_to(file)

    def copy(self, *, as_json: bool) -> None:
        """Copy the row."""
        self._screen.action_copy(as_json)

    def save(self, file: str) -> None:
        """Save the list."""
        if file:
            self._screen.save_table(file)
        else:
            self._screen.action_save()

    def dump(self) -> None:
        """Print the view as plain text outside the screen."""
        self._screen.action_dump()

    def screenshot(self, file: str) -> None:
        """Save the screen as SVG."""
        self._screen.save_picture(file)

    def handover(self, file: str) -> None:
        """Write the incident down."""
        self._screen.save_handover(file)


def _typed(seconds: float | None) -> str:
    return duration_text(seconds) if seconds else ""


def _values(subject: str, seconds: float | None, note: str, usual: str) -> tuple[str, ...] | None:
    """What to do at once; None asks: nothing was typed."""
    return (_typed(seconds) or usual, note) if subject or seconds or note else None


def _route(row: Row) -> str:
    if isinstance(row, RouteRow):
        return row.view.route
    return row.view.route if isinstance(row, EnumerationRow | AuthRow) else ""


_KNOWN: dict[Kind, Callable[[Row], str]] = {
    Kind.CLIENT: lambda row: row.client,
    Kind.NETWORK: lambda row: row.entry.net if isinstance(row, BlockRow) else row.client,
    Kind.SUBJECT: lambda row: row.alert_id or row.client,
    Kind.ALERT: lambda row: row.alert_id,
    Kind.ROUTE: _route,
    Kind.USER: lambda row: row.opens.user,
    Kind.AGENT: lambda row: row.opens.agent,
}

_ACTIONS = {
    "filter": "filter",
    "sort": "sort",
    "reverse": "reverse",
    "follow": "follow",
    "zoom": "zoom",
    "why": "why",
    "lines": "lines",
    "histogram": "histogram",
    "tail": "live_lines",
    "ack": "acknowledge",
    "unack": "quiet",
    "note": "quiet",
    "mute": "quiet",
    "unmute": "quiet",
    "benign": "quiet",
    "allow": "quiet",
    "disallow": "quiet",
    "block": "block",
    "unblock": "block",
    "export": "review",
    "save": "save",
    "print": "dump",
    "screenshot": "save",
    "handover": "save",
    "copy": "copy",
    "json": "copy",
}
"""Actions whose permission a verb needs."""
