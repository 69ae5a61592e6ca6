"""Object ids over time: somebody who walks through them is a line, a user is a cloud."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from apiwatch.tui.cells import clock, count
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, cut_middle, fit_line, line_width, merged
from apiwatch.tui.pictures.columns import column_of

__all__ = ["IdPoint", "Point", "scatter"]

_FOUND, _MISSED, _OTHER = "o", ".", "-"
_ABOVE, _BELOW = "^", "v"
_STYLES = {_FOUND: "bad", _MISSED: "", _OTHER: "dim", _ABOVE: "warn", _BELOW: "warn"}
_ORDER = f" {_OTHER}{_MISSED}{_BELOW}{_ABOVE}{_FOUND}"
_MOST_GUTTER = 20
_QUANTILE = 0.05
_FAR = 4
"""Ids are left out of sight when the picture would be this many times higher with them than with nine tenths."""
_ENOUGH = 10
"""Points from which on some of them may be called far out."""


class IdPoint(Protocol):
    """One request for an object."""

    @property
    def time(self) -> float:
        """Seconds since the epoch."""

    @property
    def number(self) -> int:
        """The id as a number, or its place in another order; of any size."""

    @property
    def found(self) -> bool:
        """Whether the object exists and was shown."""


class Point(NamedTuple):
    """A point by itself."""

    time: float
    number: int
    found: bool


def scatter(
    points: Sequence[IdPoint],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    others: Sequence[IdPoint] = (),
    numbered: bool = True,
) -> list[Line]:
    """`height` lines: what the signs mean, the ids between two axes, the time of the first and the last.

    `o` is an object that was found, `.` one that was not, `-` what other clients asked for in the same range, `^` and
    `v` ids so far out that the others would be one row. Without `numbered` the ordinals are only an order, and no ids
    stand at the axis.
    """
    if not points:
        empty: list[Line] = [fit_line((Piece(" no ids are kept", "dim"),), width)]
        return (empty + [()] * height)[:height]
    low, high = _range([point.number for point in points])
    labels = (str(high), str(low)) if numbered else ("", "")
    gutter = min(max(len(label) for label in labels) + 1, _MOST_GUTTER, width // 3)
    room, tall = max(1, width - gutter - 1), max(0, height - 2)
    cells = _cells(points, others, low, high, room, tall)
    drawn = [_caption(points, others, low, high, width)]
    for number, row in enumerate(reversed(cells)):
        label = labels[0] if number == 0 else labels[1] if number == tall - 1 else ""
        head = f"{cut_middle(label, gutter - 1):>{gutter - 1}} " if gutter > 1 else " " * gutter
        signs = merged([Piece(sign, _STYLES.get(sign, "")) for sign in row])
        drawn.append((Piece(head + glyphs.gutter, "dim"), *signs))
    begin, end = (clock(time) for time in _times(points))
    axis = begin + end.rjust(room - len(begin)) if room > len(begin) + len(end) else begin
    drawn.append((Piece(f"{'':{gutter}}{glyphs.corner}{axis}", "dim"),))
    return [fit_line(row, width) for row in drawn[:height]]


def _times(points: Sequence[IdPoint]) -> tuple[float, float]:
    return min(point.time for point in points), max(point.time for point in points)


def _range(ordinals: Sequence[int]) -> tuple[int, int]:
    """Lowest and highest id in sight: all, unless a few of them would flatten the rest."""
    ordered = sorted(ordinals)
    low, high = ordered[0], ordered[-1]
    if len(ordered) < _ENOUGH:
        return low, high
    rank = max(1, int(len(ordered) * _QUANTILE))
    inner_low, inner_high = ordered[rank], ordered[-1 - rank]
    inner = inner_high - inner_low
    if inner <= 0 or high - low <= _FAR * inner:
        return low, high
    margin = inner // 4
    inside = [one for one in ordered if inner_low - margin <= one <= inner_high + margin]
    return inside[0], inside[-1]


def _cells(
    points: Sequence[IdPoint], others: Sequence[IdPoint], low: int, high: int, room: int, tall: int
) -> list[list[str]]:
    """Signs of the rows, lowest first; of several in one cell the one that tells most stays."""
    cells = [[" "] * room for _ in range(tall)]
    if not tall:
        return cells
    begin, end = _times(points)
    whole = end - begin

    def put(point: IdPoint, sign: str) -> None:
        column = column_of(point.time - begin, whole, room) if whole > 0 else room // 2
        if column < 0:
            return
        value = min(max(point.number, low), high)
        row = (value - low) * (tall - 1) // (high - low) if high > low else tall // 2
        sign = _ABOVE if point.number > high else _BELOW if point.number < low else sign
        if _ORDER.index(sign) > _ORDER.index(cells[row][column]):
            cells[row][column] = sign

    for other in others:
        if low <= other.number <= high:
            put(other, _OTHER)
    for point in points:
        put(point, _FOUND if point.found else _MISSED)
    return cells


def _caption(points: Sequence[IdPoint], others: Sequence[IdPoint], low: int, high: int, width: int) -> Line:
    found = sum(point.found for point in points)
    parts = [
        Piece(f"{_FOUND} found {count(found)}", "bad" if found else ""),
        Piece(f"{_MISSED} miss {count(len(points) - found)}"),
    ]
    seen = sum(low <= other.number <= high for other in others)
    if seen:
        parts.append(Piece(f"{_OTHER} others {count(seen)}", "dim"))
    for sign, word, far in (
        (_ABOVE, "up", [point.number for point in points if point.number > high]),
        (_BELOW, "down", [point.number for point in points if point.number < low]),
    ):
        if far:
            parts.append(Piece(f"{sign} {count(len(far))} far {word}", "warn"))
    shown: list[Piece] = []
    for part in parts:
        if line_width((*shown, part)) + 2 > width and shown:
            break
        shown += [Piece("  " if shown else " "), part]
    return tuple(shown)
