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

_SORT_TIP = "previous, next order"
_FOLLOW_TIP = "follow: let rows move at once, the cursor moves with its row"
_LISTS = frozenset({"sort", "sort_step", "reverse", "follow", "filter"})


class ListScreen(LiveScreen):
    """A screen on which one list has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort", id="sort", show=False, tooltip="choose the order"),
        Binding("less_than_sign", "sort_step(-1)", "sort", id="sort-previous", show=False, tooltip=_SORT_TIP),
        Binding("greater_than_sign", "sort_step(1)", "sort", id="sort-next", show=False, tooltip=_SORT_TIP),
        Binding("r", "reverse", "reverse", id="reverse", show=False, tooltip="turn the order round"),
        Binding("F", "follow", "follow", id="follow", show=False, tooltip=_FOLLOW_TIP),
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
        state = self.table.list
        found = [Piece(f"filter: {state.filter_text}", "accent")] if state.filter_text else []
        found.append(Piece(f"sort: {state.sort.name}{' upwards' if state.reversed else ''}"))
        if state.follow:
            found.append(Piece("follow", "accent"))
        elif state.held and state.rows:
            found.append(Piece("order held", "dim"))
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to sort or narrow while no list is in sight."""
        if action in _LISTS and not self.table.display:
            return False
        return super().check_action(action, parameters)

    def on_key_table_opened(self, event: KeyTable.Opened) -> None:
        """A double click is Enter."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Everything about the row; a screen that can act says what that is."""

    def action_sort(self) -> None:
        """Choose the order of this list."""
        state = self.table.list
        sorts = state.panel.sorts

        def chosen(index: int | None) -> None:
            if index is not None:
                self._order(index)

        labels = [sort.label for sort in sorts]
        prompt = Choose(f"{state.panel.title} by", labels, sorts.index(state.sort), self.session.glyphs)
        self.app.push_screen(prompt, chosen)

    def action_sort_step(self, step: int) -> None:
        """Take the next or previous order."""
        state = self.table.list
        self._order((state.panel.sorts.index(state.sort) + step) % len(state.panel.sorts))

    def action_reverse(self) -> None:
        """Turn the order round."""
        state = self.table.list
        state.choose_sort(state.sort, upwards=not state.reversed)
        self._ordered()

    def action_follow(self) -> None:
        """Let rows move at once, or hold the order while somebody moves."""
        self.table.list.follow = not self.table.list.follow
        self._ordered()

    def _order(self, index: int) -> None:
        state = self.table.list
        state.choose_sort(state.panel.sorts[index])
        self._ordered()

    def _ordered(self) -> None:
        self.table.redraw()
        self.session.demand()
        self.tick()

    def action_filter(self) -> None:
        """Type a filter; the list follows."""
        self.field.value = self.table.list.filter_text
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
