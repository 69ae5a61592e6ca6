"""How regular requests come: a program keeps a beat, people do not."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles

from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit_line, line_width
from apiwatch.tui.pictures.bars import duration
from apiwatch.tui.pictures.spark import spark

__all__ = ["gaps_of", "regularity"]

_LEAST = 4
_ENOUGH = 20
_REGULAR = 0.25
"""Spread as a share of the gap below which requests come like a clock."""
_CHART_CELLS = 16
_SHOWN = 0.95
"""Share of the gaps that the histogram shows: the longest ones are pauses."""


def gaps_of(times: Sequence[float]) -> list[float]:
    """Seconds between requests at `times`, in any order."""
    ordered = sorted(times)
    return [after - before for before, after in pairwise(ordered)]


def regularity(times: Sequence[float], width: int, glyphs: Glyphs) -> Line:
    """One line: the middle gap between requests, its spread (half of the gaps are that close), and a small histogram.

    A log that writes whole seconds cannot show gaps below one: the line gives the mean then, and says so.
    """
    gaps = gaps_of(times)
    if len(gaps) < _LEAST:
        return fit_line((Piece("gap unknown: too few requests", "dim"),), width)
    low, middle, high = quantiles(gaps, n=4, method="inclusive")
    mean = sum(gaps) / len(gaps)
    if mean < 2 and all(time == int(time) for time in times):
        text, style = f"gap {duration(mean)} on average; the log writes whole seconds", ""
    else:
        text, style = f"gap {duration(middle)}, spread {duration(high - low)}", ""
        if len(gaps) >= _ENOUGH and high - low <= _REGULAR * middle:
            text, style = f"{text}: like a clock", "warn"
    top = sorted(gaps)[int(len(gaps) * _SHOWN)]
    bins = [0] * _CHART_CELLS
    for gap in gaps:
        if gap <= top:
            bins[min(_CHART_CELLS - 1, int(_CHART_CELLS * gap / top)) if top > 0 else 0] += 1
    chart = Piece(spark(bins, _CHART_CELLS, glyphs), "accent")
    shown = (Piece(text, style), Piece("   0 ", "dim"), chart, Piece(f" {duration(top)}", "dim"))
    return fit_line(shown if line_width(shown) <= width else shown[:1], width)
