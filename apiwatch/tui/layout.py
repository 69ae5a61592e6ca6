"""Which arrangement fits a terminal of a size."""

from enum import StrEnum

__all__ = ["Shape", "shape_of"]


class Shape(StrEnum):
    """Arrangements, smallest first."""

    TINY = "tiny"
    """One status line."""
    ONE = "one"
    """One list, and one line about its row."""
    ONE_TALL = "one-tall"
    """One list, and several lines about its row."""
    GRID = "grid"
    """Four lists, and one line about the row."""
    GRID_TALL = "grid-tall"
    """Four lists, and several lines about the row."""
    THREE = "three"
    """Four lists on the left; timeline, detail and block queue on the right."""


def shape_of(width: int, height: int) -> Shape:
    """The arrangement for a terminal of `width` x `height` cells.

    >>> shape_of(80, 24), shape_of(120, 40), shape_of(59, 40), shape_of(200, 60)
    (<Shape.ONE: 'one'>, <Shape.GRID_TALL: 'grid-tall'>, <Shape.TINY: 'tiny'>, <Shape.THREE: 'three'>)
    """
    if width < 60 or height < 15:
        return Shape.TINY
    if width >= 160 and height >= 45:
        return Shape.THREE
    if width >= 120 and height >= 38:
        return Shape.GRID_TALL
    if width >= 120 and height >= 30:
        return Shape.GRID
    return Shape.ONE_TALL if height >= 30 else Shape.ONE
