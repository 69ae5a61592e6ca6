"""Keys of a screen with a list: filter, order, and the line at the foot in which filters and commands are typed."""

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from apiwatch.tui.line import Piece
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.prompts import Choose
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.prompt import Mode, Prompt
from apiwatch.tui.widgets.table import KeyTable

if TYPE_CHECKING:
    from apiwatch.tui.commands import CommandContext

__all__ = ["ListScreen"]

_SORT_TIP = "previous, next order"
_FOLLOW_TIP = "follow: let rows move at once, the cursor moves with its row"
_FILTER_TIP = "narrow the list: words, sev>=high route:/users status:401 since:10m; !word inverts; Esc clears"
_COMMAND_TIP = "command line; Tab completes"
_LISTS = frozenset({"sort", "sort_step", "reverse", "follow", "filter"})


class ListScreen(LiveScreen):
    """A screen on which one list has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort", id="sort", show=False, tooltip="choose the order"),
        Binding("less_than_sign", "sort_step(-1)", "sort", id="sort-previous", show=False, tooltip=_SORT_TIP),
        Binding("greater_than_sign", "sort_step(1)", "sort", id="sort-next", show=False, tooltip=_SORT_TIP),
        Binding("r", "reverse", "reverse", id="sort-reverse", show=False, tooltip="turn the order round"),
        Binding("F", "follow", "follow", id="follow", show=False, tooltip=_FOLLOW_TIP),
        # With priority, so that the line has the keys before the next one is looked at: what is pasted or typed ahead
        # would else be lost, or be keys of the screen.
        Binding("slash", "filter", "filter", id="filter", show=False, priority=True, tooltip=_FILTER_TIP),
        Binding("colon", "command", "command", id="command", show=False, priority=True, tooltip=_COMMAND_TIP),
        Binding("ctrl+p", "palette", "palette", id="palette", show=False, tooltip="find a command, client or route"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.prompt = Prompt()
        """Where filters and commands are typed; subclasses give it a place."""

    @property
    def table(self) -> KeyTable:
        """The list that has the keys."""
        raise NotImplementedError

    @property
    def commands(self) -> "CommandContext":
        """What commands do here."""
        raise NotImplementedError

    def take_keys(self) -> None:
        """Give the keys to what had them before the prompt."""
        self.table.focus()

    def legend(self) -> list[tuple[str, str]]:
        """Columns of the list that has the keys."""
        return self.table.legend() if self.table.display else []

    def notes(self) -> list[Piece]:
        """Filter, order."""
        state = self.table.list
        found = [Piece(state.filter_told, "accent")] if state.filter_told else []
        found.append(Piece(f"sort: {state.sort.name}{' upwards' if state.reversed else ''}"))
        if state.follow:
            found.append(Piece("follow", "accent"))
        elif state.held and state.rows:
            found.append(Piece("order held", "dim"))
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to sort or narrow while no list is in sight, and a sign in the line is a letter."""
        if action in ("filter", "command") and self.prompt.display:
            return False
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
                self.order_by(index)

        labels = [sort.label for sort in sorts]
        prompt = Choose(f"{state.panel.title} by", labels, sorts.index(state.sort), self.session.glyphs)
        self.app.push_screen(prompt, chosen)

    def action_sort_step(self, step: int) -> None:
        """Take the next or previous order."""
        state = self.table.list
        self.order_by((state.panel.sorts.index(state.sort) + step) % len(state.panel.sorts))

    def action_reverse(self) -> None:
        """Turn the order round."""
        state = self.table.list
        state.choose_sort(state.sort, upwards=not state.reversed)
        self._ordered()

    def action_follow(self) -> None:
        """Let rows move at once, or hold the order while somebody moves."""
        self.table.list.follow = not self.table.list.follow
        self._ordered()

    def order_by(self, index: int) -> None:
        """Take an order of the list."""
        state = self.table.list
        state.choose_sort(state.panel.sorts[index])
        self._ordered()

    def _ordered(self) -> None:
        self.table.redraw()
        self.session.demand()
        self.tick()

    def action_filter(self) -> None:
        """Type a filter; the list follows."""
        from apiwatch.tui.prompting import filter_mode

        self.ask(filter_mode(self.commands), self.table.list.filter_text)

    def action_command(self) -> None:
        """Type a command."""
        self.type_command("")

    def type_command(self, text: str) -> None:
        """Open the command line with a text that the operator goes on with."""
        from apiwatch.tui.prompting import command_mode

        self.ask(command_mode(self.commands, self.session.history), text)

    def ask(self, mode: Mode, text: str) -> None:
        """Open the line at the foot; on a screen that is still being made in its turn, before what is typed into it."""
        if not self.prompt.is_attached:
            if not self.is_mounted:
                self.call_later(self.ask, mode, text)
            return
        self.foot.display = False
        self.prompt.open(mode, text)

    def action_palette(self) -> None:
        """Find a command, or what the screen shows."""
        from apiwatch.tui.palette import Palette

        self.app.push_screen(Palette())

    def _resume(self) -> None:
        self.foot.display = True
        self.take_keys()
        self.tick()

    def narrow(self, text: str) -> None:
        """Narrow the list; '' shows all rows."""
        self.table.list.narrow(text)
        self.session.demand()
        self.tick()

    def action_clear_filter(self) -> None:
        """Show all rows again."""
        self.prompt.close()
        self.narrow("")
        self._resume()

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        """Narrow while typing."""
        event.stop()
        if event.prompt.mode.sign == "/":
            self.narrow(event.value)

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        """Keep the filter, or do what stands there."""
        from apiwatch.tui.prompting import obey

        event.stop()
        if event.prompt.mode.sign == "/":
            problem = self.table.list.narrow(event.value)
            if problem is not None:
                event.prompt.object(str(problem), problem.start, problem.end)
                return
            event.prompt.close()
            self._resume()
        else:
            self.foot.display = True
            if obey(event.prompt, self.commands):
                if self.app.screen is self and not self.prompt.display:
                    self._resume()
            else:
                self.foot.display = False

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Esc: the filter is cleared, the command forgotten."""
        event.stop()
        if event.prompt.mode.sign == "/":
            self.narrow("")
        self._resume()
