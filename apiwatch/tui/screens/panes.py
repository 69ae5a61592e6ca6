"""The panes of a screen: list or summary, the detail of the row, and what stands beside them where there is room."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from apiwatch.errors import ApiwatchError
from apiwatch.store.protocol import Reader
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import AlertView, BlockEntry, ClientDetail, LineView, UnparsedView
from apiwatch.tui.cells import count
from apiwatch.tui.layout import Shape
from apiwatch.tui.line import Line
from apiwatch.tui.liststate import ListState
from apiwatch.tui.rows import Row
from apiwatch.tui.scopes import scope_name
from apiwatch.tui.screens.exporting import ExportingScreen
from apiwatch.tui.screens.keeping import KeepingScreen
from apiwatch.tui.screens.listing import ListScreen
from apiwatch.tui.session import Session
from apiwatch.tui.side import (
    detail_lines,
    feed_lines,
    ill_sources,
    queue_lines,
    rate_chart,
    tail_lines,
    view_at,
    view_line,
)
from apiwatch.tui.summary import open_alerts
from apiwatch.tui.views import ALLOWED, LIMIT, QUEUE, VIEWS, Panel
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Block, Document

__all__ = ["Beside", "PanesScreen"]

_SHARE_LOW, _SHARE_TALL, _SHARE_LEAST = 2, 8, 10
_LIST_HEAD = 2
_LIST_TALL = 21
"""Rows of the longest list of the shape with one line of detail: a taller terminal shows no fewer."""
_LIST_LEAST = 4
"""Rows of a list, its head among them, that the detail leaves."""
_QUEUE_LEAST = 6
_QUEUE_MOST = 12
"""Rows beside the list; those that it does not need are the feed's."""
_TAIL = 8
_REST_S = 0.1
_MANY = 9
"""Counts above it are a plus on a narrow screen."""


class Beside(Struct, frozen=True):
    """What stands beside the list."""

    blocks: tuple[BlockEntry, ...] = ()
    feed: tuple[AlertView, ...] = ()
    unparsed: tuple[UnparsedView, ...] = ()
    tailed: Scope = EVERYTHING
    """What the row opens that `tail` is about."""
    tail: tuple[LineView, ...] = ()
    client: ClientDetail | None = None


class PanesScreen(KeepingScreen, ExportingScreen, ListScreen):
    """Arranges and draws; what is shown is said by the properties that subclasses define."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "zoom", "zoom", id="zoom", show=False, tooltip="this pane alone, or all again"),
    ]

    def __init__(self, session: Session, scope: Scope, view: int | None, state: ListState) -> None:
        super().__init__(session)
        self.scope = scope
        """What it looks inside of."""
        self.view = view
        """Index of the view in sight; None: the summary."""
        self.zoomed = False
        self.live = True
        """Live lines of the row stand beside its detail where there is room."""
        self.beside = Beside()
        self._detail_key = ""
        self._had_row = False
        self.views = Block(self._views, id="views", clicked=self._click_view)
        self.list_widget = KeyTable(state, id="list")
        self.page = Document(id="page")
        self.detail = Document(id="detail")
        self.lines = Block(self._lines, id="lines")
        self.chart = Block(self._chart, id="chart")
        self.feed = Block(self._feed_lines, id="feed")
        self.queue = Block(self._queue, id="queue")
        self.main = Container(self.list_widget, self.page, self.detail, id="main")
        self.side = Container(self.chart, self.feed, self.lines, self.queue, id="side")
        self.panes = Container(self.main, self.side, id="body")

    @property
    def panel(self) -> Panel | None:
        """The list in sight; None on the summary."""
        raise NotImplementedError

    def state_of(self, panel: Panel) -> ListState:
        """What is remembered of a panel on this screen."""
        raise NotImplementedError

    def empty_lines(self, width: int) -> list[Line]:
        """What an empty list says."""
        raise NotImplementedError

    @property
    def table(self) -> KeyTable:
        """The list."""
        return self.list_widget

    @property
    def queued(self) -> Sequence[BlockEntry]:
        """The block queue of the last read."""
        return self.beside.blocks

    def body(self) -> Iterable[Widget]:
        """The view row, the panes, the line to type into."""
        yield self.views
        yield self.panes
        yield self.prompt

    async def read_beside(self, reader: Reader, now: float) -> Beside:
        """Read what there is room for."""
        health = self.session.overview.health if self.session.overview else None
        nothing_parsed = health is not None and health.unparsed and not health.requests
        beside = Beside(
            tuple(await reader.block_entries(now)),
            tuple(await reader.alerts(limit=LIMIT)) if self.shape is Shape.THREE else (),
            tuple(await reader.unparsed(limit=4)) if nothing_parsed else (),
        )
        return await self._looked_closer(beside, reader, now)

    @property
    def _opens(self) -> Scope:
        """What the row under the cursor opens."""
        row = self.table.cursor
        return row.opens if row is not None and self.panel is not None else EVERYTHING

    async def _looked_closer(self, beside: Beside, reader: Reader, now: float) -> Beside:
        """With more about the row under the cursor, as far as there is room for it."""
        opens = self._opens
        if self.lines.display:
            tail = (await reader.tail(_TAIL, opens)).lines if opens != EVERYTHING else ()
            beside = replace(beside, tailed=opens, tail=tail)
        if self.looks_closer and opens.client:
            beside = replace(beside, client=await reader.client(opens.client, now))
        return beside

    def settle(self) -> None:
        """Arrange the panes for the view and the shape, and put the keys where they belong."""
        panel = self.panel
        alone = self.zoomed and self.shape in (Shape.TWO, Shape.THREE)
        zoomed_detail = alone and self.detail.has_focus
        self.page.display = panel is None
        self.list_widget.display = panel is not None and not zoomed_detail
        self.detail.display = panel is not None and (not alone or zoomed_detail)
        self.side.display = self.shape is Shape.THREE and not alone
        self.lines.display = self.live and self.side.display and self.detail.display and not self.exports
        if panel is not None:
            self.table.show_list(self.state_of(panel), self.empty_lines)
            if not self.detail.has_focus:
                self.table.focus()
        else:
            self.page.focus()
        self.refresh_bindings()
        self.follow_cursor()

    def rearrange(self) -> None:
        """Follow a change of the shape: the widest has more to read."""
        self.settle()
        self.session.demand()

    def redraw_around(self) -> None:
        """Draw all but the list."""
        if not self.ready:
            return
        if self._had_row is not bool(self.chosen):
            self._had_row = not self._had_row
            self.refresh_bindings()
        self._fit_detail()
        self.queue.styles.height = min(_QUEUE_MOST, 1 + max(1, len(self.beside.blocks)))
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
            wide = row is not None and self.shape in (Shape.TWO, Shape.THREE)
            about = row.details if wide and row is not None else lambda _width: []
            self.detail.show("entry and export", lambda width: [*about(width - 1), *self.export_lines(width - 1)])
            self.refresh_export()
        else:
            self.detail.show_lines(lambda width, height: detail_lines(row, width, height, glyphs, self._closer(row)))

    def _closer(self, row: Row | None) -> Callable[[int], list[Line]] | None:
        """The client of the row in a few pictures, once it was read."""
        detail = self.beside.client
        if row is None or detail is None or detail.row.client != row.opens.client:
            return None
        from apiwatch.tui.pages import brief_page

        now, glyphs = self.session.clock(), self.session.glyphs
        return lambda width: brief_page(detail, width, now, glyphs)

    async def _look_closer(self) -> None:
        """Read more about the row under the cursor, once the cursor rests."""
        await asyncio.sleep(_REST_S)
        with suppress(ApiwatchError):
            found = await self._looked_closer(self.beside, self.session.reader, self.session.clock())
            self.beside = replace(self.beside, tailed=found.tailed, tail=found.tail, client=found.client)
        self.redraw_around()

    @property
    def reads_by_row(self) -> bool:
        """Where there is room, the client of the row and its newest lines are read."""
        return self.shape in (Shape.TWO, Shape.THREE)

    @property
    def looks_closer(self) -> bool:
        """Whether there is room for more about the row than the row says."""
        return self.reads_by_row and self.panel is not None and not self.exports

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

    @property
    def _room(self) -> int:
        """Rows of the panes; before they are laid out, what the lines around them will leave."""
        if self.main.size.height:
            return self.main.size.height
        around = (self.tiny, self.head, self.views, self.prompt, self.notice, self.foot, self.bar)
        heights = [each.styles.height for each in around if each.display]
        return self.app.size.height - sum(int(height.value) for height in heights if height is not None)

    def _fit_detail(self) -> None:
        """Where the list leaves rows free, the detail of its row takes them."""
        rows, room = len(self.table.list.rows), self._room
        free = room - rows - _LIST_HEAD
        wanted = self.panel.detail_least if self.panel else _SHARE_LOW
        least = max(_SHARE_LOW, min(wanted, room - _LIST_LEAST))
        if self.exports:
            height = max(room // 2, min(free, room - _QUEUE_LEAST))
        elif self.shape is Shape.ONE:
            height = min(free, room * 2 // 3) if rows and free >= _SHARE_TALL else least
        else:
            most = room // 2 if self.shape is Shape.ONE_TALL else room * 2 // 3
            height = max(least, min(_SHARE_LEAST, room - _LIST_TALL), min(free, most))
        self.detail.styles.height = height if self.list_widget.display else "1fr"

    def on_key_table_moved(self, event: KeyTable.Moved) -> None:
        """Follow the cursor with the detail."""
        event.stop()
        self.follow_cursor()

    def follow_cursor(self) -> None:
        """Draw what stands around the list, and read more about its row where there is room for it."""
        self.redraw_around()
        opens, known = self._opens, self.beside.client
        wanted = opens.client if self.looks_closer else ""
        lacks_client = wanted and (known is None or known.row.client != wanted)
        if lacks_client or (self.lines.display and self.beside.tailed != opens):
            # As a function: a worker that is replaced before it begins leaves no coroutine behind.
            self.run_worker(self._look_closer, group="closer", exclusive=True)  # type: ignore[arg-type]  # a union of unions

    def take_keys(self) -> None:
        """Give the keys to the list, or to the summary."""
        (self.page if self.panel is None else self.table).focus()

    def action_live_lines(self) -> None:
        """Show or hide the newest lines of the row; where there is no room beside the list, in the live view."""
        if self.shape is Shape.THREE:
            self.live = not self.live
            self.settle()
            self.session.demand()
        elif self.scope != EVERYTHING and self.panel is not None and self.panel.name == "live":
            self.dismiss()
        elif self.row is not None and self.row.opens != EVERYTHING:
            self.open_scope(self.row.opens, [view.name for view in VIEWS].index("live"))

    def action_zoom(self) -> None:
        """Show the pane with the keys alone, or all."""
        self.zoomed = not self.zoomed
        self.settle()

    def _views(self, width: int, _height: int) -> list[Line]:
        counts = {
            "alerts": _number(open_alerts(self.session.overview), width) if self.scope == EVERYTHING else "",
            "block": _number(sum(entry.state == "queued" for entry in self.beside.blocks), width),
            "sources": f"{ill_sources(self.session.overview)}!" if ill_sources(self.session.overview) else "",
        }
        name = scope_name(self.scope)
        return [view_line(VIEWS, counts, self.view, self.session.overview, width, summary=name)]

    def _click_view(self, text: str, cell: int) -> None:
        """Show the view whose name was clicked."""
        if (key := view_at(text, cell)) >= 0 and not self.prompt.display:
            self.action_view(key - 1)

    def _chart(self, width: int, height: int) -> list[Line]:
        return rate_chart(self.session.overview, self.beside.feed, width, height, self.session.glyphs)

    def _lines(self, width: int, height: int) -> list[Line]:
        tail = self.beside.tail if self.beside.tailed == self._opens else None
        return tail_lines(tail, self.session.clock(), width, height, self.session.glyphs)

    def _feed_lines(self, width: int, height: int) -> list[Line]:
        return feed_lines(self.beside.feed, self.session.clock(), width, height, self.session.glyphs)

    def _queue(self, width: int, height: int) -> list[Line]:
        return queue_lines(self.beside.blocks, self.session.clock(), width, height, self.session.glyphs)


def _number(number: int, width: int) -> str:
    if not number:
        return ""
    return "+" if number > _MANY and width < 100 else count(number)
