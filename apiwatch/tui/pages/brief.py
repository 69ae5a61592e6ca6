"""What stands below the detail of a row where there is room: its client in a few pictures."""

from apiwatch.store.views import ClientDetail
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line
from apiwatch.tui.pages.parts import facet_list, halves, outcome_section, pair, route_list, timeline_section

__all__ = ["brief_page"]

_ROUTES, _AGENTS = 6, 3


def brief_page(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    """Minutes, routes, outcomes and user agents of a client, for a width."""
    left, right = halves(width)
    routes = route_list(
        detail.routes[:_ROUTES], left, glyphs, f"routes of {detail.row.client}, {len(detail.routes)} seen"
    )
    said = outcome_section(detail.total, right, glyphs)
    said += facet_list("user agents", detail.user_agents, right, now, glyphs, _AGENTS)
    drawn = timeline_section(detail.timeline, width, glyphs, now=now, alerts=detail.alerts, tall=8)
    return [*pair(routes, said, width), *drawn]
