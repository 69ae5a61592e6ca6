"""A widget that is drawn line by line, repaints only what changed, and is the last gate for untrusted text."""

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from apiwatch.tui.glyphs import UNICODE, Glyphs
from apiwatch.tui.line import EMPTY, Line, Piece, changed_span, fit_line, line_text, merged
from apiwatch.tui.measured import measured
from apiwatch.tui.themes import piece_style

__all__ = ["Lines"]


class Lines(Widget):
    """Base of all widgets here: `compose_lines` gives the lines, `redraw` repaints those that changed.

    Whatever a piece holds goes through `measured` here once more.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; background: $background; color: $foreground; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._lines_size = (-1, -1)
        self._drawn: dict[Line, Line] = {}
        """Composed line -> as it is drawn, for the lines in sight: most of them are the same the next time."""
        self._strips: dict[Line, Strip] = {}
        """Drawn line -> as it is painted, for the lines in sight."""
        self._finish: tuple[tuple[LineFilter, ...], Color] = ((), Color(0, 0, 0))
        """What Textual does to a strip last, for terminals that lack colours: filters, and the background for them."""
        self._piece_styles: dict[str, Style] = {}

    @property
    def glyphs(self) -> Glyphs:
        """Drawing characters of the application."""
        glyphs = getattr(self.app, "glyphs", UNICODE)
        return glyphs if isinstance(glyphs, Glyphs) else UNICODE

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """The lines of the widget at this size; missing ones are blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Compose the lines anew and repaint the parts that look different."""
        if not self.is_attached:
            return
        width, height = self.size
        if width <= 0 or height <= 0:
            return
        old, same_size = self._lines, self._lines_size == (width, height)
        self._draw_lines(width, height)
        if not same_size:
            self.refresh()
            return
        regions: list[Region] = []
        for row in range(height):
            before = old[row] if row < len(old) else EMPTY
            after = self._lines[row] if row < len(self._lines) else EMPTY
            span = changed_span(before, after)
            if span is not None:
                start, end = span
                regions.append(Region(start, row, min(end, width) - start, 1))
        if regions:
            self.refresh(*regions)

    def text_of(self, row: int) -> str:
        """The text of a line that is drawn; ''."""
        return line_text(self._lines[row]) if 0 <= row < len(self._lines) else ""

    def _draw_lines(self, width: int, height: int) -> None:
        composed = self.compose_lines(width, height)[:height]
        known = self._drawn if self._lines_size[0] == width else {}
        self._drawn = {line: known.get(line) or merged(fit_line(_clean(line), width)) for line in composed}
        self._lines = [self._drawn[line] for line in composed]
        in_sight = set(self._lines)
        self._strips = {line: strip for line, strip in self._strips.items() if line in in_sight} if known else {}
        self._lines_size = (width, height)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines within `crop` as Textual wants them.

        Its own way there goes through borders, padding and tints, which these widgets do not have, for every line of
        every widget near a change: a fifth of what a refresh costs (measured).
        """
        width, height = self.size
        if self._lines_size != (width, height):
            self._draw_lines(width, height)
        finish = (tuple(self.get_line_filters()), self.background_colors[1])
        if finish != self._finish:
            self._finish, self._strips = finish, {}
        strips = [self._strip(y) for y in crop.line_range]
        return strips if crop.column_span == (0, width) else [strip.crop(crop.x, crop.right) for strip in strips]

    def _strip(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else EMPTY
        strip = self._strips.get(line)
        if strip is None:
            width = self._lines_size[0]
            pieces = line or (Piece(" " * width),)
            strip = Strip([Segment(piece.text, self._style(piece.style)) for piece in pieces], width)
            filters, background = self._finish
            for each in filters:
                strip = strip.apply_filter(each, background)
            self._strips[line] = strip
        return strip

    def _style(self, name: str) -> Style:
        style = self._piece_styles.get(name)
        if style is None:
            style = piece_style(name, self.rich_style, self.app.theme_variables)
            self._piece_styles[name] = style
        return style

    def notify_style_update(self) -> None:
        """Forget styles that a theme, the focus or a class may have changed."""
        self._piece_styles = {}
        self._strips = {}
        super().notify_style_update()

    def on_unmount(self) -> None:
        """Forget what was drawn, here and around: Textual keeps the caches of a thousand widgets that are gone."""
        for widget in self.ancestors_with_self:
            if isinstance(widget, Widget):
                widget.refresh()

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Show whether the keys come here: after `has_focus` has changed, which `on_focus` is too early for."""
        super().watch_has_focus(_has_focus)
        self.redraw()


def _clean(drawn: Line) -> Line:
    return tuple(
        piece if piece.text.isascii() and piece.text.isprintable() else piece._replace(text=measured(piece.text))
        for piece in drawn
    )
