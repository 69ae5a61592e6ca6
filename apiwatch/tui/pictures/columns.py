"""Minutes folded into the columns of a picture, and where on a picture a time or a number stands."""

from collections.abc import Sequence
from datetime import UTC, datetime

from apiwatch.store.views import MinuteView, Mix
from apiwatch.tui.line import Line, Piece

__all__ = ["column_of", "hour", "minutes_of", "mixes", "per_minute", "resample", "slices", "time_axis"]

_NONE = Mix()
_LAST_MINUTE = 253_402_300_740 // 60
_LABEL_EVERY = 16


def mixes(timeline: Sequence[MinuteView], first: int, minutes: int) -> list[Mix]:
    """What was asked in each of `minutes` minutes from `first` on; absent minutes are empty."""
    found = {view.minute: view.mix for view in timeline}
    return [found.get(minute, _NONE) for minute in range(first, first + minutes)]


def minutes_of(requests: Sequence[int], last: int) -> tuple[MinuteView, ...]:
    """Minutes up to `last` of which only the number of requests is known; () when there was none."""
    first = last - len(requests) + 1
    return tuple(MinuteView(first + index, Mix(requests=number)) for index, number in enumerate(requests) if number)


def per_minute(timeline: Sequence[MinuteView], minutes: int) -> list[int]:
    """Requests of each of the last `minutes` minutes up to the newest one, oldest first; absent minutes are 0."""
    if not timeline:
        return []
    return [mix.requests for mix in mixes(timeline, timeline[-1].minute - minutes + 1, minutes)]


def slices(length: int, width: int) -> list[tuple[int, int]]:
    """First and last + 1 of the values that each of `width` columns shows; none of them is empty."""
    if length <= 0:
        return []
    edges = [column * length // width for column in range(width + 1)]
    return [(edges[i], max(edges[i + 1], edges[i] + 1)) for i in range(width)]


def resample(values: Sequence[int], width: int) -> list[int]:
    """`values` stretched or folded to `width` columns; a folded column shows its largest value."""
    length = len(values)
    if length == width:
        return list(values)
    if 0 < length < width:
        return [values[column * length // width] for column in range(width)]
    return [max(values[start:stop]) for start, stop in slices(length, width)]


def column_of(place: float, whole: float, width: int) -> int:
    """Column of a place between 0 and `whole`; -1 outside."""
    if whole <= 0 or not 0 <= place <= whole:
        return -1
    return min(width - 1, int(place * width / whole))


def hour(minute: int) -> str:
    """Time of day of a minute since the epoch, in UTC: '14:02'."""
    return datetime.fromtimestamp(min(max(0, minute), _LAST_MINUTE) * 60, UTC).strftime("%H:%M")


def time_axis(first: int, minutes: int, width: int, end: str) -> Line:
    """`width` cells with the time of day at even distances, and `end` (or the time there) at the right."""
    right = (end or hour(first + minutes - 1))[:width]
    text = ""
    steps = max(1, (width - len(right)) // _LABEL_EVERY)
    for step in range(steps):
        column = step * width // steps
        label = hour(first + column * minutes // max(1, width))
        if column + len(label) + 1 > width - len(right):
            break
        text = text.ljust(column) + label
    return (Piece(text.ljust(width - len(right)) + right, "dim"),)
