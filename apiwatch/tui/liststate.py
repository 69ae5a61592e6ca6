"""The state of one list: its rows, the key under the cursor, the marks, the order and the filter. It draws nothing."""

from collections.abc import Callable

from apiwatch.store.filters import ANY, FilterError, kept, typed
from apiwatch.tui.order import HOLD, arrange
from apiwatch.tui.rows import Row, Sort
from apiwatch.tui.views.base import Found, Panel

__all__ = ["ListState"]


class ListState:
    """Rows may move; the cursor and the marks are keys and move with them. `clock` is wall time in seconds."""

    def __init__(self, panel: Panel, clock: Callable[[], float]) -> None:
        self.panel = panel
        self.sort: Sort = panel.sorts[0]
        self.reversed = False
        self.filter_text = ""
        """As it was typed."""
        self.where = ANY
        """What of it is understood."""
        self.filter_told = ""
        """What is said of it: all that is typed narrows the list, or not."""
        self.marks: set[str] = set()
        self.cursor_key: str | None = None
        self.rows: list[Row] = []
        self.total = 0
        """Rows in the store; the list may hold fewer."""
        self.among = 0
        """Number of the busiest clients among which the rows were found; 0: among all."""
        self.note = ""
        """What else is said about the rows."""
        self.loaded = False
        """It has been read."""
        self.follow = False
        """The order is not held, so that the row under the cursor moves at once, and the cursor with it."""
        self.top = 0
        """Index of the first row in sight."""
        self.all: list[Row] = []
        """Rows of the last read in their order, before the filter."""
        self._fresh: frozenset[str] | None = None
        self._clock = clock
        self._moved_at = -HOLD
        self._touched = False
        self._entered = False
        self._reorder = False

    @property
    def cursor(self) -> Row | None:
        """The row under the cursor."""
        index = self.index()
        return self.rows[index] if index is not None else None

    @property
    def marked(self) -> list[Row]:
        """Marked rows, also those that the filter hides."""
        return [row for row in self.all if row.key in self.marks] if self.marks else []

    @property
    def held(self) -> bool:
        """Whether the order stands still."""
        if not self.panel.holds:
            return False
        return bool(self.marks) or (not self.follow and self._clock() - self._moved_at < HOLD)

    def enter(self) -> None:
        """The list comes into sight: nobody works in it yet, so a cursor that was never moved goes to the first row."""
        self._entered = True

    def index(self) -> int | None:
        """Place of the cursor."""
        for index, row in enumerate(self.rows):
            if row.key == self.cursor_key:
                return index
        return None

    def take(self, found: Found, now: float, *, working: bool) -> None:
        """Take the rows of a new read, at the viewer's clock.

        `working`: the keys come here, so the cursor stays on its row.
        """
        index = self.index()
        rows = kept(self.where, found.rows, self.panel.record, now) if self.panel.record else found.rows
        held = self.held and not self._reorder
        self._reorder = False
        self.all = arrange(rows, self.all, held=held, keep=frozenset(self.marks), sort=self.sort, upwards=self.reversed)
        self.marks &= {row.key for row in self.all}
        self.total = max(found.total, len(rows)) if not self.where else len(rows)
        self._fresh = frozenset(row.key for row in rows) if self.where else None
        self.among, self.note = found.among, found.note
        self.loaded = True
        self._narrow(index, working=working)

    def choose_sort(self, sort: Sort, *, upwards: bool = False) -> None:
        """Change the order; it is applied at once, or by the next read where only the store knows it; held or not."""
        self.sort = sort
        self.reversed = upwards
        self._reorder = True
        self.all = arrange(self.all, [], held=False, keep=frozenset(), sort=sort, upwards=upwards)
        self._narrow(self.index(), working=True)

    def narrow(self, filter_text: str) -> FilterError | None:
        """Ask for rows that match from the next read on; gives what of the text is not understood."""
        understood = typed(filter_text, self.panel.over)
        self.filter_text, self.where = filter_text, understood.filter
        self.filter_told = f"filter: {filter_text}" if filter_text else ""
        if understood.problem is not None:
            self.filter_told = "filter understood in part" if understood.filter else "filter not understood"
        self._reorder = True
        return understood.problem

    def _narrow(self, index: int | None, *, working: bool) -> None:
        shown = self._fresh
        self.rows = self.all if shown is None else [row for row in self.all if row.key in shown]
        keys = {row.key for row in self.rows}
        working = working and not self._entered
        self._entered = False
        if self.rows and not self._touched and not (working and self.cursor_key in keys and self.panel.holds):
            self.cursor_key = self.rows[0].key
        elif self.rows and self.cursor_key not in keys:
            self.cursor_key = self.rows[min(index or 0, len(self.rows) - 1)].key
        elif not self.rows:
            self.cursor_key = None

    def keep_in_sight(self, height: int) -> None:
        """Scroll as little as the cursor needs in a list of `height` rows."""
        index = self.index() or 0
        self.top = min(max(self.top, index - height + 1), index)
        self.top = max(0, min(self.top, len(self.rows) - height))

    def go(self, index: int) -> None:
        """Put the cursor on the row at a place, or the nearest one."""
        if self.rows:
            place = max(0, min(index, len(self.rows) - 1))
            self.cursor_key = self.rows[place].key
            self._moved_at = self._clock()
            self._touched = self.panel.holds or place > 0

    def go_to(self, key: str) -> bool:
        """Put the cursor on the row with a key; False when there is none."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.go(index)
                return True
        return False

    def mark(self) -> None:
        """Mark or unmark the row under the cursor and go to the next one."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.go((self.index() or 0) + 1)

    def mark_all(self) -> None:
        """Mark all rows that are shown."""
        self.marks |= {row.key for row in self.rows}
        self.go(self.index() or 0)

    def unmark_all(self) -> None:
        """Remove all marks."""
        self.marks.clear()
        self.go(self.index() or 0)
