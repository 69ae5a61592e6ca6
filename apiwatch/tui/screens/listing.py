"""Keys of a screen with a list: filter and order."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from apiwatch.tui.line import Piece
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.prompts import Choose, make_input
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.table import KeyTable

__all__ = ["ListScreen"]


class ListScreen(LiveScreen):
    """A screen on which one list has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort", id="sort", show=False, tooltip="choose the order"),
        Binding(
            "slash", "filter", "filter", id="filter", show=False, tooltip="narrow the list; !text inverts; Esc clears"
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.field = make_input("", session.glyphs, id="filter")
        """Where a filter is typed; subclasses give it a place."""
        self.field.display = False

    @property
    def table(self) -> KeyTable:
        """The list that has the keys."""
        raise NotImplementedError

    def legend(self) -> list[tuple[str, str]]:
        """Columns of the list that has the keys."""
        return self.table.legend()

    def notes(self) -> list[Piece]:
        """Filter, order."""
        table = self.table
        found = [Piece(f"filter: {table.filter_text}", "accent")] if table.filter_text else []
        found.append(Piece(f"sort: {table.sort.name}"))
        if table.held and table.rows:
            found.append(Piece("order held", "dim"))
        return found

    def on_key_table_opened(self, event: KeyTable.Opened) -> None:
        """A double click is Enter."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Everything about the row."""
        raise NotImplementedError

    def action_sort(self) -> None:
        """Choose the order of this list."""
        table = self.table
        sorts = table.panel.sorts

        def chosen(index: int | None) -> None:
            if index is not None:
                table.choose_sort(sorts[index])
                self.session.demand()
                self.tick()

        labels = [sort.label for sort in sorts]
        prompt = Choose(f"{table.panel.title} by", labels, sorts.index(table.sort), self.session.glyphs)
        self.app.push_screen(prompt, chosen)

    def action_filter(self) -> None:
        """Type a filter; the list follows."""
        self.field.value = self.table.filter_text
        self.foot.display = False
        self.field.display = True
        self.field.focus()

    def _close_filter(self) -> None:
        self.field.display = False
        self.foot.display = True
        self.table.focus()
        self.tick()

    def action_clear_filter(self) -> None:
        """Show all rows again."""
        self.field.value = ""
        self.table.narrow("")
        self._close_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow while typing."""
        if event.input.display:
            self.table.narrow(event.value)

    def on_input_submitted(self) -> None:
        """Keep the filter."""
        self._close_filter()
