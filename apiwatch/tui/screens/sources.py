"""The sources: what is read, what became of its lines, and what is wrong."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from apiwatch.store.protocol import Reader
from apiwatch.store.views import Overview, UnparsedView
from apiwatch.text import plain
from apiwatch.tui.empty import empty_list
from apiwatch.tui.line import Line, line
from apiwatch.tui.lists import PANELS, SOURCES
from apiwatch.tui.pages import source_page
from apiwatch.tui.rows import SourceRow
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.listing import ListScreen
from apiwatch.tui.session import Session
from apiwatch.tui.side import detail_lines, view_line
from apiwatch.tui.summary import open_alerts
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Block, Document

__all__ = ["SourceScreen", "SourcesScreen"]

_LIST_LEAST, _DETAIL_LEAST, _DETAIL_MOST = 5, 2, 16
_HEAD_ROWS = 2


class SourcesScreen(ListScreen):
    """The list of sources, and what is known about the one under the cursor."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "sources.tcss"]
    KEYS = (
        ("?", "help"),
        ("/", "filter"),
        ("Enter", "details"),
        ("s", "sort"),
        ("1 2 3 4", "other views"),
        ("c", "copy"),
        ("p", "pause"),
        ("Esc", "back"),
    )
    DEAD = frozenset({"window"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "open", id="open", show=False, tooltip="this source, and its lines that match no format"
        ),
        Binding("c", "copy", "copy", id="copy", show=False, tooltip="copy the name to the terminal's clipboard"),
        *(
            Binding(str(number + 1), f"panel({number})", panel.name, show=False, tooltip="the other views")
            for number, panel in enumerate(PANELS)
        ),
    ]

    def __init__(self, session: Session, origin: str, go: Callable[[int], None]) -> None:
        """`go` gives the keys to a panel of the dashboard."""
        super().__init__(session)
        self.origin = origin
        self._go = go
        self.list = KeyTable(SOURCES, clock=session.clock)
        self.list.alone = True
        self.views = Block(self._views, id="views")
        self.detail = Block(self._detail, id="detail")

    @property
    def table(self) -> KeyTable:
        """The list."""
        return self.list

    @property
    def row(self) -> SourceRow | None:
        """The source under the cursor."""
        row = self.list.cursor
        return row if isinstance(row, SourceRow) else None

    def body(self) -> Iterable[Widget]:
        """The view row, the list, what is known about its row."""
        yield self.views
        yield self.list
        yield self.detail
        yield self.field

    def on_mount(self) -> None:
        """Show what the head knows already, and give the keys to the list."""
        self._show(self.session.overview, self.session.clock())
        self.list.focus()

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > sources"

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """Sources come with the head."""
        overview = self.session.overview
        return lambda: self._show(overview, now)

    def _show(self, overview: Overview | None, now: float) -> None:
        sources = overview.sources if overview else ()
        health = overview.health if overview else None
        self.list.show_rows([SourceRow(view, health, now) for view in sources], len(sources), self._empty)
        self._redraw_around()

    def _empty(self, width: int) -> list[Line]:
        return empty_list(self.session.link(), SOURCES.name, (), max(20, width))

    def rearrange(self) -> None:
        """Share the height anew."""
        self.list.redraw()
        self._redraw_around()

    def _redraw_around(self) -> None:
        height = self.list.size.height + self.detail.size.height
        taken = min(len(self.list.rows) + _HEAD_ROWS, max(_LIST_LEAST, height // 2))
        self.detail.styles.height = max(_DETAIL_LEAST, min(_DETAIL_MOST, height - taken))
        for block in (self.views, self.detail, self.foot):
            block.redraw()

    def on_key_table_moved(self, event: KeyTable.Moved) -> None:
        """Follow the cursor with the detail."""
        event.stop()
        if self.ready:
            self._redraw_around()

    def _views(self, width: int, _height: int) -> list[Line]:
        overview = self.session.overview
        return [view_line(PANELS, [open_alerts(overview), 0, 0, 0], None, overview, width)]

    def _detail(self, width: int, height: int) -> list[Line]:
        return detail_lines(self.row, width, height, self.session.glyphs)

    def action_panel(self, index: int) -> None:
        """Another view."""
        self.dismiss()
        self._go(index)

    def action_back(self) -> None:
        """Clear the filter if there is one, else leave."""
        if self.list.filter_text or self.field.display:
            self.action_clear_filter()
        else:
            self.dismiss()

    def action_open(self) -> None:
        """Everything about the source."""
        row = self.row
        if row is not None:
            self.app.push_screen(SourceScreen(self.session, row.key, self.crumb()))

    def action_copy(self) -> None:
        """Copy the name by OSC 52; the terminal does not tell whether it took it."""
        row = self.row
        if row is not None:
            self.app.copy_to_clipboard(plain(row.key))
            self.session.say(f"copied {plain(row.key)}, if the terminal allows OSC 52")
            self.tick()


class SourceScreen(LiveScreen):
    """One source, with its lines that match no format."""

    KEYS = (("?", "help"), ("Esc", "back"), ("j k", "scroll"), ("PgUp PgDn", "page"), ("p", "pause"))
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
