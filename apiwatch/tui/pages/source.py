"""The text about one source: its numbers, what is wrong, and the lines that nothing understood."""

from collections.abc import Sequence

from apiwatch.store.views import UnparsedView
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, wrap
from apiwatch.tui.pages.parts import section
from apiwatch.tui.rows import SourceRow
from apiwatch.tui.unparsed import unparsed_lines

__all__ = ["source_page"]


def source_page(row: SourceRow, unparsed: Sequence[UnparsedView], width: int, glyphs: Glyphs) -> list[Line]:
    """Everything about a source, for a width."""
    text = width - 1
    drawn: list[Line] = [*wrap(row.view.name, text, style="strong"), *row.details(text)]
    drawn.append(section(f"lines that match no format, the first {len(unparsed)} of {row.view.unparsed}", text, glyphs))
    for view in unparsed:
        drawn += [(Piece(" "), *shown) for shown in unparsed_lines(view, text - 1, named=False)]
    if not unparsed:
        drawn += wrap("none" if not row.view.unparsed else "none kept", text, first=" ", style="dim")
    return drawn + row.blind(text)
