"""The screen of a scope: its summary on key 0, the views on the other digits, and what stands around them."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from apiwatch.store.filters import ANY
from apiwatch.store.protocol import Reader
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import AlertView, BlockEntry
from apiwatch.tui.empty import empty_list, why_nobody
from apiwatch.tui.layout import Shape
from apiwatch.tui.line import Line, Piece
from apiwatch.tui.liststate import ListState
from apiwatch.tui.rows import Row, SourceRow
from apiwatch.tui.scopes import scope_crumb
from apiwatch.tui.screens.panes import PanesScreen
from apiwatch.tui.session import Session
from apiwatch.tui.side import detail_lines
from apiwatch.tui.summary import open_alerts
from apiwatch.tui.views import LIMIT, VIEWS, Found, Panel, Query

if TYPE_CHECKING:
    from apiwatch.tui.screens.commanding import ScreenCommands
    from apiwatch.tui.summaries import Summary

__all__ = ["ContextScreen"]

_PANE_TIP = "next, previous pane; where there is only one, view"
_DIGIT_TIP = "summary, and the views: " + ", ".join(view.name for view in VIEWS)
_ACTS = frozenset({"why", "lines", "acknowledge", "block", "quiet", "live_lines", "histogram"})


class ContextScreen(PanesScreen):
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
        ("apply", "apply"),
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
        Binding("tab", "pane(1)", "pane", id="pane-next", show=False, tooltip=_PANE_TIP),
        Binding("shift+tab", "pane(-1)", "pane", id="pane-previous", show=False, tooltip=_PANE_TIP),
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
        Binding("e", "alert(1)", "alert", id="alert-next", show=False, tooltip="next, previous open alert"),
        Binding("E", "alert(-1)", "alert", id="alert-previous", show=False, tooltip="next, previous open alert"),
    ]

    def __init__(self, session: Session, scope: Scope = EVERYTHING, way: str = "", view: int | None = None) -> None:
        first = VIEWS[view or 0].panels[0]
        self._states = {first.name: ListState(first, session.clock)}
        super().__init__(session, scope, view, self._states[first.name])
        self.way = way
        self.found = Found()
        self._chosen = scope != EVERYTHING
        self._panels = [0] * len(VIEWS)
        self._summary: Summary | None = None
        self._review_from: int | None = None
        self._open_soon = False

    def look_into(self, scope: Scope, way: str, view: int | None) -> None:
        """Look inside a scope: once, before it was shown; `way` and `view` as for a new screen."""
        self.scope, self.way, self._chosen = scope, way, True
        if view != self.view:
            self.view = view
            if self.ready:
                self.settle()

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
        return self._summary.alerts if self.panel is None and self._summary else (*self.found.alerts, *self.beside.feed)

    def unmark(self) -> None:
        """Remove all marks."""
        self.table.action_unmark_all()

    def on_mount(self) -> None:
        """Give the keys to the list, or to the summary."""
        super().on_mount()
        self.settle()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The list in sight or the summary, and what stands beside it."""
        session, panel = self.session, self.panel
        sort = self.state_of(panel).sort.stored if panel else ""
        where = self.state_of(panel).where if panel else ANY
        query = Query(
            reader,
            session.overview,
            self.scope,
            session.window_minutes,
            now,
            session.at,
            session.glyphs,
            where=where,
            sort=sort,
        )
        if panel is None and self.scope == EVERYTHING:
            query = replace(query, day=await session.day(now))
        beside = await self.read_beside(reader, now)
        summary = await self._summarised(query, beside.blocks) if panel is None else None
        found = await panel.read(query) if panel is not None else Found()
        if panel is not None and not found.rows:
            found = replace(found, calm=await why_nobody(reader, self.scope, panel.over))

        def show() -> None:
            self.beside = replace(beside, client=beside.client or self.beside.client)
            if panel is not self.panel:
                return
            if summary is not None:
                self._summary = summary
                self.page.show(summary.heading, summary.page)
            elif panel is not None:
                self.found = found
                self.table.within = scope_crumb(self.scope)
                self.table.show_rows(found, now)
                self._begin(found)
            self.follow_cursor()
            if self._open_soon:
                self._open_soon = False
                self.action_open()

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
        if self.panel is not None:
            self.state_of(self.panel).enter()
        self.settle()
        self.read_anew()
        self.tick()

    def empty_lines(self, width: int) -> list[Line]:
        """What an empty list says."""
        panel = self.panel
        if panel is None:
            return []
        if not self.state_of(panel).loaded and self.session.overview is not None:
            return [(Piece("loading...", "dim"),)]
        calm = self.found.calm or panel.calm
        return empty_list(self.session.link(), calm, self.beside.unparsed, max(20, width), self.found.past)

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

    async def _summarised(self, query: Query, blocks: Sequence[BlockEntry]) -> "Summary":
        from apiwatch.tui.summaries import summarise

        return await summarise(query, blocks)

    @property
    def commands(self) -> "ScreenCommands":
        """What commands do here."""
        from apiwatch.tui.screens.commanding import ScreenCommands

        return ScreenCommands(self)

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
    def rows_in_all(self) -> int:
        """Those of the store, unless some are marked."""
        return 0 if self.marked or self.panel is None else self.table.list.total

    @property
    def incident_alerts(self) -> list[str]:
        """The alert of the scope."""
        return [self.scope.alert] if self.scope.alert else []

    @property
    def incident_client(self) -> str:
        """The client of the scope."""
        return self.scope.client

    def action_view(self, index: int) -> None:
        """Show a view from its first list, or the summary for -1."""
        self._chosen = True
        if index >= 0:
            self._panels[index] = 0
            self.table.focus()
        self._turn_to(None if index < 0 else index)

    def show_list(self, view: str, panel: str) -> None:
        """Show one list of a view, both by name."""
        self._chosen = True
        index = [each.name for each in VIEWS].index(view)
        self._panels[index] = [each.name for each in VIEWS[index].panels].index(panel)
        self._turn_to(index)

    def action_review(self) -> None:
        """The block queue; Esc comes back."""
        before = -1 if self.view is None else self.view
        self._panels[[view.name for view in VIEWS].index("block")] = 0
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
        """Give the keys to the other pane; where there is one pane only, show the next view, after the export."""
        if self.shape in (Shape.ONE, Shape.ONE_TALL) and not (self.exports and self.detail.has_focus != (step > 0)):
            self.table.focus()
            self.action_view(((self.view if self.view is not None else -1) + 1 + step) % (len(VIEWS) + 1) - 1)
        elif self.panel is not None:
            (self.table if self.detail.has_focus else self.detail).focus()
            self.call_after_refresh(self.settle)

    @property
    def _waiting(self) -> bool:
        """The list has not been read yet: keys may have been typed ahead of it."""
        return self.panel is not None and not self.state_of(self.panel).loaded

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to zoom where one pane is alone anyway, and one list has no next."""
        if action == "zoom" and (self.shape in (Shape.ONE, Shape.ONE_TALL) or self.panel is None):
            return False
        if action in _ACTS and self.panel is not None and not self.panel.acts:
            return False
        if action == "open" and self._waiting:
            return True
        if action == "quiet" and self.withdraws:
            return False
        if action == "panel" and (self.view is None or len(VIEWS[self.view].panels) == 1):
            return False
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Everything about the row."""
        from apiwatch.tui.screens.sources import SourceScreen

        row = self.row
        if row is None:
            self._open_soon = self._waiting
        elif isinstance(row, SourceRow):
            self.app.push_screen(SourceScreen(self.session, row.key, self.crumb()))
        elif row.opens in (EVERYTHING, self.scope):
            self.say("nothing more is known about this row than stands here")
        else:
            super().action_open()

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
