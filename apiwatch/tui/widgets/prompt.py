"""The line at the foot in which commands and filters are typed."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from apiwatch.text import plain
from apiwatch.tui.history import History
from apiwatch.tui.line import Line, Piece, fit, line_width, wrap
from apiwatch.tui.measured import measured
from apiwatch.tui.widgets.lines import Lines

__all__ = ["Mode", "Prompt"]

_LONGEST = 500
_LEAST_HINT = 12
_HINT_LINES = 2


def _nothing(_text: str) -> str:
    return ""


class Mode(Struct, frozen=True):
    """What a line is typed for."""

    sign: str
    """Stands in front of it: ':' or '/'."""
    ghost: Callable[[str], str] = _nothing
    """The likely end of a text, shown behind it; Tab and Right take it."""
    hint: Callable[[str], str] = _nothing
    """What is expected, or what is wrong so far; stands dimly at the right."""
    history: History | None = None


class Prompt(Lines, can_focus=True):
    """One line to type into; of itself it is hidden until `open`. An objection makes it taller, the text stays."""

    DEFAULT_CSS = "Prompt { height: 1; background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "do it", id="prompt-submit", show=False, tooltip="do it"),
        Binding("escape", "leave", "leave", id="prompt-leave", show=False, tooltip="leave the line"),
        Binding(
            "tab", "complete", "complete", id="prompt-complete", show=False, tooltip="take what stands dimly there"
        ),
        Binding("up", "earlier", "earlier", id="prompt-earlier", show=False, tooltip="earlier, later lines"),
        Binding("down", "later", "later", id="prompt-later", show=False, tooltip="earlier, later lines"),
        Binding("right", "right", "right", id="prompt-right", show=False, tooltip="left, right; at the end: complete"),
        Binding("left", "left", "left", id="prompt-left", show=False, tooltip="left, right; at the end: complete"),
        Binding("home,ctrl+a", "go(0)", "start", id="prompt-start", show=False, tooltip="start, end of the line"),
        Binding("end,ctrl+e", "go(-1)", "end", id="prompt-end", show=False, tooltip="start, end of the line"),
        Binding("backspace", "erase(-1)", "erase", id="prompt-backspace", show=False, tooltip="erase"),
        Binding("delete,ctrl+d", "erase(1)", "erase", id="prompt-delete", show=False, tooltip="erase"),
        Binding("ctrl+w", "erase_word", "word", id="prompt-word", show=False, tooltip="erase the word, all, the rest"),
        Binding("ctrl+u", "erase_all", "all", id="prompt-all", show=False, tooltip="erase the word, all, the rest"),
        Binding("ctrl+k", "erase_rest", "rest", id="prompt-rest", show=False, tooltip="erase the word, all, the rest"),
    ]

    class Changed(Message):
        """The text is another one."""

        def __init__(self, prompt: "Prompt") -> None:
            super().__init__()
            self.prompt = prompt
            self.value = prompt.value

    class Submitted(Message):
        """Enter was pressed; whoever obeys closes the line, or objects."""

        def __init__(self, prompt: "Prompt") -> None:
            super().__init__()
            self.prompt = prompt
            self.value = prompt.value

    class Left(Message):
        """Escape was pressed, or the sign was erased; the line is closed already."""

        def __init__(self, prompt: "Prompt") -> None:
            super().__init__()
            self.prompt = prompt

    def __init__(self, *, id: str = "prompt") -> None:  # noqa: A002
        super().__init__(id=id)
        self.display = False
        self.can_focus = False
        self.mode = Mode(":")
        self.value = ""
        self.cursor = 0
        """Characters in front of it."""
        self._objection = ""
        self._wrong = (0, 0)

    def open(self, mode: Mode, text: str = "") -> None:
        """Show the line, with a text to go on with, and give it the keys."""
        self.mode = mode
        self.value = self._typable(text)
        self.cursor = len(self.value)
        self._objection, self._wrong = "", (0, 0)
        if mode.history is not None:
            mode.history.leave()
        self.styles.height = 1
        self.display = True
        self.can_focus = True
        # `focus` would wait in the queue, and the next letters would be keys of the screen until then.
        self.screen.set_focus(self)
        self.redraw()

    def close(self) -> None:
        """Hide the line; the keys go to the screen, until it gives them to another widget."""
        if self.has_focus:
            self.screen.set_focus(None)
        self.can_focus = False
        self.display = False

    def object(self, objection: str, start: int = 0, end: int = 0) -> None:
        """Say what is wrong with the text, from character `start` to `end`; it goes with the next change."""
        self._objection, self._wrong = objection, (start, end)
        self._fit_height()
        self.redraw()

    @property
    def ghost(self) -> str:
        """What Tab would add."""
        return plain(self.mode.ghost(self.value)) if self.cursor == len(self.value) and not self._objection else ""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters are typed: bindings of the screen do not see them."""
        return character is not None and character.isprintable()

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self._insert(event.character)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._insert((event.text.splitlines() or [""])[0])

    def _typable(self, text: str) -> str:
        text = "".join(letter for letter in text if plain(letter) == letter)
        return "".join(letter for letter in text if letter.isascii()) if self.glyphs.plain else text

    def _insert(self, text: str) -> None:
        text = self._typable(text)[: _LONGEST - len(self.value)]
        self._set(self.value[: self.cursor] + text + self.value[self.cursor :], self.cursor + len(text))

    def _set(self, value: str, cursor: int) -> None:
        changed = value != self.value
        self.value, self.cursor = value, max(0, min(cursor, len(value)))
        if changed:
            self._objection, self._wrong = "", (0, 0)
            self.styles.height = 1
            self.post_message(self.Changed(self))
        self.redraw()

    def action_submit(self) -> None:
        """Hand the text over."""
        if self.mode.history is not None:
            self.mode.history.add(self.value)
        self.post_message(self.Submitted(self))

    def action_leave(self) -> None:
        """Close the line."""
        self.close()
        self.post_message(self.Left(self))

    def action_complete(self) -> None:
        """Take the likely end."""
        ghost = self._typable(self.ghost)
        if ghost:
            self._set(self.value + ghost, len(self.value) + len(ghost))

    def action_earlier(self) -> None:
        """An earlier line that begins like this one."""
        self._recall(self.mode.history.earlier(self.value) if self.mode.history is not None else None)

    def action_later(self) -> None:
        """A later line."""
        self._recall(self.mode.history.later() if self.mode.history is not None else None)

    def _recall(self, text: str | None) -> None:
        if text is not None:
            text = self._typable(text)
            self._set(text, len(text))

    def action_right(self) -> None:
        """One character to the right; at the end take the likely end."""
        if self.cursor == len(self.value):
            self.action_complete()
        else:
            self._set(self.value, self.cursor + 1)

    def action_left(self) -> None:
        """One character to the left."""
        self._set(self.value, self.cursor - 1)

    def action_go(self, place: int) -> None:
        """To the start (0) or the end (-1)."""
        self._set(self.value, len(self.value) if place else 0)

    def action_erase(self, step: int) -> None:
        """Erase a character before (-1) or behind (1) the cursor; with nothing to erase before it, leave."""
        if step < 0 and not self.value:
            self.action_leave()
            return
        begin = self.cursor + min(step, 0)
        if begin >= 0:
            self._set(self.value[:begin] + self.value[begin + 1 :], begin)

    def action_erase_word(self) -> None:
        """Erase back to the blank before the word."""
        head = self.value[: self.cursor].rstrip()
        begin = head.rfind(" ") + 1
        self._set(self.value[:begin] + self.value[self.cursor :], begin)

    def action_erase_all(self) -> None:
        """Erase what is before the cursor."""
        self._set(self.value[self.cursor :], 0)

    def action_erase_rest(self) -> None:
        """Erase what is behind the cursor."""
        self._set(self.value[: self.cursor], self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        used, place = cell_len(self.mode.sign), self._first(self.size.width)
        while place < len(self.value) and (used := used + cell_len(measured(self.value[place]))) <= event.x:
            place += 1
        self._set(self.value, place)

    def on_resize(self) -> None:
        """An objection may need another line now."""
        self._fit_height()
        super().on_resize()

    def _fit_height(self) -> None:
        width = self.size.width
        fits = cell_len(measured(f"{self.mode.sign}{self.value}  {self._objection}")) < width
        lines = 0 if fits else min(_HINT_LINES, len(wrap(self._objection, max(8, width))))
        self.styles.height = 1 + lines

    def _first(self, width: int) -> int:
        """The first character in sight: as few are cut off as the cursor allows."""
        room = max(1, width - cell_len(self.mode.sign) - 1)
        first = 0
        while cell_len(measured(self.value[first : self.cursor])) >= room:
            first += 1
        return first

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """The text with its cursor and its likely end; what is expected, or what is wrong, at the right or below."""
        first = self._first(width)
        drawn: list[Piece] = [Piece(self.mode.sign, "key")]
        ghost = measured(self.ghost)
        for place in range(first, len(self.value)):
            style = "cursor" if place == self.cursor else "bad" if self._wrong[0] <= place < self._wrong[1] else ""
            drawn.append(Piece(measured(self.value[place]), style))
        if self.cursor == len(self.value):
            drawn.append(Piece(ghost[:1] or " ", "cursor"))
            drawn.append(Piece(ghost[1:], "dim"))
        room = width - line_width(tuple(drawn)) - 2
        if self._objection and height > 1:
            return [tuple(drawn), *wrap(self._objection, width, style="bad")[: height - 1]]
        said = measured(self._objection or self.mode.hint(self.value))
        if said and room >= min(_LEAST_HINT, cell_len(said)):
            text = fit(said, min(room, cell_len(said)))
            drawn += [Piece(" " * (room - cell_len(text) + 2)), Piece(text, "bad" if self._objection else "dim")]
        return [tuple(drawn)]
