"""Bars that lie: outcomes, and histograms of a selection."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from apiwatch.store.views import Mix
from apiwatch.tui.cells import amount, count, share
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, cut_middle, fit, fit_line, line
from apiwatch.tui.measured import measured
from apiwatch.tui.pictures.outcomes import OUTCOMES
from apiwatch.tui.pictures.spark import bar

__all__ = ["Bar", "bars", "duration", "gap_histogram", "id_histogram", "outcome_bars"]

_GAP_EDGES = tuple(step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5))
_MOST_NAME = 44


class Bar(NamedTuple):
    """One bar."""

    name: str
    number: int
    style: str = "accent"


def bars(items: Sequence[Bar], width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """`height` lines with name, share, number and a bar each, all to one scale from 0.

    When there are too many the smallest ones are one bar, in the last line.
    """
    if height <= 0:
        return []
    shown = list(items)
    if len(items) > height:
        kept = set(sorted(range(len(items)), key=lambda index: -items[index].number)[: height - 1])
        rest = sum(item.number for index, item in enumerate(items) if index not in kept)
        shown = [item for index, item in enumerate(items) if index in kept]
        shown.append(Bar(f"{len(items) - len(kept)} more", rest, "dim"))
    whole = sum(item.number for item in shown)
    peak = max((item.number for item in shown), default=0)
    longest = max((cell_len(measured(item.name)) for item in shown), default=0)
    name_cells = min(longest, _MOST_NAME, max(4, width // 2 - 8))
    drawn: list[Line] = []
    for item in shown:
        name = fit(cut_middle(item.name, name_cells), name_cells)
        head = f" {name} {share(item.number, whole)} {count(item.number):>5} "
        drawn.append(fit_line(line(head, Piece(bar(item.number, peak, width - len(head), glyphs), item.style)), width))
    return drawn + [()] * (height - len(drawn))


def outcome_bars(mix: Mix) -> list[Bar]:
    """The outcomes that occur."""
    return [Bar(name, number, style) for name, field, style in OUTCOMES if (number := int(getattr(mix, field)))]


def gap_histogram(gaps: Sequence[float], most: int, *, whole: bool = False) -> list[Bar]:
    """Seconds between requests, counted in at most `most` steps that grow like 1, 2, 5, 10.

    `whole`: the log writes whole seconds, so that a gap below one is not known.
    """
    if not gaps:
        return []
    within = [Bar("in the same second", sum(gap < 1 for gap in gaps))] if whole and min(gaps) < 1 else []
    gaps = [gap for gap in gaps if not within or gap >= 1]
    if not gaps:
        return within
    most -= len(within)
    found = _counted([bisect_right(_GAP_EDGES, gap) for gap in gaps])
    low, high = min(found), max(found)
    factor = max(1, -(-(high - low + 1) // max(1, most)))
    bins = within
    for begin in range(low, high + 1, factor):
        stop = min(begin + factor, len(_GAP_EDGES) + 1)
        number = sum(found.get(index, 0) for index in range(begin, stop))
        bins.append(Bar(_between(begin, stop), number))
    return bins


def _between(begin: int, stop: int) -> str:
    """The gaps that are in the bins `begin` to `stop` - 1."""
    if stop > len(_GAP_EDGES):
        return f"over {duration(_GAP_EDGES[begin - 1])}"
    until = duration(_GAP_EDGES[stop - 1])
    return f"{duration(_GAP_EDGES[begin - 1])} to {until}" if begin > 0 else f"under {until}"


def id_histogram(ordinals: Sequence[int], most: int, label: Callable[[int], str] = str) -> list[Bar]:
    """Ids, counted in at most `most` ranges of equal length; ids of any size."""
    if not ordinals or most <= 0:
        return []
    low, high = min(ordinals), max(ordinals)
    size = max(1, -(-(high - low + 1) // most))
    found = _counted([(ordinal - low) // size for ordinal in ordinals])
    bins: list[Bar] = []
    for index in range((high - low) // size + 1):
        begin = low + index * size
        name = label(begin) if size == 1 else f"{label(begin)} to {label(min(high, begin + size - 1))}"
        bins.append(Bar(name, found.get(index, 0)))
    return bins


def _counted(indexes: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for index in indexes:
        found[index] = found.get(index, 0) + 1
    return found


def duration(seconds: float) -> str:
    """A short time with its unit: '28 ms', '2 s', '50 min'."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 10 or seconds == int(seconds) else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{amount(seconds / 3600)} h"
