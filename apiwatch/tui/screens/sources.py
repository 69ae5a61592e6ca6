"""One source: its numbers, and its lines that match no format."""

from collections.abc import Callable, Iterable, Sequence

from textual.widget import Widget

from apiwatch.store.protocol import Reader
from apiwatch.store.views import Overview, UnparsedView
from apiwatch.text import plain
from apiwatch.tui.line import line
from apiwatch.tui.pages import source_page
from apiwatch.tui.rows import SourceRow
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.text import Document

__all__ = ["SourceScreen"]


class SourceScreen(LiveScreen):
    """One source, with its lines that match no format."""

    KEYS = (
        ("help", "help"),
        ("back", "back"),
        ("line-down line-up", "scroll"),
        ("page-down page-up", "page"),
        ("pause", "pause"),
    )
    DEAD = frozenset({"window"})

    def __init__(self, session: Session, name: str, origin: str) -> None:
        super().__init__(session)
        self.name_of_source = name
        self.origin = origin
        self.document = Document(name)

    def body(self) -> Iterable[Widget]:
        """The document."""
        yield self.document

    def on_mount(self) -> None:
        """Give it the keys."""
        super().on_mount()
        self.document.focus()

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > {plain(self.name_of_source, 64)}"

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The source, and what was kept of its lines."""
        overview, name = self.session.overview, self.name_of_source
        unparsed = await reader.unparsed(source=name)
        return lambda: self._show(overview, unparsed, now)

    def _show(self, overview: Overview | None, unparsed: Sequence[UnparsedView], now: float) -> None:
        found = [view for view in overview.sources if view.name == self.name_of_source] if overview else []
        if overview is None or not found:
            self.document.show(self.name_of_source, lambda _width: [line("the state file no longer holds this source")])
            return
        row, glyphs = SourceRow(found[0], overview.health, now), self.session.glyphs
        self.document.show(self.name_of_source, lambda width: source_page(row, unparsed, width, glyphs))
