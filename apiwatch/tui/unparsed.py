"""Lines that no format understood, with the place where understanding stopped: by colour, by a number, by a caret."""

from rich.cells import cell_len

from apiwatch.store.views import UnparsedView
from apiwatch.tui.line import CUT, Line, Piece, fit, line, wrap
from apiwatch.tui.measured import measured

__all__ = ["unparsed_lines"]


def unparsed_lines(view: UnparsedView, width: int, *, named: bool = True) -> list[Line]:
    """Where it stands and how far it was understood, the line itself, and a caret; `named` says of which source.

    Of a long line the part around the caret is shown.
    """
    known = "no format matched its start"
    if view.format and view.matched:
        known = f"{view.format} stopped at character {view.matched + 1}"
    where = f"{view.source} line {view.line}" if named else f"line {view.line}"
    drawn = wrap(f"{where}: {known}", width, style="dim")
    room = max(8, (width - 2) * 2 // 3)
    before, after = measured(view.text[: view.matched]), measured(view.text[view.matched :])
    if cell_len(before) > room:
        before = before[-room:]
        while cell_len(before) > room - 1:
            before = before[1:]
        before = CUT + before
    place = cell_len(before)
    drawn.append(line("  ", Piece(before, "good"), Piece(fit(after, max(0, width - 2 - place)).rstrip(), "bad")))
    drawn.append(line(" " * (place + 2), Piece("^", "bad")))
    return drawn
