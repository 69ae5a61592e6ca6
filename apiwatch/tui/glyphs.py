"""The few drawing characters, in Unicode and in ASCII."""

from typing import NamedTuple

__all__ = ["ASCII", "UNICODE", "Glyphs"]


class Glyphs(NamedTuple):
    """Characters of rules, charts and bars, one cell each."""

    rule: str
    bar: str
    gutter: str
    levels: str
    """A chart's cell from empty to full, eight steps or more."""
    steps: str
    """A one-line chart's cell from nothing to the peak."""
    shades: str
    """A strip's cell from nothing to all, five steps."""
    corner: str
    """Where the two axes of a chart meet."""
    plain: bool
    """Nothing beyond ASCII may be drawn."""


UNICODE = Glyphs(
    rule="\u2500",
    bar="\u2588",
    gutter="\u2502",
    levels=" \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588",
    steps=" \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588",
    shades=" \u2591\u2592\u2593\u2588",
    corner="\u2514",
    plain=False,
)
ASCII = Glyphs(
    rule="-",
    bar="#",
    gutter="|",
    levels=" ..::==##",
    steps=" .:-=+*#",
    shades=" .:*#",
    corner="+",
    plain=True,
)
