"""Charts of blocks: always from 0, one style per line, so that an unchanged line costs nothing."""

from collections.abc import Sequence

from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece
from apiwatch.tui.pictures.columns import resample

__all__ = ["bar", "block_chart", "spark"]


def spark(values: Sequence[int], width: int, glyphs: Glyphs, peak: int = 0) -> str:
    """One line of `width` cells, from 0 to `peak`, or to the largest value; anything above 0 is visible.

    Rows of a table that are to be compared get a common `peak`; what exceeds it is full.
    """
    columns = resample(values, width)
    highest = peak or max(columns, default=0)
    if highest <= 0:
        return " " * width
    steps = glyphs.steps
    top = len(steps) - 1
    return "".join([steps[min(top, max(1, round(top * v / highest)))] if v > 0 else steps[0] for v in columns])


def block_chart(
    values: Sequence[int], width: int, height: int, glyphs: Glyphs, style: str = "accent", peak: float = 0.0
) -> list[Line]:
    """`height` lines of `width` cells: columns from 0 to the peak, top line first."""
    columns = resample(values, width)
    highest = peak or max(columns, default=0)
    steps = len(glyphs.levels) - 1
    most = height * steps
    filled = [0 if v <= 0 else min(most, max(1, round(most * v / highest))) for v in columns] or [0] * width
    return [
        (Piece("".join([glyphs.levels[min(max(level - row * steps, 0), steps)] for level in filled]), style),)
        for row in range(height - 1, -1, -1)
    ]


def bar(part: float, whole: float, width: int, glyphs: Glyphs) -> str:
    """A horizontal bar of at most `width` cells; anything above 0 has one cell."""
    if whole <= 0 or part <= 0 or width <= 0:
        return ""
    return glyphs.bar * max(1, min(width, round(width * part / whole)))
