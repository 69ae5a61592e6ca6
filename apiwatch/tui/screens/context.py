"""The screen of a scope: its summary on key 0, the views on the other digits, and what stands around them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from apiwatch.errors import ApiwatchError
from apiwatch.store.filters import ANY
from apiwatch.store.protocol import Reader
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import AlertView, BlockEntry, ClientDetail, LineView, UnparsedView
from apiwatch.tui.cells import count
from apiwatch.tui.empty import empty_list
from apiwatch.tui.layout import Shape
from apiwatch.tui.line import Line, Piece
from apiwatch.tui.liststate import ListState
from apiwatch.tui.pages import brief_page
from apiwatch.tui.rows import Row, SourceRow
from apiwatch.tui.scopes import scope_crumb, scope_name
from apiwatch.tui.screens.commanding import ScreenCommands
from apiwatch.tui.screens.exporting import ExportingScreen
from apiwatch.tui.screens.keeping import KeepingScreen
from apiwatch.tui.screens.listing import ListScreen
from apiwatch.tui.session import Session
from apiwatch.tui.side import detail_lines, feed_lines, ill_sources, queue_lines, rate_chart, tail_lines, view_line
from apiwatch.tui.summaries import Summary, summarise
from apiwatch.tui.summary import open_alerts
from apiwatch.tui.views import ALLOWED, LIMIT, QUEUE, VIEWS, Found, Panel, Query
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Block, Document

__all__ = ["ContextScreen"]

_DIGIT_TIP = "summary, and the views: " + ", ".join(view.name for view in VIEWS)
_SHARE_LOW, _SHARE_TALL, _SHARE_LEAST = 2, 8, 12
_LIST_HEAD = 2
_QUEUE_LEAST = 6
_TAIL = 8
_REST_S = 0.1
_ACTS = frozenset({"why", "lines", "acknowledge", "block", "quiet", "live_lines", "histogram"})
_MANY = 9
"""Counts above it are a plus on a narrow screen."""


class ContextScreen(KeepingScreen, ExportingScreen, ListScreen):
    """Everything that is known inside a scope.

    `view` is the index of the view to begin with, None for the summary. `way` is how one came here.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "context.tcss"]
    KEYS = (
        ("prompt-submit", "do it"),
        ("prompt-leave", "leave"),
        ("prompt-complete", "complete"),
        ("prompt-earlier", "earlier"),
        ("target-next", "target"),
        ("check", "check"),
        ("write", "write"),
        ("withdraw", "withdraw"),
        ("help", "help"),
        ("filter", "filter"),
        ("command", "command"),
        ("open", "open"),
        ("why", "why"),
        ("lines", "lines"),
        ("acknowledge", "ack"),
        ("mark", "mark"),
        ("block", "block"),
        ("mute", "mute"),
        ("list-next", "list"),
        ("alert-next alert-previous", "alerts"),
        ("window-shorter window-longer", "window"),
        ("sort", "sort"),
        ("pause", "pause"),
        ("earlier later", "time"),
        ("pane-next", "pane"),
        ("zoom", "zoom"),
        ("quit", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("0", "view(-1)", "summary", id="view-summary", show=False, tooltip=_DIGIT_TIP),
        *(
            Binding(str(view.key), f"view({index})", view.name, id=f"view-{view.name}", show=False, tooltip=_DIGIT_TIP)
            for index, view in enumerate(VIEWS)
        ),
        Binding("v", "panel(1)", "list", id="list-next", show=False, tooltip="next, previous list of this view"),
        Binding("V", "panel(-1)", "list", id="list-previous", show=False, tooltip="next, previous list of this view"),
        Binding("tab", "pane(1)", "pane", id="pane-next", show=False, tooltip="next, previous pane"),
        Binding("shift+tab", "pane(-1)", "pane", id="pane-previous", show=False, tooltip="next, previous pane"),
        # A key whose actions are possible in different views: the bindings of one class stand side by side, while those
        # of a subclass replace those of its bases.
        Binding("x", "withdraw", "withdraw", id="withdraw", show=False, tooltip="withdraw the entry, or all marked"),
        Binding("x", "quiet", "mute", id="mute", show=False, tooltip="mute, allow, call it benign, or leave a note"),
        Binding("t", "target(1)", "target", id="target-next", show=False, tooltip="next, previous target"),
        Binding("i", "histogram", "histogram", id="histogram", show=False, tooltip="the row over time, in pictures"),
        Binding(
            "t",
            "live_lines",
            "live",
            id="live-lines",
            show=False,
            tooltip="live lines of the row; where they stand, on or off",
        ),
        Binding("z", "zoom", "zoom", id="zoom", show=False, tooltip="this pane alone, or all again"),
        Binding("e", "alert(1)", "alert", id="alert-next", show=False, tooltip="next, previous open alert"),
        Binding("E", "alert(-1)", "alert", id="alert-previous", show=False, tooltip="next, previous open alert"),
    ]

    def __init__(
        self, session: Session, scope: Scope = EVERYTHING, way: str = "", view: int | None = None, panel: str = ""
    ) -> None:
        super().__init__(session)
        self.scope = scope
        self.way = way
        self.view = view
        self.zoomed = False
        self.found = Found()
        self.blocks: tuple[BlockEntry, ...] = ()
        self._chosen = scope != EVERYTHING
        self._panels = [0] * len(VIEWS)
        if view is not None and panel:
            self._panels[view] = [each.name for each in VIEWS[view].panels].index(panel)
        self._states: dict[str, ListState] = {}
        self._summary: Summary | None = None
        self._feed: tuple[AlertView, ...] = ()
        self._unparsed: tuple[UnparsedView, ...] = ()
        self._detail_key = ""
        self.live = True
        """Live lines of the row stand below its detail where there is room."""
        self._tail: tuple[LineView, ...] = ()
        self._review_from: int | None = None
        self._had_row = False
        self._client: ClientDetail | None = None
        self.views = Block(self._views, id="views")
        self.list_widget = KeyTable(self.state_of(VIEWS[view or 0].panels[self._panels[view or 0]]), id="list")
        self.page = Document(id="page")
        self.detail = Document(id="detail")
        self.lines = Block(self._lines, id="lines")
        self.chart = Block(self._chart, id="chart")
        self.feed = Block(self._feed_lines, id="feed")
        self.queue = Block(self._queue, id="queue")
        self.main = Container(self.list_widget, self.page, self.detail, self.lines, id="main")
        self.side = Container(self.chart, self.feed, self.queue, id="side")
        self.panes = Container(self.main, self.side, id="body")

    def state_of(self, panel: Panel) -> ListState:
        """What is remembered of a panel on this screen."""
        if panel.name not in self._states:
            self._states[panel.name] = ListState(panel, self.session.clock)
        return self._states[panel.name]

    @property
    def panel(self) -> Panel | None:
        """The list in sight; None on the summary."""
        return None if self.view is None else VIEWS[self.view].panels[self._panels[self.view]]

    @property
    def table(self) -> KeyTable:
        """The list."""
        return self.list_widget

    @property
    def row(self) -> Row | None:
        """The row that keys act on; on a summary what it is about."""
        if self.panel is None:
            return self._summary.row if self._summary else None
        return self.table.cursor

    @property
    def marked(self) -> list[Row]:
        """Marked rows of the list in sight."""
        return self.table.marked if self.panel is not None else []

    @property
    def known_alerts(self) -> Sequence[AlertView]:
        """Alerts of the last read."""
        return self._summary.alerts if self.panel is None and self._summary else (*self.found.alerts, *self._feed)

    @property
    def queued(self) -> Sequence[BlockEntry]:
        """The block queue of the last read."""
        return self.blocks

    def unmark(self) -> None:
        """Remove all marks."""
        self.table.action_unmark_all()

    def body(self) -> Iterable[Widget]:
        """The view row, the panes, the line to type into."""
        yield self.views
        yield self.panes
        yield self.prompt

    def on_mount(self) -> None:
        """Give the keys to the list, or to the summary."""
        super().on_mount()
        self._settle()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The list in sight or the summary, and what stands beside it."""
        session, panel = self.session, self.panel
        sort = self.state_of(panel).sort.stored if panel else ""
        where = self.state_of(panel).where if panel else ANY
        query = Query(
            reader, session.overview, self.scope, session.window_minutes, now, session.at, session.glyphs, where, sort
        )
        blocks = tuple(await reader.block_entries(now))
        feed = tuple(await reader.alerts(limit=LIMIT)) if self.shape is Shape.THREE else ()
        health = session.overview.health if session.overview else None
        unparsed = tuple(await reader.unparsed(limit=4)) if health and health.unparsed and not health.requests else ()
        row = self.table.cursor if panel is not None and self.lines.display else None
        tail = (await reader.tail(_TAIL, row.opens)).lines if row is not None and row.opens != EVERYTHING else ()
        beside = self.table.cursor if self.looks_closer else None
        client = await reader.client(beside.opens.client, now) if beside and beside.opens.client else None
        summary = await summarise(query, blocks) if panel is None else None
        found = await panel.read(query) if panel is not None else Found()

        def show() -> None:
            self.blocks, self._feed, self._unparsed, self._tail = blocks, feed, unparsed, tail
            self._client = client or self._client
            if panel is not self.panel:
                return
            if summary is not None:
                self._summary = summary
                self.page.show(summary.heading, summary.page)
            elif panel is not None:
                self.found = found
                self.table.show_rows(found, now)
                self._begin(found)
            self._redraw_around()

        return show

    def _begin(self, found: Found) -> None:
        """Until somebody chooses a view: alerts while there are any, else clients."""
        if self._chosen or self.prompt.display or self.table.list.held:
            return
        wanted = 0 if open_alerts(self.session.overview) else 1
        if wanted != self.view and (wanted == 0 or not self.loaded):
            self._turn_to(wanted)

    def _turn_to(self, view: int | None) -> None:
        self.view = view
        self._review_from = None
        self.found = Found()
        self._settle()
        self.session.demand()
        self.tick()

    def _settle(self) -> None:
        """Arrange the panes for the view and the shape, and put the keys where they belong."""
        panel = self.panel
        alone = self.zoomed and self.shape in (Shape.TWO, Shape.THREE)
        zoomed_detail = alone and self.detail.has_focus
        self.page.display = panel is None
        self.list_widget.display = panel is not None and not zoomed_detail
        self.detail.display = panel is not None and (not alone or zoomed_detail)
        self.lines.display = self.live and self.shape is Shape.THREE and self.detail.display and not self.exports
        self.side.display = self.shape is Shape.THREE and not alone
        if panel is not None:
            self.table.show_list(self.state_of(panel), self._empty)
            if not self.detail.has_focus:
                self.table.focus()
        else:
            self.page.focus()
        self.refresh_bindings()
        self._redraw_around()

    def rearrange(self) -> None:
        """Follow a change of the shape: the widest has more to read."""
        self._settle()
        self.session.demand()

    def _empty(self, width: int) -> list[Line]:
        panel = self.panel
        if panel is None:
            return []
        if not self.state_of(panel).loaded and self.session.overview is not None:
            return [(Piece("loading...", "dim"),)]
        return empty_list(self.session.link(), panel.calm, self._unparsed, max(20, width), self.found.past)

    def _redraw_around(self) -> None:
        if not self.ready:
            return
        if self._had_row is not bool(self.chosen):
            self._had_row = not self._had_row
            self.refresh_bindings()
        self._fit_detail()
        if self.panel is not None and self.detail.display:
            self._show_detail(self.table.cursor)
        for block in (self.views, self.chart, self.feed, self.queue, self.lines, self.foot):
            block.redraw()

    def _show_detail(self, row: Row | None) -> None:
        """What is known about the row; beside the block queue, what an export of it would be."""
        glyphs = self.session.glyphs
        key = "export" if self.exports else row.key if row else ""
        if key != self._detail_key:
            self.detail.top = 0
            self._detail_key = key
        if self.exports:
            self.detail.show("export", lambda width: self.export_lines(width - 1))
            self.refresh_export()
        else:
            self.detail.show_lines(lambda width, height: detail_lines(row, width, height, glyphs, self._closer(row)))

    def _closer(self, row: Row | None) -> Callable[[int], list[Line]] | None:
        """The client of the row in a few pictures, once it was read."""
        detail = self._client
        if row is None or detail is None or detail.row.client != row.opens.client:
            return None
        now, glyphs = self.session.clock(), self.session.glyphs
        return lambda width: brief_page(detail, width, now, glyphs)

    async def _look_closer(self) -> None:
        """Read the client of the row under the cursor, once the cursor rests."""
        await asyncio.sleep(_REST_S)
        row = self.table.cursor
        client = row.opens.client if row is not None else ""
        if client:
            with suppress(ApiwatchError):
                self._client = await self.session.reader.client(client, self.session.clock())
            self._redraw_around()

    @property
    def looks_closer(self) -> bool:
        """Whether there is room for more about the row than the row says."""
        return self.shape in (Shape.TWO, Shape.THREE) and self.panel is not None and not self.exports

    @property
    def exports(self) -> bool:
        """Whether the block queue is in sight, with its export beside it."""
        return self.panel is QUEUE

    @property
    def withdraws(self) -> bool:
        """Whether rows in sight can be withdrawn: entries of the queue, or of the allow-list."""
        return self.panel in (QUEUE, ALLOWED)

    def show_export(self) -> None:
        """Draw the export anew."""
        if self.exports:
            self._show_detail(self.table.cursor)

    def _fit_detail(self) -> None:
        """Where the list leaves rows free, the detail of its row takes them."""
        rows, room = len(self.table.list.rows), self.main.size.height
        free = room - rows - _LIST_HEAD
        least = self.panel.detail_least if self.panel else _SHARE_LOW
        if self.exports:
            height = max(room // 2, min(free, room - _QUEUE_LEAST))
        elif self.shape is Shape.ONE:
            height = min(free, room * 2 // 3) if rows and free >= _SHARE_TALL else least
        elif self.shape is Shape.ONE_TALL:
            height = max(_SHARE_TALL + 2, min(free, room // 2))
        else:
            height = max(_SHARE_LEAST, min(free, room * 2 // 3))
        self.detail.styles.height = height if self.list_widget.display else "1fr"

    def tick(self) -> None:
        """Show head, foot and, while nothing was read, why the list is empty."""
        super().tick()
        if self.ready and not self.loaded:
            self.table.redraw()

    def crumb(self) -> str:
        """The way here, the scope, the view."""
        health = self.session.overview.health if self.session.overview else None
        host = (health.owner.partition("@")[2] or health.owner) if health else ""
        start = self.way or host
        here = scope_crumb(self.scope)
        panel = self.panel
        return " > ".join(part for part in (start, here, panel.name if panel else "") if part) or "summary"

    def notes(self) -> list[Piece]:
        """Filter, order, marks."""
        if self.panel is None:
            return []
        marks = len(self.table.list.marks)
        return [*super().notes(), *([Piece(f"{marks} marked", "mark")] if marks else [])]

    def on_key_table_moved(self, event: KeyTable.Moved) -> None:
        """Follow the cursor with the detail."""
        event.stop()
        self._redraw_around()
        row = self.table.cursor
        if self.looks_closer and row is not None and (self._client is None or self._client.row.client != row.client):
            # As a function: a worker that is replaced before it begins leaves no coroutine behind.
            self.run_worker(self._look_closer, group="closer", exclusive=True)  # type: ignore[arg-type]  # its union confuses mypy

    @property
    def commands(self) -> ScreenCommands:
        """What commands do here."""
        return ScreenCommands(self)

    def take_keys(self) -> None:
        """Give the keys to the list, or to the summary."""
        (self.page if self.panel is None else self.table).focus()

    def shown_lines(self) -> list[Line]:
        """The summary or the list, whole, and what is known about the row."""
        width = max(80, self.size.width)
        glyphs = self.session.glyphs
        head = [*self._head(width, 3), *self._views(width, 1)]
        if self.panel is None:
            return [*head, *(self._summary.page(width) if self._summary else [])]
        rows = self.table.list.rows
        listed = self.table.compose_lines(width, len(rows) + 4)
        return [*head, *listed, *detail_lines(self.table.cursor, width, 99, glyphs)]

    def shown_rows(self) -> list[Row]:
        """Rows of the list in sight; the marked ones if there are any."""
        return self.marked or (list(self.table.list.rows) if self.panel is not None else [])

    @property
    def incident_alerts(self) -> list[str]:
        """The alert of the scope."""
        return [self.scope.alert] if self.scope.alert else []

    @property
    def incident_client(self) -> str:
        """The client of the scope."""
        return self.scope.client

    def _views(self, width: int, _height: int) -> list[Line]:
        counts = {
            "alerts": _number(open_alerts(self.session.overview), width) if self.scope == EVERYTHING else "",
            "block": _number(sum(entry.state == "queued" for entry in self.blocks), width),
            "sources": f"{ill_sources(self.session.overview)}!" if ill_sources(self.session.overview) else "",
        }
        name = scope_name(self.scope)
        return [view_line(VIEWS, counts, self.view, self.session.overview, width, summary=name)]

    def _chart(self, width: int, height: int) -> list[Line]:
        return rate_chart(self.session.overview, self._feed, width, height, self.session.glyphs)

    def _lines(self, width: int, height: int) -> list[Line]:
        return tail_lines(self._tail, self.session.clock(), width, height, self.session.glyphs)

    def _feed_lines(self, width: int, height: int) -> list[Line]:
        return feed_lines(self._feed, self.session.clock(), width, height, self.session.glyphs)

    def _queue(self, width: int, height: int) -> list[Line]:
        return queue_lines(self.blocks, self.session.clock(), width, height, self.session.glyphs)

    def action_view(self, index: int) -> None:
        """Show a view, or the summary for -1."""
        self._chosen = True
        self._turn_to(None if index < 0 else index)

    def action_review(self) -> None:
        """The block queue; Esc comes back."""
        before = -1 if self.view is None else self.view
        super().action_review()
        self._review_from = before

    def action_panel(self, step: int) -> None:
        """Show the next or previous list of the view."""
        if self.view is None:
            return
        self._chosen = True
        self._panels[self.view] = (self._panels[self.view] + step) % len(VIEWS[self.view].panels)
        self._turn_to(self.view)

    def action_pane(self, step: int) -> None:
        """Give the keys to the other pane; where there is one pane only, show the next view."""
        if self.shape in (Shape.ONE, Shape.ONE_TALL):
            self.action_view(((self.view if self.view is not None else -1) + 1 + step) % (len(VIEWS) + 1) - 1)
        elif self.panel is not None:
            (self.table if self.detail.has_focus else self.detail).focus()
            self.call_after_refresh(self._settle)

    def action_zoom(self) -> None:
        """Show the pane with the keys alone, or all."""
        self.zoomed = not self.zoomed
        self._settle()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to zoom where one pane is alone anyway, and one list has no next."""
        if action == "zoom" and (self.shape in (Shape.ONE, Shape.ONE_TALL) or self.panel is None):
            return False
        if action in _ACTS and self.panel is not None and not self.panel.acts:
            return False
        if action == "quiet" and self.withdraws:
            return False
        if action == "panel" and (self.view is None or len(VIEWS[self.view].panels) == 1):
            return False
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Everything about the row."""
        from apiwatch.tui.screens.sources import SourceScreen

        row = self.row
        if isinstance(row, SourceRow):
            self.app.push_screen(SourceScreen(self.session, row.key, self.crumb()))
        elif row is not None and row.opens in (EVERYTHING, self.scope):
            self.say("nothing more is known about this row than stands here")
        else:
            super().action_open()

    def action_live_lines(self) -> None:
        """Show or hide the newest lines of the row; where there is no room beside the list, in the live view."""
        if self.shape is Shape.THREE:
            self.live = not self.live
            self._settle()
            self.session.demand()
        elif self.row is not None and self.row.opens != EVERYTHING:
            self.open_scope(self.row.opens, [view.name for view in VIEWS].index("live"))

    def action_histogram(self) -> None:
        """The row over time, in pictures."""
        from apiwatch.tui.screens.histogram import HistogramScreen

        scope = self.row.opens if self.row is not None and self.panel is not None else self.scope
        if scope != EVERYTHING:
            self.app.push_screen(HistogramScreen(self.session, scope, self.crumb()))

    def action_alert(self, step: int) -> None:
        """Show the next or previous open alert, the newest first."""
        self.run_worker(self._alert_beside(step), group="act")

    async def _alert_beside(self, step: int) -> None:
        alerts = await self.session.reader.alerts(limit=LIMIT)
        ids = [view.alert.id for view in sorted(alerts, key=lambda view: (-view.alert.last_seen, view.alert.id))]
        if not ids:
            self.say("no open alerts")
        elif self.scope.alert in ids:
            self.scope = Scope(alert=ids[(ids.index(self.scope.alert) + step) % len(ids)])
            self._summary = None
            self.page.top = 0
            self._turn_to(self.view)
        else:
            self.open_scope(Scope(alert=ids[0 if step > 0 else -1]))

    def action_back(self) -> None:
        """Clear the filter, come back to now, or leave the scope; at the root there is nothing to go back to."""
        if self.prompt.display or (self.panel is not None and self.table.list.filter_text):
            self.action_clear_filter()
        elif self.session.at:
            self.session.travel_to(0.0)
        elif self._review_from is not None:
            self._turn_to(self._review_from if self._review_from >= 0 else None)
        elif self.scope != EVERYTHING:
            self.dismiss()

    async def action_quit_or_back(self) -> None:
        """q: back, and at the root out, after a question."""
        if self.scope != EVERYTHING:
            self.dismiss()
        else:
            await self.app.run_action("app.leave")


def _number(number: int, width: int) -> str:
    if not number:
        return ""
    return "+" if number > _MANY and width < 100 else count(number)
