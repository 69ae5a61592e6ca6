"""What every full screen has: a head, a body, a foot, and a place in the round of reads."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from apiwatch.store.protocol import Reader
from apiwatch.tui.keynames import named_keys
from apiwatch.tui.layout import Shape, shape_of
from apiwatch.tui.line import CUT, Line, Piece, line, line_text, line_width, wrap
from apiwatch.tui.notice import notice
from apiwatch.tui.permissions import forbidden, is_permitted
from apiwatch.tui.screens.once import LeftOnce
from apiwatch.tui.session import Session
from apiwatch.tui.summary import head_lines, tiny_line
from apiwatch.tui.widgets.text import Block, KeyBar

__all__ = ["LiveScreen"]

_NOTICE_LINES = 3
_ALWAYS = frozenset({"help", "back", "quit_or_back", "repaint", "pause"})
"""What keys do where there is no room for what the others would act on."""
_LOW = 20
"""Rows below which the totals of everything give way to the list."""

_WINDOW_TIP = "shorter, longer window (1m 5m 15m 1h 24h)"
_RATE_TIP = "read more often, less often: every 0.25 s to 10 s"
_TRAVEL_TIP = "back, forward in time by one window; Esc comes back to now"


class LiveScreen(LeftOnce[None]):
    """A full screen that shows what the store says, and goes on showing it as it changes."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss"]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys for the last line, most important first: (ids of bindings, separated by blanks; what they do)."""
    DEAD: ClassVar[frozenset[str]] = frozenset()
    """Inherited actions that mean nothing here: their keys do nothing, and the help does not list them."""
    TITLE_TEXT: ClassVar[str] = ""
    focused = Reactive[Widget | None](None, repaint=False)
    """As Textual has it, but a move of the focus repaints what looks different, and not the whole screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,h,f1", "help", "help", id="help", show=False, tooltip="this page"),
        Binding("escape,backspace", "back", "back", id="back", show=False, tooltip="back"),
        Binding("q", "quit_or_back", "back", id="quit", show=False, tooltip="back; at the root quit, after a question"),
        Binding(
            "w",
            "window(-1)",
            "shorter",
            id="window-shorter",
            show=False,
            tooltip=_WINDOW_TIP,
        ),
        Binding("W", "window(1)", "longer", id="window-longer", show=False, tooltip=_WINDOW_TIP),
        Binding("left_square_bracket", "travel(-1)", "back in time", id="earlier", show=False, tooltip=_TRAVEL_TIP),
        Binding("right_square_bracket", "travel(1)", "forward in time", id="later", show=False, tooltip=_TRAVEL_TIP),
        Binding("p", "pause", "pause", id="pause", show=False, tooltip="freeze the picture; collection and head go on"),
        Binding("plus", "refresh_rate(1)", "faster", id="refresh-faster", show=False, tooltip=_RATE_TIP),
        Binding("minus", "refresh_rate(-1)", "slower", id="refresh-slower", show=False, tooltip=_RATE_TIP),
        Binding("ctrl+e", "head", "head", id="head", show=False, tooltip="head on or off"),
        Binding("ctrl+l", "repaint", "redraw", id="redraw", show=False, tooltip="draw the screen anew"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.loaded = False
        """The first read has been shown."""
        self.choices = 0
        """How often something else was chosen to be shown; a read that began before is not what is asked for."""
        self._due: Callable[[], None] | None = None
        self._keys_old = False
        self._arranged_for = Size()
        self.shape = Shape.ONE
        self.tiny = Block(lambda width, _height: [tiny_line(self.session.link(), width)], id="tiny")
        self.head = Block(self._head, id="head")
        self.notice = Block(self._notice, id="notice")
        self.foot = Block(self._foot, id="foot")
        self.bar = KeyBar(())

    def compose(self) -> ComposeResult:
        """Head, body, foot; in the arrangement that they will have, so that nothing is styled twice."""
        self.arrange_for(self.app.size)
        self._restyle(self._arranged_for)
        yield self.tiny
        yield self.head
        yield from self.body()
        yield self.notice
        yield self.foot
        yield self.bar

    def body(self) -> Iterable[Widget]:
        """Widgets between head and foot."""
        raise NotImplementedError

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """Ask the store for what this screen shows; gives what shows it."""
        raise NotImplementedError

    @property
    def reads_by_row(self) -> bool:
        """Whether what is read depends on the row under the cursor, and so on an earlier read."""
        return False

    def take(self, show: Callable[[], None]) -> None:
        """Show what was read: now, or as soon as the screen stands, so that its first picture is no empty one."""
        if self.ready:
            show()
            self.loaded = True
        else:
            self._due = show

    def crumb(self) -> str:
        """Where the operator is: 'alerts > 203.0.113.7'."""
        return self.TITLE_TEXT

    def legend(self) -> list[tuple[str, str]]:
        """Words on the screen, and what they mean."""
        return []

    def codes(self) -> list[tuple[str, str]]:
        """Codes on the screen, and what they mean."""
        return []

    def notes(self) -> list[Piece]:
        """What else the foot says."""
        return []

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the screen for its size."""
        if event.size != self._arranged_for:
            self.arrange_for(event.size)
            self._restyle(event.size)
            self.rearrange()
        self.tick()

    def arrange_for(self, size: Size) -> None:
        """Take the shape for a size, which decides what is read."""
        self._arranged_for = size
        self.shape = shape_of(size.width, size.height)

    def _restyle(self, size: Size) -> None:
        """Set the classes that the style sheets know, all at once: each change restyles every widget."""
        self.shape = shape_of(size.width, size.height)
        states = {
            f"-{self.shape}": True,
            "-low": size.height < _LOW,
            "-ascii": self.session.glyphs.plain,
            "-headless": self.session.head_hidden,
            "-noticed": bool(self._notice(size.width, _NOTICE_LINES)),
        }
        wanted = {name for name, holds in states.items() if holds}
        if self.classes != wanted:
            self.set_classes(wanted)

    def bar_keys(self) -> Sequence[tuple[str, str]]:
        """Keys for the last line: those that work now."""
        return named_keys(self.KEYS, self.active_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what means nothing here, and grey what is not permitted."""
        if action in self.DEAD or (self.shape is Shape.TINY and action not in _ALWAYS):
            return False
        return True if is_permitted(self.session, action) else None

    def rearrange(self) -> None:
        """Follow a change of the shape."""

    def on_mount(self) -> None:
        """Keep the line of keys true: what works changes with the focus and with what is in sight."""
        self.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: Screen[None]) -> None:
        """Show the keys once for all the changes that one key press brings."""
        if not self._keys_old:
            self._keys_old = True
            self.call_later(self._show_keys)

    def _show_keys(self) -> None:
        self._keys_old = False
        self.bar.show(self.bar_keys())

    def on_screen_resume(self) -> None:
        """Read at once when the screen comes to light; what was read before is shown first."""
        self.tick()
        due, self._due = self._due, None
        if due is None:
            self.session.demand()
            return
        self.take(due)
        if self.reads_by_row:
            self.call_after_refresh(self.session.demand)

    @property
    def ready(self) -> bool:
        """Whether all its widgets stand, so that they can be drawn."""
        return self.is_mounted and self.is_attached

    def tick(self) -> None:
        """Show the head and the foot of this moment."""
        if not self.ready:
            return
        self._restyle(self.size)
        said = self._notice(self.size.width, _NOTICE_LINES)
        if said:
            self.notice.styles.height = len(said)
        for block in (self.tiny, self.head, self.notice, self.foot):
            block.redraw()

    def _head(self, width: int, height: int) -> list[Line]:
        drawn = head_lines(self.session.link(), width)
        return [drawn[0], drawn[2]] if height == 2 else drawn

    def _notice(self, width: int, _height: int) -> list[Line]:
        """What must be said in whole sentences: a message that the foot has no room for, or the state of things."""
        message = self.session.message
        said = (message,) if line_width(line(message)) > width else notice(self.session.link())
        if not said:
            return []
        shown = wrap(line_text(said), max(8, width), style=said[0].style)
        if len(shown) <= _NOTICE_LINES:
            return shown
        return [*shown[: _NOTICE_LINES - 1], (*shown[_NOTICE_LINES - 1], Piece(f" {CUT}", said[0].style))]

    def _foot(self, width: int, _height: int) -> list[Line]:
        left: list[str | Piece] = [Piece(self.crumb(), "strong")]
        for note in self.notes():
            left += ["   ", note]
        message = self.session.message
        used = line_width(line(*left))
        if message.text and line_width((message,)) <= width:
            gap = width - used - line_width((message,))
            return [line(*left, " " * max(3, gap), message) if gap >= 3 else line(message)]
        return [line(*left)]

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing that this session does not permit."""
        found = self.active_bindings.get(event.key)
        why = forbidden(self.session, _action_of(found.binding.action)) if found and not found.enabled else ""
        if why:
            self.session.say(f"not done: {why}", "warn")
            self.tick()

    def action_back(self) -> None:
        """Leave the screen."""
        self.dismiss()

    async def action_quit_or_back(self) -> None:
        """Leave the screen."""
        self.dismiss()

    def read_anew(self) -> None:
        """Read now, and show it although the picture is frozen: what it shows was chosen just now."""
        self.choices += 1
        self.loaded = self.loaded and self.session.paused_at is None
        self.session.demand()

    def action_travel(self, step: int) -> None:
        """Go back or forward in time."""
        self.session.travel(step)
        self.read_anew()
        self.tick()

    def action_window(self, step: int) -> None:
        """Change the window."""
        self.session.step_window(step)
        self.read_anew()
        self.tick()

    def action_pause(self) -> None:
        """Freeze or unfreeze."""
        self.session.toggle_pause()
        self.tick()

    def action_refresh_rate(self, step: int) -> None:
        """Read more often (1) or less often (-1)."""
        self.session.step_refresh(step)
        self.session.say(f"read every {self.session.refresh:g} s")
        self.tick()

    def action_head(self) -> None:
        """Hide or show the head."""
        self.session.head_hidden = not self.session.head_hidden
        self._restyle(self.size)

    def action_repaint(self) -> None:
        """Draw everything anew."""
        self.refresh()
        for widget in self.query("*"):
            widget.refresh()

    def action_help(self) -> None:
        """Keys of this screen."""
        from apiwatch.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.session, self))


def _action_of(text: str) -> str:
    """The name in an action with its arguments."""
    return text.partition("(")[0]
