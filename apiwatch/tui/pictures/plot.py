"""The one place that knows plotext: a line of braille dots between axes."""

import threading
from collections.abc import Mapping, Sequence

__all__ = ["line_plot"]

_LOCK = threading.Lock()
_RESET = "\x1b[0m"


def line_plot(
    values: Sequence[int],
    peak: float,
    width: int,
    height: int,
    levels: Mapping[float, str],
    marks: Mapping[int, str],
) -> list[str]:
    """A line through `values` from 0 to `peak`, as `height` lines of `width` cells without colours.

    `levels` are the labels of the upright axis, equally wide so that it stays in its place; `marks` are those of the
    other one, by the index of a value. The last two lines are that axis and its labels. [] when there is no room or
    nothing to draw. Source of the calls: plotext 6.1, whose figure is one object for the whole process.
    """
    if len(values) < 2 or width < 20 or height < 4:
        return []
    import plotext

    with _LOCK:
        plotext.terminal.limit(False, False)
        figure = plotext.figure
        figure.clear()
        figure.plot_size(width, height)
        figure.theme("colorless")
        figure.canvas("default")
        figure.axes(False, axis="both", side=1)
        figure.ruler("y").lim(0, peak)
        figure.ruler("y").ticks(list(levels), list(levels.values()))
        figure.ruler("x").lim(0, len(values) - 1)
        figure.ruler("x").ticks(list(marks), list(marks.values()))
        figure.draw(figure.signal(list(range(len(values))), list(values), marker="braille").lines())
        drawn: str = figure.build().string()
    lines = [text.replace(_RESET, "") for text in drawn.split("\n")]
    return [text for text in lines if text.strip()][:height]
