"""Texts to scroll through, one module per page: pure functions from what the store says to lines, for a width."""

from apiwatch.tui.pages.alert import why_page
from apiwatch.tui.pages.brief import brief_page
from apiwatch.tui.pages.campaign import campaign_page
from apiwatch.tui.pages.client import client_page
from apiwatch.tui.pages.histogram import histogram_page
from apiwatch.tui.pages.lines import evidence_lines, lines_page
from apiwatch.tui.pages.overview import overview_page
from apiwatch.tui.pages.route import route_page
from apiwatch.tui.pages.source import source_page
from apiwatch.tui.pages.user import user_page

__all__ = [
    "brief_page",
    "campaign_page",
    "client_page",
    "evidence_lines",
    "histogram_page",
    "lines_page",
    "overview_page",
    "route_page",
    "source_page",
    "user_page",
    "why_page",
]
