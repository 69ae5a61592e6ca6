"""Keys of the screen one came from, and the messages so far."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from apiwatch.store.protocol import Reader
from apiwatch.tui.cells import clock
from apiwatch.tui.keynames import key_name
from apiwatch.tui.line import Line, Piece, fit, line, wrap
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.lines import Lines
from apiwatch.tui.widgets.text import Document

__all__ = ["HelpScreen"]

_HERE, _MOVING, _EVERYWHERE = "on this screen", "moving", "on every screen"
_COMMON = {binding.id for binding in LiveScreen.BINDINGS if isinstance(binding, Binding)}
_KEY_CELLS = 20


class HelpScreen(LiveScreen):
    """What works where one came from."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("back", "back"),
        ("line-down line-up", "scroll"),
        ("page-down page-up", "page"),
    )
    DEAD = frozenset({"help"})

    def __init__(self, session: Session, about: LiveScreen) -> None:
        super().__init__(session)
        self._about = about
        self.document = Document()

    def body(self) -> Iterable[Widget]:
        """The document."""
        yield self.document

    def on_mount(self) -> None:
        """Show it."""
        super().on_mount()
        self.document.show("keys", self._text)
        self.document.focus()

    def crumb(self) -> str:
        """The way here."""
        return f"{self._about.crumb()} > help"

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """Nothing of the store is shown here."""
        return self.document.redraw

    def _text(self, width: int) -> list[Line]:
        drawn: list[Line] = []
        legend = self._about.legend()
        codes = self._about.codes()
        groups = key_groups(self._about) + ([("columns of the list", legend)] if legend else [])
        groups += [("codes of the guard: H refuses, S warns", codes)] if codes else []
        for title, keys in groups:
            drawn.append(line(Piece(title, "strong")))
            for names, tip in keys:
                drawn += wrap(tip, width - 1, first=f" {fit(names, _KEY_CELLS)} ", rest=" " * (_KEY_CELLS + 2))
        drawn += wrap("Selecting text with the mouse: hold Shift, as in most terminals.", width - 1, style="dim")
        drawn += [(), line(Piece("messages, newest first", "strong"))]
        drawn += [line(Piece(f" {clock(at)}  ", "dim"), said) for at, said in reversed(self.session.messages)]
        return drawn if self.session.messages else [*drawn, line(Piece(" none yet", "dim"))]


def key_groups(screen: LiveScreen) -> list[tuple[str, list[tuple[str, str]]]]:
    """Titles, each with its (keys, what they do); keys that do the same or the opposite share a line.

    Only what works there now: what Textual counts as active and we have a word about.
    """
    groups: dict[str, dict[str, list[str]]] = {title: {} for title in (_HERE, _MOVING, _EVERYWHERE)}
    for key, (node, binding, enabled, tip) in screen.active_bindings.items():
        if not tip or not enabled:
            continue
        if isinstance(node, Lines):
            title = _MOVING
        else:
            title = _EVERYWHERE if node is screen.app or binding.id in _COMMON else _HERE
        groups[title].setdefault(tip, []).append(key_name(key))
    return [
        (title, [(" ".join(dict.fromkeys(keys)), tip) for tip, keys in found.items()])
        for title, found in groups.items()
        if found
    ]
