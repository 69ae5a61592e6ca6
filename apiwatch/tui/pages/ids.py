"""Which objects somebody tried, and how many of them exist: in numbers, and over time as a picture."""

from collections.abc import Sequence
from typing import Protocol

from apiwatch.store.views import SuspectView
from apiwatch.tui.cells import clock, count
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.pages.parts import section, some
from apiwatch.tui.pictures import IdPoint, scatter

__all__ = ["AskedId", "id_sections"]

_SCATTER_LINES = 10
_WALKS = ("enumeration", "scraping")


class AskedId(IdPoint, Protocol):
    """An object that somebody asked for, and where: a `store.views.PointView` is one."""

    @property
    def principal(self) -> str:
        """Who asked."""

    @property
    def route(self) -> str:
        """Route label."""

    @property
    def parameter(self) -> str:
        """Name of the parameter that holds the id."""

    @property
    def ordered(self) -> bool:
        """Whether ids have an order; otherwise their numbers are as good as random."""

    @property
    def stride(self) -> int:
        """Objects that this one stands for."""


def id_sections(
    suspects: Sequence[SuspectView],
    points: Sequence[AskedId],
    width: int,
    glyphs: Glyphs,
    *,
    principal: str = "",
    most: int = 1,
) -> list[Line]:
    """Sections about the `most` routes on which a principal tried most ids; [] where no test says that it tries any.

    `points` may hold those of others, who stand dimmed in the same picture. Without a `principal` it is whoever tried
    most.
    """
    groups: dict[tuple[str, str, str], list[AskedId]] = {}
    for point in points:
        groups.setdefault((point.route, point.parameter, point.principal), []).append(point)
    mine = [key for key in groups if principal in ("", key[2])]
    mine.sort(key=lambda key: -len(groups[key]) * groups[key][0].stride)
    tests = [view for view in suspects if view.family in _WALKS and view.objects]
    drawn: list[Line] = []
    for route, parameter, who in mine[:most]:
        same = [key for key in groups if key[:2] == (route, parameter) and key[2] != who]
        others = [point for key in same for point in groups[key]]
        known = [view for view in tests if (view.route, view.principal) == (route, who)]
        drawn += [section(f"ids tried on {route}", width, glyphs), *_numbers(known, width)]
        drawn += _picture(groups[route, parameter, who], others, width, glyphs)
    if not drawn and tests:
        drawn += [section(f"ids tried on {tests[0].route}", width, glyphs), *_numbers(tests, width)]
    return drawn


def _numbers(tests: Sequence[SuspectView], width: int) -> list[Line]:
    if not tests:
        return []
    test = max(tests, key=lambda view: view.objects)
    text = f"{some(test.objects, 'id')}: {count(test.successes)} found, {count(test.failures)} not found"
    return wrap(text, width, first=" ", rest="   ")


def _picture(points: Sequence[AskedId], others: Sequence[AskedId], width: int, glyphs: Glyphs) -> list[Line]:
    ordered = all(point.ordered for point in points)
    stride = max(point.stride for point in points)
    sampled = stride > 1
    said = [f"one in {stride} is shown"] if sampled else []
    first = min((point for point in points if point.found), key=lambda point: point.time, default=None)
    if first:
        when = f"first found {'about ' if sampled else ''}{clock(first.time)}"
        said.append(f"{when}, {'near ' if sampled else ''}id {first.number}" if ordered else when)
    if not ordered:
        said.append("these ids have no order")
    drawn = wrap("; ".join(said), width, first=" ", rest="   ", style="dim") if said else []
    return [*drawn, *scatter(points, width, _SCATTER_LINES, glyphs, others=others, numbered=ordered)]
