"""Widgets of plain lines: a fixed block that its screen fills, and a document to scroll through."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType

from apiwatch.tui.keynames import pressed
from apiwatch.tui.line import Line, Piece, fit, line_text, line_width, titled_rule
from apiwatch.tui.measured import measured
from apiwatch.tui.widgets.lines import Lines

__all__ = ["Block", "Document", "KeyBar"]

Source = Callable[[int, int], list[Line]]


class Block(Lines):
    """Lines that a function gives for a width and a height: heads, details, feet, charts.

    `clicked` is told of a click: the text of the line, and the cell in it.
    """

    def __init__(
        self,
        source: Source,
        *,
        id: str,  # noqa: A002
        clicked: Callable[[str, int], None] | None = None,
    ) -> None:
        super().__init__(id=id)
        self._source = source
        self._clicked = clicked

    def on_click(self, event: events.Click) -> None:
        """Say where."""
        if self._clicked is not None:
            self._clicked(self.text_of(event.y), event.x)

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """What the function says."""
        return self._source(width, height)


class KeyBar(Lines):
    """One line of keys, as many as fit, most important first."""

    def __init__(self, keys: Sequence[tuple[str, str]], *, id: str = "keys") -> None:  # noqa: A002
        super().__init__(id=id)
        self._keys = tuple(keys)

    def show(self, keys: Sequence[tuple[str, str]]) -> None:
        """Other keys."""
        self._keys = tuple(keys)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Press the key; of several the first."""
        end = 0
        for key, label in self._keys:
            end += cell_len(f"{key} {label}  ")
            if event.x < min(end, cell_len(self.text_of(0).rstrip())):
                self.app.simulate_key(pressed(key.split()[0]))
                return

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """Key and what it does."""
        drawn: list[Piece] = []
        for key, label in self._keys:
            gap = [Piece("  ")] if drawn else []
            shown = [Piece(key, "key"), Piece(f" {label}")]
            if line_width((*drawn, *gap, *shown)) > width:
                break
            drawn += [*gap, *shown]
        return [tuple(drawn)]


class Document(Lines, can_focus=True):
    """Lines to scroll through, below a title rule that says where in the text one is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", id="line-up", show=False, tooltip="line up, line down"),
        Binding("down,j", "scroll_by(1)", "down", id="line-down", show=False, tooltip="line up, line down"),
        Binding("pageup", "scroll_page(-1)", "page up", id="page-up", show=False, tooltip="page up, page down"),
        Binding(
            "pagedown,space", "scroll_page(1)", "page down", id="page-down", show=False, tooltip="page up, page down"
        ),
        Binding("ctrl+u", "scroll_page(-0.5)", "half up", id="half-up", show=False, tooltip="half a page up, down"),
        Binding("ctrl+d", "scroll_page(0.5)", "half down", id="half-down", show=False, tooltip="half a page up, down"),
        Binding("home,g", "scroll_edge(-1)", "top", id="top", show=False, tooltip="first line, last line"),
        Binding("end,G", "scroll_edge(1)", "bottom", id="bottom", show=False, tooltip="first line, last line"),
    ]

    def __init__(self, heading: str = "", *, id: str = "document") -> None:  # noqa: A002
        super().__init__(id=id)
        self._source: Callable[[int], list[Line]] = lambda _width: [(Piece("loading...", "dim"),)]
        self._text: list[Line] = []
        self._text_width = -1
        self._heading = measured(heading)
        self._titled: Source | None = None
        self._wanted = ""
        self._found = -1
        """Number of the line with the match that was gone to."""
        self.top = 0

    def find(self, text: str) -> bool:
        """Go to the first line in sight or below that holds a text, whatever its case; '' looks for nothing."""
        self._wanted, self._found = measured(text).lower(), self.top - 1
        return self.find_next(1)

    def find_next(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) match, round the end; whether there is one."""
        matches = self._matches()
        if matches:
            ahead = [at for at in matches[::step] if (at - self._found) * step > 0]
            self._found = ahead[0] if ahead else matches[::step][0]
            if not self.top <= self._found < self.top + self.size.height - 1:
                self.top = self._found
        self.redraw()
        return bool(matches)

    def _matches(self) -> list[int]:
        """Numbers of the lines in which a match begins; it may go on in the next one, for long texts are wrapped."""
        wanted = "".join(self._wanted.split())
        if not wanted:
            return []
        texts = ["".join(line_text(drawn).lower().split()) for drawn in self._text]
        owners = [at for at, text in enumerate(texts) for _ in text]
        whole = "".join(texts)
        found: dict[int, None] = {}
        place = whole.find(wanted)
        while place >= 0:
            found[owners[place]] = None
            place = whole.find(wanted, place + 1)
        return list(found)

    def show(self, name: str, source: Callable[[int], list[Line]]) -> None:
        """Take a new text: `source` gives its lines for a width. The place in the text stays."""
        self._heading = measured(name)
        self._source = source
        self._titled = None
        self._text_width = -1
        self.redraw()

    def show_lines(self, source: Source) -> None:
        """Take a new text whose first line is its own title rule."""
        self._titled = source
        self._text_width = -1
        self.redraw()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """Title rule and the part of the text that is in sight."""
        title: Line = ()
        if self._text_width != width or self._titled is not None:
            self._text, self._text_width = self._source(width), width
            if self._titled is not None:
                title, *self._text = self._titled(width, height)
        room = max(1, height - 1)
        self.top = max(0, min(self.top, len(self._text) - room))
        last = min(len(self._text), self.top + room)
        place = f"lines {self.top + 1}-{last} of {len(self._text)}" if len(self._text) > room else ""
        shown = [
            _marked(drawn, self._wanted, "cursor" if at == self._found else "mark") if self._wanted else drawn
            for at, drawn in enumerate(self._text[self.top : last], self.top)
        ]
        if title:
            return [title, *shown]
        rule = self.glyphs.rule
        name = fit(self._heading, min(cell_len(self._heading), max(8, width - len(place) - 8)))
        return [titled_rule((Piece(name, "active"),), width, rule, place), *shown]

    def _go(self, top: int) -> None:
        self.top = top
        self.redraw()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._go(self.top + lines)

    def action_scroll_page(self, pages: float) -> None:
        """Scroll by pages."""
        self._go(self.top + round(pages * max(1, self.size.height - 2)))

    def action_scroll_edge(self, direction: int) -> None:
        """Go to the first or last line."""
        self._go(0 if direction < 0 else len(self._text))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll three lines down."""
        event.stop()
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll three lines up."""
        event.stop()
        self.action_scroll_by(-3)


def _marked(drawn: Line, wanted: str, style: str) -> Line:
    """A line with its first match of a text in a style."""
    text = line_text(drawn)
    at = text.lower().find(wanted)
    if at < 0 or len(text.lower()) != len(text):
        return (Piece(text, style),) if style == "cursor" else drawn
    end = at + len(wanted)
    return Piece(text[:at]), Piece(text[at:end], style), Piece(text[end:])
