"""Outcomes as pictures: a strip of shades per outcome over time."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from apiwatch.store.views import Mix
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.pictures.columns import slices

__all__ = ["OUTCOMES", "Strip", "outcome_strips", "shade"]

OUTCOMES = (
    ("ok", "ok", "good"),
    ("miss", "miss", "warn"),
    ("deny", "deny", "bad"),
    ("limit", "limited", "warn"),
    ("err", "err", "bad"),
    ("other", "neutral", "dim"),
)
"""Name on the screen, field of `Mix`, style."""

_STEPS = (0.005, 0.20, 0.50, 0.90)
"""Shares from which a strip is lighter, ..., full."""


class Strip(NamedTuple):
    """One outcome over time."""

    name: str
    part: int
    whole: int
    cells: str
    style: str


def shade(share: float, glyphs: Glyphs) -> str:
    """One cell for a share: blank below half a percent, full from nine tenths on."""
    return glyphs.shades[bisect_right(_STEPS, share)]


def outcome_strips(minutes: Sequence[Mix], width: int, most: int, glyphs: Glyphs) -> list[Strip]:
    """At most `most` outcomes that occur, in a fixed order; the rarest failures are left out first, then `ok`.

    A cell's shade says which share of the requests of its minutes had this outcome.
    """
    columns = slices(len(minutes), width)
    wholes = _sums([mix.requests for mix in minutes], columns)
    total = sum(mix.requests for mix in minutes)
    found: list[tuple[str, str, list[int]]] = []
    for name, field, style in OUTCOMES:
        values = list(map(attrgetter(field), minutes))
        if any(values):
            found.append((name, style, values))
    ranked = sorted(found, key=lambda one: (one[0] == "other", one[0] == "ok" and most < 2, -sum(one[2])))
    kept = {name for name, _, _ in ranked[: max(0, most)]}
    return [
        Strip(name, sum(values), total, _shades(_sums(values, columns), wholes, glyphs), style)
        for name, style, values in found
        if name in kept
    ]


def _sums(values: Sequence[int], columns: Sequence[tuple[int, int]]) -> list[int]:
    return [sum(values[start:stop]) for start, stop in columns]


def _shades(parts: Sequence[int], wholes: Sequence[int], glyphs: Glyphs) -> str:
    return "".join(
        [shade(part / whole, glyphs) if whole else " " for part, whole in zip(parts, wholes, strict=True)],
    )
