"""Questions: small boxes above a screen. Esc always means no."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input

from apiwatch.tui.field import Field
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit, line, wrap
from apiwatch.tui.screens.once import LeftOnce
from apiwatch.tui.widgets.text import Block

if TYPE_CHECKING:
    from apiwatch.tui.deeds import Deed

__all__ = ["Ask", "Choose", "Field", "Question", "ask_for", "make_input"]

_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f]*"
_ASCII = r"[ -~]*"
_BOX = 76
_FRAME = 4
_BORDERS = 2
_OBJECTION_LINES = 3
_TEXT_LEAST = 3


def _inner(screen_width: int) -> int:
    """Cells for text in a box on a screen of a width."""
    return max(8, min(_BOX, screen_width) - _FRAME)


def make_input(value: str, glyphs: Glyphs, *, id: str, replace: bool = False) -> Input:  # noqa: A002
    """A one-line input that neither blinks nor takes control characters; with `replace` typing replaces its value."""
    restrict = _ASCII if glyphs.plain else _PRINTABLE
    field = Input(value, restrict=restrict, id=id, compact=True, select_on_focus=replace)
    field.cursor_blink = False
    return field


class Question(LeftOnce[bool], ModalScreen[bool]):
    """A question with yes or no: y and Enter say yes, n, q, Esc and Backspace say no.

    With `again` q says yes too: it is the key that asked.
    """

    CSS_PATH = "prompts.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes", show=False),
        Binding("n,escape,backspace", "answer(False)", "no", show=False),
        Binding("q", "again", "q", show=False),
    ]

    def __init__(self, lines: Sequence[str], yes: str, no: str, glyphs: Glyphs, *, again: bool = False) -> None:
        super().__init__(classes="-ascii" if glyphs.plain else "")
        self._said = tuple(lines)
        self._answers = (yes, no)
        self._again = again
        self._text_block = Block(self._text, id="said")

    def compose(self) -> ComposeResult:
        """The box, in its size from its first picture on."""
        self._fit(self.app.size)
        with Vertical(id="box"):
            yield self._text_block

    def on_resize(self, event: events.Resize) -> None:
        """Size the box to the text."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        self._text_block.styles.height = len(self._text(_inner(size.width), 0))

    def _text(self, width: int, height: int) -> list[Line]:
        drawn = [part for text in self._said for part in wrap(text, width)]
        yes, no = self._answers
        answers = line(Piece("y", "key"), " or ", Piece("Enter", "key"), f" {yes}   ", Piece("n", "key"), f" {no}")
        return [*drawn, (), answers] if not height or height > len(drawn) + 1 else [*drawn[: height - 1], answers]

    def action_again(self) -> None:
        """Close; whether q means yes depends on the question."""
        self.dismiss(self._again)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)


class Choose(LeftOnce[int | None], ModalScreen[int | None]):
    """A short list to choose from; gives the index."""

    CSS_PATH = "prompts.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("enter,space", "take", "take", show=False),
        Binding("escape,backspace,q", "dismiss(None)", "back", show=False),
        *(Binding(str(digit), f"pick({digit - 1})", "take", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, title: str, options: Sequence[str], index: int, glyphs: Glyphs) -> None:
        super().__init__(classes="-ascii" if glyphs.plain else "")
        self._heading = title
        self._options = tuple(options)
        self._chosen = index
        self._text_block = Block(self._text, id="said")

    def compose(self) -> ComposeResult:
        """The box."""
        self._text_block.styles.height = len(self._options) + 2
        with Vertical(id="box"):
            yield self._text_block

    def _text(self, width: int, _height: int) -> list[Line]:
        drawn = [line(Piece(self._heading, "strong"))]
        for index, option in enumerate(self._options):
            text = f" {index + 1}  {option}"
            drawn.append(line(Piece(fit(text, width), "cursor")) if index == self._chosen else line(text))
        return [*drawn, line(Piece("Enter", "key"), " take   ", Piece("Esc", "key"), " leave as it is")]

    def action_pick(self, index: int) -> None:
        """Close with the option of a digit."""
        if index < len(self._options):
            self.dismiss(index)

    def action_move(self, step: int) -> None:
        """Move the choice."""
        self._chosen = (self._chosen + step) % len(self._options)
        self._text_block.redraw()

    def action_take(self) -> None:
        """Close with the choice."""
        self.dismiss(self._chosen)


class Ask(LeftOnce[tuple[str, ...] | None], ModalScreen[tuple[str, ...] | None]):
    """Lines of explanation and fields to fill in; Enter gives their values once `refusal` has nothing against them."""

    CSS_PATH = "prompts.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "leave", show=False),
        Binding("enter", "submit", "go on", show=False),
        Binding("up", "choose(-1)", "previous choice", show=False),
        Binding("down", "choose(1)", "next choice", show=False),
        Binding("pageup", "page(-1)", "lines before", show=False),
        Binding("pagedown", "page(1)", "lines after", show=False),
    ]

    def __init__(
        self,
        title: str,
        lines: Callable[[int], list[Line]],
        fields: Sequence[Field],
        glyphs: Glyphs,
        *,
        refusal: Callable[[tuple[str, ...]], str] = lambda _values: "",
        confirm: str = "go on",
    ) -> None:
        super().__init__(classes="-ascii" if glyphs.plain else "")
        self._heading = title
        self._said = lines
        self._fields = tuple(fields)
        self._order = sorted(range(len(self._fields)), key=lambda index: not self._fields[index].needed)
        """What must be filled in stands first."""
        self._glyphs = glyphs
        self._refusal = refusal
        self._confirm = confirm
        self._objection = ""
        self._top = 0
        self._text_block = Block(self._text, id="said")
        self._end_block = Block(self._end, id="end")
        # Made here: keys may have been typed ahead, and come before anything is mounted.
        self._inputs = [
            make_input(field.value, glyphs, id=f"field-{index}", replace=True)
            for index, field in enumerate(self._fields)
        ]

    def compose(self) -> ComposeResult:
        """The box, in its size from its first picture on."""
        self._fit(self.app.size)
        with Vertical(id="box"):
            yield self._text_block
            for index in self._order:
                field = self._fields[index]
                label = Block(_label(field.label), id=f"label-{index}")
                label.add_class("label")
                yield label
                yield self._inputs[index]
            yield self._end_block

    def on_mount(self) -> None:
        """Start in the first field, if there is one."""
        if self._order:
            self._inputs[self._order[0]].focus()

    def on_resize(self, event: events.Resize) -> None:
        """Size the box to the screen."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        """Give the text what the fields and the last lines leave; blank lines above fields only where it is whole."""
        width, fields = _inner(size.width), len(self._fields)
        said, end = len(self._text(width, 0)), len(self._end(width, 0))
        room = size.height - _BORDERS - end - 2 * fields
        self.set_class(room - fields < said, "-tight")
        self._text_block.styles.height = min(said, max(_TEXT_LEAST, room))
        self._end_block.styles.height = end

    def _text(self, width: int, height: int) -> list[Line]:
        heading, said = line(Piece(self._heading, "strong")), self._said(width)
        if not height or len(said) < height:
            return [heading, *said]
        seen = max(1, height - 2)
        self._top = max(0, min(self._top, len(said) - seen))
        here = f"lines {self._top + 1}-{self._top + seen} of {len(said)}"
        foot = line(Piece(f"{here}; ", "dim"), Piece("PgDn PgUp", "key"), " page")
        return [heading, *said[self._top : self._top + seen], foot][:height]

    def _end(self, width: int, _height: int) -> list[Line]:
        if self._objection:
            return wrap(self._objection, width, style="bad")[:_OBJECTION_LINES]
        more = ("   ", Piece("Tab", "key"), " next field") if len(self._fields) > 1 else ()
        if any(field.choices for field in self._fields):
            more = (*more, "   ", Piece("Up Down", "key"), " choose")
        return [line(Piece("Enter", "key"), f" {self._confirm}   ", Piece("Esc", "key"), " leave", *more)]

    def action_page(self, step: int) -> None:
        """Show the next or previous lines of what is explained."""
        said = self._text_block
        self._top = max(0, self._top + step * max(1, said.size.height - 3))
        said.redraw()

    def action_choose(self, step: int) -> None:
        """Put the next choice into the field that has the keys."""
        for index, field in enumerate(self._fields):
            typed = self._inputs[index]
            if typed.has_focus and field.choices:
                known = typed.value.strip() in field.choices
                place = field.choices.index(typed.value.strip()) + step if known else 0
                typed.value = field.choices[place % len(field.choices)]
                typed.cursor_position = len(typed.value)

    @property
    def _values(self) -> tuple[str, ...]:
        return tuple(typed.value.strip() for typed in self._inputs)

    def on_input_changed(self) -> None:
        """An objection is about the text as it was."""
        self._object("")

    def _object(self, objection: str) -> None:
        self._objection = objection
        self._fit(self.size)
        self._end_block.redraw()

    def on_input_submitted(self) -> None:
        """Enter in a field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Take the values, or say what is wrong with them."""
        objection = self._refusal(self._values)
        if objection:
            self._object(objection)
        else:
            self.dismiss(self._values)


def ask_for(deed: "Deed", glyphs: Glyphs) -> Ask:
    """The question that a deed asks."""
    return Ask(deed.title, deed.lines, deed.fields, glyphs, refusal=deed.refusal, confirm=deed.confirm)


def _label(text: str) -> Callable[[int, int], list[Line]]:
    return lambda _width, _height: [line(Piece(text, "dim"))]
