"""One route, and what the tree of routes keeps beside them: both are pieces of state."""

from typing import Final

import msgspec

from apiwatch.routes.known import Known, Origin
from apiwatch.routes.queries import QueryKey
from apiwatch.routes.roles import LOGIN, is_blind

__all__ = ["OTHER_HOSTS", "UNMATCHED", "Route", "TreeState", "classify"]

UNMATCHED: Final = "(unmatched)"
OTHER_HOSTS: Final = "(other)"
"""Host of the pseudo-route of hosts that are unknown and too many to have one each."""


class Route(msgspec.Struct, gc=False):
    """One learned route, or the pseudo-route of everything in a host that matched none."""

    id: int
    host: str
    method: str
    template: str
    label: str
    """`METHOD /template`."""
    prefix: str
    """Template up to its first parameter: `/v1/users` of `/v1/users/{int}`."""
    roles: tuple[str, ...]
    is_login: bool
    first_seen: float
    last_seen: float
    matched: bool = True
    """False for the pseudo-route."""
    is_blind: bool = False
    """Whether it looks up or changes accounts that the log does not name."""
    lets_nobody_in: bool = False
    """Whether it answers people who did not log in: a form or a file of a page."""
    requests: int = 0
    queries: dict[str, QueryKey] = msgspec.field(default_factory=dict)
    """Query keys whose behaviour is watched."""
    origin: Origin = "learned"
    deprecated: bool = False
    """Whether an OpenAPI file says that nobody should use it any more."""
    collapsed: bool = False
    """Whether it took the place of routes that turned out to be one."""


class TreeState(msgspec.Struct, gc=False):
    """What the tree knows beside its routes: kept as one piece of state."""

    next_id: int = 1
    pending: dict[str, int] = msgspec.field(default_factory=dict)
    """Key of a route that was answered once."""
    slugs: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Prefix whose untyped children are one route -> the literal children that stay beside it."""


def classify(route: Route, known: Known | None) -> None:
    """Note where a route comes from, and what its operation says about it."""
    route.origin = "learned" if known is None else known.origin
    operation = None if known is None else known.operation
    route.deprecated = operation is not None and operation.deprecated
    if operation is not None and operation.roles:
        route.roles = tuple(sorted({*route.roles, *operation.roles}))
        route.is_login = LOGIN in route.roles
        route.is_blind = is_blind(route.method, route.template, route.roles)
