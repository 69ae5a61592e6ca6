"""A timeline as bars of text: one line per bin, drawn from 0."""

from collections.abc import Sequence

from apiwatch.report.wording import clock
from apiwatch.store.views import MinuteView

__all__ = ["bars"]

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10_080, 43_200)
_MOST = 40
_WIDTH = 50


def bars(timeline: Sequence[MinuteView]) -> list[str]:
    """At most 40 lines over all minutes of a timeline, oldest first; `#` got what it asked for, `x` did not."""
    if not timeline:
        return ["no minute of it is kept in the state file"]
    first, last = timeline[0].minute, timeline[-1].minute
    step = next((step for step in _STEPS if last // step - first // step < _MOST), (last - first) // (_MOST - 1) + 1)
    bins: dict[int, tuple[int, int]] = dict.fromkeys(range(first // step, last // step + 1), (0, 0))
    for view in timeline:
        all_, bad = bins[view.minute // step]
        bins[view.minute // step] = all_ + view.mix.requests, bad + view.mix.failed
    peak = max((number for number, _ in bins.values()), default=0)
    drawn = [
        f"{clock(place * step)} {number:>9,}  {_bar(number, bad, peak)}".rstrip()
        for place, (number, bad) in bins.items()
    ]
    minutes = "minute" if step == 1 else f"{step} minutes"
    return [f"requests per {minutes}; # got what it asked for, x missing, refused, limited or broken", *drawn]


def _bar(number: int, bad: int, peak: int) -> str:
    length = max(1, round(_WIDTH * number / peak)) if number and peak else 0
    crosses = min(length, max(1, round(length * bad / number))) if bad else 0
    return "#" * (length - crosses) + "x" * crosses
