"""The one place that knows plotext: a timeline with axes."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

__all__ = ["load", "timeline_plot"]

_LOCK = threading.Lock()
_RESET = "\x1b[0m"


def load() -> None:
    """Import plotext ahead of the first plot; for a thread, since it takes longer than a key press may."""
    import plotext  # noqa: F401


def timeline_plot(minutes: Sequence[int], values: Sequence[int], width: int, height: int) -> list[str]:
    """A line chart from 0 with axes, as `height` lines of `width` cells without colours; [] when there are no values.

    `minutes` are minutes since the epoch, in order, one per value. Source of the calls: plotext 6.1, whose figure is
    one object for the whole process.
    """
    if not values or width < 20 or height < 4:
        return []
    import plotext

    first = minutes[0]
    xs = [minute - first for minute in minutes]
    peak = max(1, *values)
    marks = sorted({xs[0] + (xs[-1] - xs[0]) * step // 4 for step in range(5)})
    with _LOCK:
        plotext.terminal.limit(False, False)
        figure = plotext.figure
        figure.clear()
        figure.plot_size(width, height)
        figure.theme("colorless")
        figure.canvas("default")
        figure.ruler("y").lim(0, peak)
        rows = min(4, height - 3, peak)
        levels = sorted({round(peak * step / rows) for step in range(rows + 1)})
        figure.ruler("y").ticks(levels, [str(level) for level in levels])
        figure.ruler("x").ticks(marks, [_hour(first + mark) for mark in marks])
        figure.draw(figure.signal(xs, list(values), marker="braille").lines())
        drawn: str = figure.build().string()
    return [text.replace(_RESET, "") for text in drawn.split("\n") if text.replace(_RESET, "").strip()][:height]


def _hour(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%H:%M")
