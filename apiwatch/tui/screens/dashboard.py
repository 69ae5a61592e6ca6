"""The first screen: alerts, top clients, suspicious enumeration, auth failures."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from apiwatch.store.protocol import Reader
from apiwatch.store.views import AlertView
from apiwatch.tui.cells import severity_word, stamp
from apiwatch.tui.empty import empty_list
from apiwatch.tui.layout import Shape
from apiwatch.tui.line import Line, Piece
from apiwatch.tui.lists import PANELS, Panel
from apiwatch.tui.rows import AlertRow, Row
from apiwatch.tui.screens.acting import ActingScreen
from apiwatch.tui.screens.listing import ListScreen
from apiwatch.tui.session import Session
from apiwatch.tui.side import detail_lines, queue_lines, rate_chart, view_line
from apiwatch.tui.snapshot import LIMIT, Lists
from apiwatch.tui.summary import open_alerts
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Block

__all__ = ["DashboardScreen"]

_PANELS_TIP = "alerts, top clients, suspicious enumeration, auth failures"
_ALONE = (Shape.ONE, Shape.ONE_TALL)
_LIST_HEAD = 2
_SIDE_LOW, _SIDE_TALL = 2, 8


class DashboardScreen(ActingScreen, ListScreen):
    """Four lists, one or all of them in sight, and what is known about the row under the cursor."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "dashboard.tcss"]
    TITLE_TEXT = "alerts"
    KEYS = (
        ("?", "help"),
        ("/", "filter"),
        ("Enter", "open"),
        ("d", "why"),
        ("l", "lines"),
        ("a", "ack"),
        ("Space", "mark"),
        ("b", "block"),
        ("B", "queue"),
        ("s", "sort"),
        ("w W", "window"),
        ("p", "pause"),
        ("q", "quit"),
        ("z", "zoom"),
        ("Tab", "next"),
        ("c", "copy"),
        ("8", "sources"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "panel(0)", "alerts", id="panel-alerts", show=False, tooltip=_PANELS_TIP),
        Binding("2", "panel(1)", "clients", id="panel-clients", show=False, tooltip=_PANELS_TIP),
        Binding("3", "panel(2)", "enumeration", id="panel-enumeration", show=False, tooltip=_PANELS_TIP),
        Binding("4", "panel(3)", "auth", id="panel-auth", show=False, tooltip=_PANELS_TIP),
        Binding(
            "8", "sources", "sources", id="sources", show=False, tooltip="the sources: what is read, and what is not"
        ),
        Binding("tab", "step(1)", "next", id="panel-next", show=False, tooltip="next, previous panel"),
        Binding("shift+tab", "step(-1)", "previous", id="panel-previous", show=False, tooltip="next, previous panel"),
        Binding("z", "zoom", "zoom", id="zoom", show=False, tooltip="this panel alone, or all again"),
        Binding("escape", "clear_filter", "clear", id="clear-filter", show=False, tooltip="clear the filter"),
        Binding("q", "app.leave", "quit", id="quit", show=False, tooltip="quit, after a question"),
        Binding("backspace", "nothing", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.lists: Lists | None = None
        self.active = 0
        self.zoomed = False
        self._chosen = False
        self.tables = [
            KeyTable(panel, number=number, clock=session.clock) for number, panel in enumerate(PANELS, start=1)
        ]
        self.views = Block(self._views, id="views")
        self.chart = Block(self._chart, id="chart")
        self.detail = Block(self._detail, id="detail")
        self.queue = Block(self._queue, id="queue")
        self.grid = Container(*self.tables, id="grid")
        self.side = Container(self.chart, self.detail, self.queue, id="side")
        self.panes = Container(self.grid, self.side, id="body")

    @property
    def table(self) -> KeyTable:
        """The list that has the keys."""
        return self.tables[self.active]

    @property
    def row(self) -> Row | None:
        """The row that keys act on."""
        return self.table.cursor

    @property
    def marked(self) -> list[Row]:
        """Marked rows of all lists."""
        return [row for table in self.tables for row in table.marked]

    @property
    def known_alerts(self) -> Sequence[AlertView]:
        """Alerts of the last read."""
        return self.lists.alerts if self.lists else ()

    def unmark(self) -> None:
        """Remove all marks."""
        for table in self.tables:
            table.action_unmark_all()

    def body(self) -> Iterable[Widget]:
        """The view row, the lists, what stands beside or below them."""
        yield self.views
        yield self.panes
        yield self.field

    def on_mount(self) -> None:
        """Give the keys to the first list."""
        self.table.focus()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """All lists, in a handful of small queries."""
        window = self.session.window_minutes
        sort = self.tables[1].sort.stored or "score"
        alerts = await reader.alerts(limit=LIMIT)
        closed = [] if alerts else await reader.alerts(include_closed=True, limit=20)
        clients = await reader.clients(window, sort=sort, limit=LIMIT, now=now)
        enumeration = await reader.suspects("enumeration", limit=LIMIT)
        auth = await reader.suspects("auth", limit=LIMIT)
        blocks = await reader.block_entries(now)
        health = self.session.overview.health if self.session.overview else None
        unparsed = await reader.unparsed(limit=4) if health and health.unparsed and not health.requests else []
        lists = Lists(
            now=now,
            window_minutes=window,
            alerts=tuple(alerts),
            clients=tuple(clients),
            enumeration=tuple(enumeration),
            auth=tuple(auth),
            blocks=tuple(blocks),
            unparsed=tuple(unparsed),
            last_alert=max(closed, key=lambda view: view.alert.last_seen, default=None),
        )
        return lambda: self.show(lists)

    def show(self, lists: Lists) -> None:
        """Apply a read to the lists."""
        self.note_echo(lists.alerts, lists.blocks)
        self.lists = lists
        overview = self.session.overview
        totals = {"alerts": open_alerts(overview), "clients": overview.clients_window if overview else 0}
        for table in self.tables:
            rows = table.panel.rows(lists)
            table.show_rows(rows, totals.get(table.panel.name, 0), self._empty(table.panel))
        self._start_on(lists)
        self._redraw_around()

    def _empty(self, panel: Panel) -> "EmptyText":
        return EmptyText(self, panel.name)

    def bar_keys(self) -> Sequence[tuple[str, str]]:
        """Zoom where there is something to zoom."""
        return [key for key in self.KEYS if key[1] != "zoom" or self.check_action("zoom", ())]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to zoom where one list is alone anyway."""
        if action == "zoom" and self.shape in _ALONE:
            return False
        return super().check_action(action, parameters)

    def _fit_side(self) -> None:
        """Where the list leaves rows free, the detail of its row takes them."""
        if self.shape is not Shape.ONE:
            self.side.styles.clear_rule("height")
            return
        free = self.panes.size.height - len(self.table.rows) - _LIST_HEAD
        self.side.styles.height = _SIDE_TALL if self.table.rows and free >= _SIDE_TALL else _SIDE_LOW

    @property
    def shows_all(self) -> bool:
        """All lists are in sight, not one alone."""
        return not self.zoomed and self.shape not in _ALONE

    def rearrange(self) -> None:
        """Show one list or all."""
        alone = not self.shows_all
        for index, table in enumerate(self.tables):
            table.display = index == self.active or not alone
            table.alone = alone
            table.edge = not alone and index % 2 == 1
        self.grid.set_class(not alone, "-four")
        for table in self.tables:
            table.redraw()
        self._redraw_around()

    def _start_on(self, lists: Lists) -> None:
        """Until somebody chooses a list: start on clients while no alert is open, and go to alerts when one opens."""
        if self._chosen or self.field.display or any(table.held for table in self.tables):
            return
        if lists.alerts and self.active:
            self._activate(0)
        elif not self.loaded and not lists.alerts and lists.clients:
            self._activate(1)

    def _activate(self, index: int) -> None:
        self.active = index % len(self.tables)
        self.rearrange()
        self.table.focus()
        self.tick()

    def _redraw_around(self) -> None:
        self._fit_side()
        for block in (self.views, self.chart, self.detail, self.queue, self.foot):
            block.redraw()

    def tick(self) -> None:
        """Show head, foot and, while nothing was read, why the lists are empty."""
        super().tick()
        if self.ready and self.lists is None:
            for table in self.tables:
                table.show_rows([], 0, self._empty(table.panel))

    def crumb(self) -> str:
        """Host and list."""
        health = self.session.overview.health if self.session.overview else None
        host = f"{health.owner.partition('@')[2] or health.owner} > " if health else ""
        return f"{host}{self.table.panel.name}"

    def notes(self) -> list[Piece]:
        """Filter, order, marks."""
        marks = sum(len(each.marks) for each in self.tables)
        return [*super().notes(), *([Piece(f"{marks} marked", "mark")] if marks else [])]

    def on_key_table_moved(self, event: KeyTable.Moved) -> None:
        """Follow the cursor with the detail."""
        event.stop()
        if event.table is self.table and self.ready:
            self._redraw_around()

    def on_descendant_focus(self, event: object) -> None:
        """A click may have moved the keys to another list."""
        for index, table in enumerate(self.tables):
            if table.has_focus and index != self.active:
                self.active = index
                self.tick()
                self._redraw_around()

    def _views(self, width: int, _height: int) -> list[Line]:
        overview, lists = self.session.overview, self.lists
        counts = [open_alerts(overview), 0, len(lists.enumeration) if lists else 0, len(lists.auth) if lists else 0]
        return [view_line(PANELS, counts, self.active, overview, width)]

    def _detail(self, width: int, height: int) -> list[Line]:
        return detail_lines(self.row, width, height, self.session.glyphs)

    def _chart(self, width: int, height: int) -> list[Line]:
        return rate_chart(self.session.overview, width, height, self.session.glyphs)

    def _queue(self, width: int, height: int) -> list[Line]:
        blocks, now = (self.lists.blocks, self.lists.now) if self.lists else ((), 0.0)
        return queue_lines(blocks, now, width, height, self.session.glyphs)

    def action_panel(self, index: int) -> None:
        """Give the keys to a list."""
        self._chosen = True
        self._activate(index)

    def action_sources(self) -> None:
        """The sources."""
        from apiwatch.tui.screens.sources import SourcesScreen

        self.app.push_screen(SourcesScreen(self.session, self.crumb(), self.action_panel))

    def action_step(self, step: int) -> None:
        """Give the keys to the next or previous list."""
        self.action_panel(self.active + step)

    def action_zoom(self) -> None:
        """Show one list alone, or all."""
        self.zoomed = not self.zoomed
        self.rearrange()

    def action_nothing(self) -> None:
        """Backspace has nothing to go back to here."""

    def action_back(self) -> None:
        """Esc clears the filter; there is nothing to go back to."""
        self.action_clear_filter()


class EmptyText:
    """What an empty list says, made anew for each width and each state."""

    def __init__(self, screen: DashboardScreen, name: str) -> None:
        self._screen = screen
        self._name = name

    def __call__(self, width: int) -> list[Line]:
        """Lines of at most `width` cells."""
        lists = self._screen.lists
        unparsed = lists.unparsed if lists else ()
        brief = self._name != PANELS[0].name and self._screen.shows_all
        past = ""
        if lists and lists.last_alert and self._name == "alerts":
            row = AlertRow(lists.last_alert, lists.now)
            closed = lists.last_alert.alert
            word = severity_word(row.severity)
            past = f" The last one: {word} {closed.detector} {row.who}, last seen {stamp(closed.last_seen)}."
        return empty_list(self._screen.session.link(), self._name, unparsed, max(20, width), past, brief=brief)
