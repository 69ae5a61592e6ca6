"""The views of the number keys, in their order; each module says what one of them asks the store."""

from apiwatch.tui.views.alerts import ALERTS
from apiwatch.tui.views.auth import AUTH
from apiwatch.tui.views.base import LIMIT, Found, Panel, Query, View
from apiwatch.tui.views.block import ALLOWED, BLOCK, QUEUE
from apiwatch.tui.views.clients import CLIENTS
from apiwatch.tui.views.inventory import INVENTORY
from apiwatch.tui.views.live import LIVE
from apiwatch.tui.views.routes import ROUTES
from apiwatch.tui.views.sources import SOURCES

__all__ = ["ALLOWED", "LIMIT", "QUEUE", "VIEWS", "Found", "Panel", "Query", "View"]

VIEWS = (ALERTS, CLIENTS, ROUTES, AUTH, INVENTORY, LIVE, BLOCK, SOURCES)
"""In the order of their digits."""
