"""Original lines."""

from collections.abc import Sequence

from rich.cells import chop_cells

from apiwatch.store.views import EvidenceView
from apiwatch.tui.cells import stamp
from apiwatch.tui.line import CUT, Line, Piece, fit, line, wrap
from apiwatch.tui.measured import measured

__all__ = ["evidence_lines", "lines_page"]

_LINE_ROWS = 3
_NONE = "none kept: only alerts keep lines; 6 shows the newest requests"


def lines_page(evidence: Sequence[EvidenceView], width: int) -> list[Line]:
    """Original lines in full, wrapped, with where they stand."""
    drawn: list[Line] = []
    for view in evidence:
        drawn.append(line(Piece(f"{stamp(view.time)}  {view.source}:{view.line}", "dim")))
        drawn += [line("  ", part) for part in chop_cells(measured(view.text), max(8, width - 3))]
    if not evidence:
        drawn.append(line(Piece(_NONE, "dim")))
    return drawn


def evidence_lines(evidence: Sequence[EvidenceView], width: int) -> list[Line]:
    """Original lines, each in at most three screen lines."""
    drawn: list[Line] = []
    room = max(8, width - 3)
    for view in evidence:
        parts = chop_cells(measured(view.text), room) or [""]
        shown = parts[:_LINE_ROWS]
        if len(parts) > _LINE_ROWS:
            shown[-1] = fit(f"{shown[-1]}{CUT}{CUT}", room)
        drawn.append(line(" ", shown[0]))
        drawn += [line("   ", part) for part in shown[1:]]
    return drawn or wrap(_NONE, width, first=" ", style="dim")
