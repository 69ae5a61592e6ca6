"""What the palette finds beside the list in sight: who and what the window knows, wherever it is shown."""

from collections.abc import Mapping

from apiwatch.model import SEVERITIES, Alert
from apiwatch.store.protocol import Reader
from apiwatch.tui.commands import Kind
from apiwatch.tui.views import LIMIT

__all__ = ["Findable", "findable"]

Findable = Mapping[Kind, Mapping[str, str]]
"""Kind -> name -> what is said beside it; '' for what its command says."""

_ROUTES = 1_000


async def findable(reader: Reader, window_minutes: int, now: float, at: float) -> Findable:
    """Open alerts, routes, and the clients, users and user agents that stand out in a window. Raises StoreError."""
    alerts = await reader.alerts(limit=LIMIT)
    routes = await reader.routes(limit=_ROUTES, window_minutes=window_minutes, at=at)
    clients = await reader.clients(window_minutes, limit=LIMIT, now=now, at=at)
    users = await reader.groups("user", window_minutes, limit=LIMIT, at=at)
    agents = await reader.groups("user_agent", window_minutes, limit=LIMIT, at=at)
    named = [address for view in alerts for address in (view.alert.client, *view.alert.clients[:LIMIT])]
    principals = [view.alert.principal for view in alerts]
    return {
        Kind.ALERT: {view.alert.id: _told(view.alert) for view in alerts},
        Kind.ROUTE: dict.fromkeys((view.route for view in routes), ""),
        Kind.CLIENT: dict.fromkeys((*filter(None, named), *(view.client for view in clients)), ""),
        Kind.USER: dict.fromkeys((*_users(principals), *(view.value for view in users)), ""),
        Kind.AGENT: dict.fromkeys((view.value for view in agents), ""),
    }


def _told(alert: Alert) -> str:
    return f"{SEVERITIES[alert.severity]} {alert.detector} {alert.client}  {alert.title}"


def _users(principals: list[str]) -> list[str]:
    return [name.removeprefix("user:") for name in principals if name.startswith("user:")]
