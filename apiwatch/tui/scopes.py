"""What a scope is called: on the view row, and on the way that the foot shows."""

from apiwatch.store.scope import Scope
from apiwatch.tui.measured import measured

__all__ = ["scope_crumb", "scope_name"]

_LONGEST = 48


def scope_name(scope: Scope) -> str:
    """Name of the summary of a scope: 'Client', 'Alert' ..., 'Overview' for everything."""
    kinds = (
        (scope.client, "Client"),
        (scope.alert, "Alert"),
        (scope.route, "Route"),
        (scope.user, "User"),
        (scope.net, "Network"),
        (scope.agent, "Agent"),
    )
    return next((name for value, name in kinds if value), "Overview")


def scope_crumb(scope: Scope) -> str:
    """The scope itself in a few words; '' for everything."""
    if scope.alert:
        return f"alert {scope.alert[:12]}"
    if scope.user:
        return f"user {measured(scope.user, _LONGEST)}"
    if scope.agent:
        return f"agent {measured(scope.agent, _LONGEST)}"
    return measured(scope.client or scope.route or scope.net, _LONGEST)
