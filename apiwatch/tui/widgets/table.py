"""A list on the screen: its cursor and marks are row keys, so that rows may move and both move with them."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from apiwatch.tui.columns import choose, heads, place
from apiwatch.tui.line import Line, Piece, fit, fit_line, line_text, line_width, wrap
from apiwatch.tui.liststate import ListState
from apiwatch.tui.measured import measured
from apiwatch.tui.rows import Row
from apiwatch.tui.views.base import Found
from apiwatch.tui.widgets.lines import Lines

__all__ = ["KeyTable"]

_HEAD_ROWS = 2
_MARKING = ("mark", "mark_all", "unmark_all")


class KeyTable(Lines, can_focus=True):
    """Draws a `ListState` and moves in it; the first line is its title rule, the second names the columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", id="row-up", show=False, tooltip="row up, row down"),
        Binding("down,j", "move(1)", "down", id="row-down", show=False, tooltip="row up, row down"),
        Binding("pageup", "page(-1)", "page up", id="page-up", show=False, tooltip="page up, page down"),
        Binding("pagedown", "page(1)", "page down", id="page-down", show=False, tooltip="page up, page down"),
        Binding("ctrl+u", "page(-0.5)", "half up", id="half-up", show=False, tooltip="half a page up, down"),
        Binding("ctrl+d", "page(0.5)", "half down", id="half-down", show=False, tooltip="half a page up, down"),
        Binding("home,g", "edge(-1)", "top", id="top", show=False, tooltip="first row, last row"),
        Binding("end,G", "edge(1)", "bottom", id="bottom", show=False, tooltip="first row, last row"),
        Binding("space", "mark", "mark", id="mark", show=False, tooltip="mark or unmark the row, move on"),
        Binding(
            "M", "mark_all", "mark all", id="mark-all", show=False, tooltip="mark all shown rows, remove all marks"
        ),
        Binding(
            "U",
            "unmark_all",
            "unmark all",
            id="unmark-all",
            show=False,
            tooltip="mark all shown rows, remove all marks",
        ),
    ]

    class Moved(Message):
        """The operator put the cursor on another row, or marked rows."""

        def __init__(self, table: "KeyTable") -> None:
            super().__init__()
            self.table = table

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, table: "KeyTable") -> None:
            super().__init__()
            self.table = table

    def __init__(self, state: ListState, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.list = state
        self.within = ""
        """The scope that the rows are in; '' for everything."""
        self._clicked = ""
        """Key of the row that was clicked last."""
        self._empty: Callable[[int], list[Line]] = lambda _width: []

    @property
    def cursor(self) -> Row | None:
        """The row under the cursor."""
        return self.list.cursor

    @property
    def marked(self) -> list[Row]:
        """Marked rows, also those that the filter hides."""
        return self.list.marked

    def legend(self) -> list[tuple[str, str]]:
        """Names of the columns, and what they hold."""
        return [(column.title, column.about) for column in self.list.panel.columns]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out marks where nothing acts on them."""
        if action in _MARKING and not self.list.panel.acts:
            return False
        return super().check_action(action, parameters)

    def show_list(self, state: ListState, empty: Callable[[int], list[Line]]) -> None:
        """Draw another list; `empty` says what to draw in a width when it has no rows."""
        self.list = state
        self._empty = empty
        self._draw()

    def show_rows(self, found: Found, now: float) -> None:
        """Take the rows of a new read, at the viewer's clock."""
        self.list.take(found, now, working=self.has_focus)
        self._draw()

    def _draw(self) -> None:
        self.list.keep_in_sight(self._height)
        self.redraw()

    def _changed(self) -> None:
        self._draw()
        self.post_message(self.Moved(self))

    @property
    def _height(self) -> int:
        return max(1, self.size.height - _HEAD_ROWS)

    def go(self, index: int) -> None:
        """Put the cursor on the row at a place."""
        self.list.go(index)
        self._changed()

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.go((self.list.index() or 0) + rows)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self.go((self.list.index() or 0) + round(pages * self._height))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or last row."""
        self.go(0 if direction < 0 else len(self.list.rows) - 1)

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and go to the next one."""
        self.list.mark()
        self._changed()

    def action_mark_all(self) -> None:
        """Mark all rows that are shown."""
        self.list.mark_all()
        self._changed()

    def action_unmark_all(self) -> None:
        """Remove all marks."""
        self.list.unmark_all()
        self._changed()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked row; a second click opens it."""
        index = self.list.top + event.y - _HEAD_ROWS
        if event.y >= _HEAD_ROWS and index < len(self.list.rows):
            key = self.list.rows[index].key
            again = key == self._clicked == self.list.cursor_key
            self._clicked = "" if again else key
            self.go(index)
            if again:
                self.post_message(self.Opened(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move three rows down."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move three rows up."""
        event.stop()
        self.action_move(-3)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.list.keep_in_sight(self._height)
        super().on_resize()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """Title, column names, rows."""
        drawn: list[Line] = [self._title(width)]
        state = self.list
        if not state.rows:
            said = self._nothing_matches(width - 2) if state.where else self._empty(width - 2)
            return [*drawn, *((Piece(" "), *text) for text in said)]
        columns = state.panel.columns
        chosen = choose(columns, width)
        drawn.append(heads(columns, chosen))
        shown = state.rows[state.top : state.top + height - _HEAD_ROWS]
        return [*drawn, *(self._row(row, chosen, width) for row in shown)]

    def _nothing_matches(self, width: int) -> list[Line]:
        of = f"nothing in {self.within}" if self.within else "nothing"
        longer = "W looks at a longer window"
        if self.list.note and self.list.panel.record:
            of, longer = f"{of} among the rows here ({self.list.note})", ""
        elif self.within:
            longer = "Esc once more leaves it for all"
        told = f"{of} matches the filter '{self.list.filter_text}'; Esc clears it{f', {longer}' if longer else ''}"
        return wrap(told, width, style="dim")

    def _row(self, row: Row, chosen: Sequence[tuple[int, int]], width: int) -> Line:
        here = row.key == self.list.cursor_key
        marked = row.key in self.list.marks
        marks = (
            Piece(">" if here else " ", "strong" if here else ""),
            Piece("*" if marked else " ", "mark" if marked else ""),
        )
        drawn = (*marks, *place(self.list.panel.columns, chosen, row.cells()))
        if here and self.has_focus:
            return (Piece(line_text(fit_line(drawn, width)), "cursor"),)
        return drawn

    def _title(self, width: int) -> Line:
        rule, state = self.glyphs.rule, self.list
        many = len(state.rows) < state.total
        shown = f"top {len(state.rows)} of {state.total}" if many else str(len(state.rows))
        left: Line = (Piece(rule * 2, "rule"), Piece(f" {state.panel.title} ", "active" if self.has_focus else "title"))
        if state.among:
            shown += f", among the {state.among} busiest"
        notes = [shown, state.note, f"by {state.sort.name}{' upwards' if state.reversed else ''}"]
        notes.append(state.filter_told)
        notes.append(f"{len(state.marks)} marked" if state.marks else "")
        room = width - line_width(left) - 2
        # What the foot says as well goes first.
        for dropped in (-1, 2, 3, 4, 1):
            if dropped >= 0:
                notes[dropped] = ""
            tail = measured(f" {', '.join(filter(None, notes))} ")
            if cell_len(tail) <= room:
                break
        tail = fit(tail, min(room, cell_len(tail)))
        return (*left, Piece(rule * max(0, width - line_width(left) - cell_len(tail) - 2) + tail + rule * 2, "rule"))
