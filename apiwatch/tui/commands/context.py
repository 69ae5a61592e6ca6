"""What a screen must be able to do so that commands work on it."""

from collections.abc import Mapping
from typing import Protocol

from apiwatch.tui.commands.kinds import Kind, Known

__all__ = ["CommandContext"]


class CommandContext(Known, Protocol):
    """The screen in sight, as commands see it. A subject of '' is the row under the cursor, or the marked rows.

    Times are event times and spans are seconds, unless said otherwise; None is what the settings say. A file of '' is
    one that the screen names.
    """

    def can(self, verb: str, *, named: bool = False) -> bool:
        """Whether a verb means something here and now; `named`: it says what to act on, so no row is needed."""
        ...

    async def findable(self) -> Mapping[Kind, Mapping[str, str]]:
        """What the window knows beside the list in sight: kind -> name -> what is said beside it, or ''."""
        ...

    def ask(self, text: str) -> None:
        """Open the command line with a text that the operator goes on with."""
        ...

    def go_view(self, view: str) -> None:
        """One of `VIEWS`, or 'summary'."""
        ...

    def group(self, what: str) -> None:
        """Clients put together by one of `GROUPINGS`."""
        ...

    def open_row(self) -> None:
        """Everything about the row under the cursor."""
        ...

    def open_client(self, client: str) -> None:
        """Everything about one client."""
        ...

    def open_network(self, net: str) -> None:
        """The clients of one network, with prefix length."""
        ...

    def open_route(self, route: str) -> None:
        """Everything about one route: `GET /users/{int}`."""
        ...

    def open_user(self, user: str) -> None:
        """Everything about one user."""
        ...

    def open_agent(self, agent: str) -> None:
        """The clients with one user agent."""
        ...

    def open_alert(self, alert: str) -> None:
        """Everything about one alert, by its id."""
        ...

    def back(self) -> None:
        """To where one came from."""
        ...

    def quit(self) -> None:
        """Leave, after the question."""
        ...

    def why(self) -> None:
        """Why the alert under the cursor exists."""
        ...

    def lines(self) -> None:
        """The original lines of the row."""
        ...

    def histogram(self) -> None:
        """The row over time."""
        ...

    def step_alert(self, step: int) -> None:
        """The next alert (1) or the previous one (-1)."""
        ...

    def set_window(self, minutes: int) -> None:
        """Length of the window."""
        ...

    def set_at(self, time: float) -> None:
        """Look at the window that ends at a time; 0: now."""
        ...

    def step_time(self, step: int) -> None:
        """A window back (-1) or forward (1)."""
        ...

    def sort(self, name: str) -> None:
        """Order of the list; '' asks."""
        ...

    def reverse(self) -> None:
        """The other way round."""
        ...

    def filter(self, text: str) -> None:
        """Narrow the list; '' shows all."""
        ...

    def pause(self) -> None:
        """Freeze the picture, or go on."""
        ...

    def follow(self) -> None:
        """Keep the row under the cursor in sight, or not."""
        ...

    def toggle_lines(self) -> None:
        """Live lines on or off."""
        ...

    def mark_all(self) -> None:
        """Mark all shown rows."""
        ...

    def unmark_all(self) -> None:
        """Remove all marks."""
        ...

    def ack(self, subject: str, note: str) -> None:
        """Acknowledge alerts: of the subject, an alert or a client."""
        ...

    def note(self, subject: str, note: str) -> None:
        """Leave a note with alerts."""
        ...

    def mute(self, subject: str, seconds: float | None, note: str) -> None:
        """Do not tell of alerts again for a while."""
        ...

    def forbidden(self, verb: str) -> str:
        """Why this session does not permit a verb, in a sentence; ''."""
        ...

    def unack(self, subject: str) -> None:
        """Take acknowledgements back."""
        ...

    def unmute(self, subject: str) -> None:
        """End a mute."""
        ...

    def benign(self, subject: str, seconds: float | None, note: str) -> None:
        """Say that alerts are normal for their client."""
        ...

    def allow(self, net: str, seconds: float | None, reason: str) -> None:
        """Put an address or network on the allow-list."""
        ...

    def disallow(self, net: str) -> None:
        """Take it off again."""
        ...

    def block(self, net: str, seconds: float | None, reason: str) -> None:
        """Queue an address or network for blocking."""
        ...

    def unblock(self, net: str) -> None:
        """Withdraw it from the queue."""
        ...

    def export(self, target: str, file: str) -> None:
        """Review the queue and write it for a firewall; '' asks which."""
        ...

    def copy(self, *, as_json: bool) -> None:
        """Copy the row to the terminal's clipboard."""
        ...

    def save(self, file: str) -> None:
        """Save the list, as CSV or JSON lines by the ending of the name."""
        ...

    def dump(self) -> None:
        """Print the view as plain text outside the screen."""
        ...

    def screenshot(self, file: str) -> None:
        """Save the screen as SVG."""
        ...

    def handover(self, file: str) -> None:
        """Write the incident down for whoever goes on with it."""
        ...

    def theme(self, name: str) -> None:
        """Colours."""
        ...

    def refresh_every(self, seconds: float) -> None:
        """Time between two reads."""
        ...

    def zoom(self) -> None:
        """This pane alone, or all again."""
        ...

    def head(self) -> None:
        """Head on or off."""
        ...

    def redraw(self) -> None:
        """Draw everything anew."""
        ...

    def help(self) -> None:
        """Keys and commands of this view."""
        ...
