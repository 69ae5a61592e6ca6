"""Alerts on a time axis: a mark in the column in which each of them opened."""

from collections.abc import Sequence
from typing import NamedTuple

from apiwatch.tui.cells import rank, severity_word
from apiwatch.tui.line import Line, Piece, merged
from apiwatch.tui.pictures.columns import column_of

__all__ = ["Mark", "letter", "mark_line"]

_MARK = "!"


class Mark(NamedTuple):
    """Something that happened."""

    time: float
    """Seconds since the epoch."""
    severity: str


def letter(severity: str) -> str:
    """Severity as one letter, C H M L I; '.' for none."""
    return severity_word(severity)[0] if rank(severity) >= 0 else "."


def mark_line(marks: Sequence[Mark], first: int, minutes: int, width: int) -> Line:
    """`width` cells with `!` where alerts opened, the worst one of each column, and its letter beside it.

    Where another mark stands there, the letter takes the place of the `!`. Alerts outside of the minutes have no mark.
    """
    worst: dict[int, str] = {}
    for mark in marks:
        column = column_of(mark.time / 60 - first, minutes, width)
        if column >= 0 and rank(mark.severity) > rank(worst.get(column, "")):
            worst[column] = mark.severity
    cells = [Piece(" ")] * width
    for column, severity in worst.items():
        cells[column] = Piece(_MARK, severity)
        side = column + 1 if column + 1 < width else column - 1
        if side >= 0 and side not in worst and cells[side].text == " ":
            cells[side] = Piece(letter(severity), severity)
        else:
            cells[column] = Piece(letter(severity), severity)
    return merged(cells)
