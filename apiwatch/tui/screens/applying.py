"""`A` beside the block queue: `block.apply_command` at work, and the question whether its list shall stay."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from apiwatch.errors import ApiwatchError
from apiwatch.store.protocol import Reader
from apiwatch.tui.line import Line, Piece, wrap
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.text import Document

__all__ = ["ApplyScreen"]

_LINES = 2000


class ApplyScreen(LiveScreen):
    """What the command says, line by line. `K` keeps its list; leaving the screen lets it be taken back."""

    KEYS = (("keep", "keep the list"), ("back", "leave; what nobody kept is taken back"), ("help", "help"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("K", "keep", "keep", id="keep", show=False, tooltip="keep the list that has just been applied"),
    ]

    def __init__(self, session: Session, command: Sequence[str], origin: str) -> None:
        super().__init__(session)
        self.origin = origin
        self.document = Document("applying")
        self._command = tuple(command)
        self._keep = asyncio.Event()
        self._said: list[tuple[str, str]] = []

    def body(self) -> Iterable[Widget]:
        """The document."""
        yield self.document

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.document.focus()
        self.run_worker(self._apply(), group="apply")

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > apply"

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """Nothing of the store is shown here."""
        return self.document.redraw

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What was kept need not be kept again."""
        if action == "keep" and self._keep.is_set():
            return False
        return super().check_action(action, parameters)

    def action_keep(self) -> None:
        """Have the list stay."""
        self._keep.set()
        self._tell("keep", "good")
        self.refresh_bindings()

    async def _apply(self) -> None:
        from apiwatch.blocklist.applying.command import apply_lines

        self._tell(" ".join(self._command), "dim")
        try:
            async for text in apply_lines(self._command, self._keep):
                self._tell(text)
        except ApiwatchError as error:
            self._tell(str(error), "bad")
        else:
            self._tell("done", "good")
        self.session.demand()

    def _tell(self, text: str, style: str = "") -> None:
        self._said = [*self._said, (text, style)][-_LINES:]
        said = tuple(self._said)
        self.document.show("applying", lambda width: [row for each in said for row in _wrapped(each, width - 1)])
        self.document.action_scroll_edge(1)


def _wrapped(said: tuple[str, str], width: int) -> list[Line]:
    text, style = said
    return wrap(text, width, style=style) if text else [(Piece(""),)]
