"""A selection in pictures: its minutes, outcomes, statuses, the gaps between its requests."""

from collections import Counter
from collections.abc import Sequence

from apiwatch.store.views import AlertView, LineView, MinuteView, Mix, PointView
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.pages.parts import halves, outcome_section, pair, section, timeline_section
from apiwatch.tui.pictures import Bar, bars, gap_histogram, gaps_of, id_histogram, regularity

__all__ = ["histogram_page"]

_BARS = 12


def histogram_page(
    timeline: Sequence[MinuteView],
    total: Mix,
    lines: Sequence[LineView],
    width: int,
    now: float,
    glyphs: Glyphs,
    *,
    points: Sequence[PointView] = (),
    alerts: Sequence[AlertView] = (),
    whole: bool = True,
) -> list[Line]:
    """For a width; `timeline` and `total` are the store's counts, `lines` the newest requests, newest first.

    `whole`: none is left out between the first of these and the last. `alerts` are marked where they opened. `points`
    are ids that were asked for; those of the busiest route are counted in ranges.
    """
    text = width - 1
    left, right = halves(text)
    drawn = timeline_section(timeline, text, glyphs, now=now, alerts=alerts) if timeline else []
    times = [view.time for view in reversed(lines)]
    gaps = [section(f"gaps between the newest {len(lines)} requests", left, glyphs)]
    if not whole:
        gaps = [section(f"{len(lines)} of its newest requests are kept, with gaps", left, glyphs)]
        gaps.append(line(Piece(" how regular they come is not known", "dim")))
    elif len(times) > 1:
        gaps += [(Piece(" "), *regularity(times, left - 1, glyphs))]
        seconds = all(time == int(time) for time in times)
        gaps += bars(gap_histogram(gaps_of(times), _BARS, whole=seconds), left, _BARS, glyphs)
    else:
        gaps.append(line(Piece(" fewer than two are kept", "dim")))
    routes = Counter(view.route for view in lines).most_common(_BARS)
    statuses = Counter(str(view.status) for view in lines).most_common(_BARS)
    said = outcome_section(total, right, glyphs) if total.requests else []
    said += [section("statuses of the newest", right, glyphs), *_counted(statuses, right, glyphs)]
    drawn += pair(gaps, said, text)
    drawn += _ids(points, text, glyphs)
    return [*drawn, section("routes of the newest", text, glyphs), *_counted(routes, text, glyphs)]


def _ids(points: Sequence[PointView], width: int, glyphs: Glyphs) -> list[Line]:
    ordered = [view for view in points if view.ordered]
    if not ordered:
        return []
    (route, parameter), _number = Counter((view.route, view.parameter) for view in ordered).most_common(1)[0]
    numbers = [view.number for view in ordered if (view.route, view.parameter) == (route, parameter)]
    title = f"ids tried on {route}, {len(numbers)} kept"
    ranges = id_histogram(numbers, _BARS)
    return [section(title, width, glyphs), *bars(ranges, width, len(ranges), glyphs)]


def _counted(found: Sequence[tuple[str, int]], width: int, glyphs: Glyphs) -> list[Line]:
    if not found:
        return [line(Piece(" none", "dim"))]
    return bars([Bar(name, number) for name, number in found], width, len(found), glyphs)
