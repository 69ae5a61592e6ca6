"""Which arrangement fits a terminal of a size."""

from enum import StrEnum

__all__ = ["Shape", "shape_of"]


class Shape(StrEnum):
    """Arrangements, smallest first."""

    TINY = "tiny"
    """One status line."""
    ONE = "one"
    """The list, and one line about its row."""
    ONE_TALL = "one-tall"
    """The list, and several lines about its row; too narrow for more."""
    TWO = "two"
    """The list above, the detail of its row below."""
    THREE = "three"
    """List and detail on the left; timeline, alert feed, newest requests and block queue on the right."""


def shape_of(width: int, height: int) -> Shape:
    """The arrangement for a terminal of `width` x `height` cells.

    >>> shape_of(80, 24), shape_of(120, 40), shape_of(59, 40), shape_of(200, 60)
    (<Shape.ONE: 'one'>, <Shape.TWO: 'two'>, <Shape.TINY: 'tiny'>, <Shape.THREE: 'three'>)
    """
    if width < 60 or height < 15:
        return Shape.TINY
    if width >= 160 and height >= 45:
        return Shape.THREE
    if width >= 120 and height >= 30:
        return Shape.TWO
    return Shape.ONE_TALL if height >= 30 else Shape.ONE
