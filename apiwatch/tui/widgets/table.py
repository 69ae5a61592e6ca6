"""A list whose cursor and marks are row keys: rows may move, the cursor and the marks move with them."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from apiwatch.tui.columns import choose, heads, place
from apiwatch.tui.line import Line, Piece, fit_line, line_text, line_width, wrap
from apiwatch.tui.lists import Panel
from apiwatch.tui.order import HOLD, arrange, matching
from apiwatch.tui.rows import Row, Sort
from apiwatch.tui.widgets.lines import Lines

__all__ = ["KeyTable"]

_HEAD_ROWS = 2
_MARKING = ("mark", "mark_all", "unmark_all")


class KeyTable(Lines, can_focus=True):
    """A titled list of rows; the first line is its title rule, the second names the columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", id="move-up", show=False, tooltip="row up, row down"),
        Binding("down,j", "move(1)", "down", id="move-down", show=False, tooltip="row up, row down"),
        Binding("pageup", "page(-1)", "page up", id="page-up", show=False, tooltip="page up, page down"),
        Binding("pagedown", "page(1)", "page down", id="page-down", show=False, tooltip="page up, page down"),
        Binding("ctrl+u", "page(-0.5)", "half up", id="half-page-up", show=False, tooltip="half a page up, down"),
        Binding("ctrl+d", "page(0.5)", "half down", id="half-page-down", show=False, tooltip="half a page up, down"),
        Binding("home,g", "edge(-1)", "top", id="move-first", show=False, tooltip="first row, last row"),
        Binding("end,G", "edge(1)", "bottom", id="move-last", show=False, tooltip="first row, last row"),
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
        """The cursor is on another row, or the row under it has new values."""

        def __init__(self, table: "KeyTable") -> None:
            super().__init__()
            self.table = table

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, table: "KeyTable") -> None:
            super().__init__()
            self.table = table

    def __init__(self, panel: Panel, *, number: int = 0, clock: Callable[[], float]) -> None:
        super().__init__(id=f"panel-{panel.name}")
        self.panel = panel
        self.number = number
        self.sort: Sort = panel.sorts[0]
        self.filter_text = ""
        self.marks: set[str] = set()
        self.cursor_key: str | None = None
        self.rows: list[Row] = []
        self.alone = False
        """The only list on the screen: the view row above it carries its title."""
        self.edge = False
        """A line on the left side parts it from the list beside it."""
        self.total = 0
        """Rows in the store; the list may hold fewer."""
        self._clock = clock
        self._all: list[Row] = []
        self._empty: Callable[[int], list[Line]] = lambda _width: []
        self._top = 0
        self._moved_at = -HOLD
        self._touched = False
        """Somebody has moved in it: its cursor stays on its row even while the keys go elsewhere."""
        self._reorder = False
        """The next read is put into the chosen order, held or not."""

    @property
    def cursor(self) -> Row | None:
        """The row under the cursor."""
        index = self._index()
        return self.rows[index] if index is not None else None

    @property
    def marked(self) -> list[Row]:
        """Marked rows, also those that the filter hides."""
        return [row for row in self._all if row.key in self.marks]

    def legend(self) -> list[tuple[str, str]]:
        """Names of the columns, and what they hold."""
        return [(column.title, column.about) for column in self.panel.columns]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out marks where nothing acts on them."""
        if action in _MARKING and not self.panel.markable:
            return False
        return super().check_action(action, parameters)

    @property
    def held(self) -> bool:
        """Whether the order stands still."""
        return self.panel.holds and (bool(self.marks) or self._clock() - self._moved_at < HOLD)

    def show_rows(self, rows: Sequence[Row], total: int, empty: Callable[[int], list[Line]]) -> None:
        """Take the rows of a new read; `empty` says what to draw in a width when there are none."""
        index = self._index()
        held = self.held and not self._reorder
        self._reorder = False
        self._all = arrange(rows, self._all, held=held, keep=frozenset(self.marks), sort=self.sort)
        self.marks &= {row.key for row in self._all}
        self.total = max(total, len(rows))
        self._empty = empty
        self._narrow(index)

    def choose_sort(self, sort: Sort) -> None:
        """Change the order; it is applied at once, or by the next read where only the store knows it; held or not."""
        self.sort = sort
        self._reorder = True
        self._all = arrange(self._all, [], held=False, keep=frozenset(), sort=sort)
        self._narrow(self._index())

    def narrow(self, filter_text: str) -> None:
        """Show only rows that match."""
        self.filter_text = filter_text
        self._narrow(self._index())

    def _narrow(self, index: int | None) -> None:
        before = self.cursor_key
        self.rows = matching(self._all, self.filter_text)
        keys = {row.key for row in self.rows}
        if self.rows and not self._touched and not self.has_focus:
            self.cursor_key = self.rows[0].key
        elif self.rows and self.cursor_key not in keys:
            self.cursor_key = self.rows[min(index or 0, len(self.rows) - 1)].key
        elif not self.rows:
            self.cursor_key = None
        self._keep_in_sight()
        self.redraw()
        if before is not None or self.cursor_key is not None:
            self.post_message(self.Moved(self))

    def _index(self) -> int | None:
        for index, row in enumerate(self.rows):
            if row.key == self.cursor_key:
                return index
        return None

    @property
    def _height(self) -> int:
        return max(1, self.size.height - _HEAD_ROWS)

    def _keep_in_sight(self) -> None:
        index = self._index() or 0
        self._top = min(max(self._top, index - self._height + 1), index)
        self._top = max(0, min(self._top, len(self.rows) - self._height))

    def _go(self, index: int) -> None:
        if not self.rows:
            return
        self.cursor_key = self.rows[max(0, min(index, len(self.rows) - 1))].key
        self._moved_at = self._clock()
        self._touched = True
        self._keep_in_sight()
        self.redraw()
        self.post_message(self.Moved(self))

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self._go((self._index() or 0) + rows)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self._go((self._index() or 0) + round(pages * self._height))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or last row."""
        self._go(0 if direction < 0 else len(self.rows) - 1)

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and go to the next one."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark all rows that are shown."""
        self.marks |= {row.key for row in self.rows}
        self._go(self._index() or 0)

    def action_unmark_all(self) -> None:
        """Remove all marks."""
        self.marks.clear()
        self._go(self._index() or 0)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked row; a click on the row of the cursor opens it."""
        index = self._top + event.y - _HEAD_ROWS
        if event.y >= _HEAD_ROWS and index < len(self.rows):
            again = self.rows[index].key == self.cursor_key and self.has_focus and event.chain > 1
            self._go(index)
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
        self._keep_in_sight()
        super().on_resize()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """Title, column names, rows."""
        edge = (Piece(f"{self.glyphs.gutter} ", "rule"),) if self.edge else ()
        inner = width - line_width(edge)
        drawn: list[Line] = [self._title(width)]
        if not self.rows:
            said = self._nothing_matches(inner - 2) if self._all else self._empty(inner - 2)
            drawn += [(*edge, Piece(" "), *text) for text in said]
            drawn += [edge] * (height - len(drawn))
            return drawn
        chosen = choose(self.panel.columns, inner)
        drawn.append((*edge, *heads(self.panel.columns, chosen)))
        for row in self.rows[self._top : self._top + height - _HEAD_ROWS]:
            drawn.append((*edge, *self._row(row, chosen, inner)))
        drawn += [edge] * (height - len(drawn))
        return drawn

    def _nothing_matches(self, width: int) -> list[Line]:
        rows = f"the top {len(self._all)} of {self.total} rows" if self.total > len(self._all) else "these rows"
        text = f"the filter '{self.filter_text}' matches none of {rows}; Esc clears it"
        return wrap(text, width, style="dim")

    def _row(self, row: Row, chosen: Sequence[tuple[int, int]], width: int) -> Line:
        here = row.key == self.cursor_key
        marked = row.key in self.marks
        marks = (
            Piece(">" if here else " ", "strong" if here else ""),
            Piece("*" if marked else " ", "mark" if marked else ""),
        )
        drawn = (*marks, *place(self.panel.columns, chosen, row.cells()))
        if here and self.has_focus:
            return (Piece(line_text(fit_line(drawn, width)), "cursor"),)
        return drawn

    def _title(self, width: int) -> Line:
        rule = self.glyphs.rule
        shown = str(len(self.rows)) if len(self.rows) >= self.total else f"top {len(self.rows)} of {self.total}"
        name = f"{self.number} {self.panel.title}" if self.number else self.panel.title
        name = f"[{name}]" if self.has_focus else f" {name} "
        left: Line = (Piece(rule * 2, "rule"),)
        if not self.alone:
            left = (*left, Piece(name, "active" if self.has_focus else "title"))
        notes = [f"{shown}", f"by {self.sort.name}"]
        if self.filter_text:
            notes.append(f"filter: {self.filter_text}")
        if self.marks:
            notes.append(f"{len(self.marks)} marked")
        tail = f" {', '.join(notes)} "
        room = width - line_width(left) - 2
        tail = tail if len(tail) <= room else f" {shown} "[: max(0, room)]
        return (*left, Piece(rule * max(0, width - line_width(left) - len(tail) - 2) + tail + rule * 2, "rule"))
