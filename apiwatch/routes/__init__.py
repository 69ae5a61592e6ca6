"""Path templates, object identifiers and the learned table of routes."""

from apiwatch.routes.known import Origin
from apiwatch.routes.openapi import Specification
from apiwatch.routes.queries import holds_no_object, query_params
from apiwatch.routes.roles import roles_of
from apiwatch.routes.route import OTHER_HOSTS, UNMATCHED, Route, TreeState
from apiwatch.routes.segments import Param, Typed, param, typed_path
from apiwatch.routes.tree import Routes
from apiwatch.routes.values import identity, number

__all__ = [
    "OTHER_HOSTS",
    "UNMATCHED",
    "Origin",
    "Param",
    "Route",
    "Routes",
    "Specification",
    "TreeState",
    "Typed",
    "holds_no_object",
    "identity",
    "number",
    "param",
    "query_params",
    "roles_of",
    "typed_path",
]
