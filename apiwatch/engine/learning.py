"""Learning from old logs: routes, owners and what is usual stay, what anybody may have done is forgotten."""

from apiwatch.detect.crowds import Cusum
from apiwatch.detect.state import RouteState
from apiwatch.engine.landing import calm, calm_rate
from apiwatch.engine.operators import Operators

__all__ = ["Learning"]


class Learning(Operators):
    """The engine's mode for history, which is part of its state."""

    def begin_learning(self) -> None:
        """Raise nothing from here on; whoever gives a signal still does not shape what is usual."""
        self.desk.learning = self.desk.dirty = True

    def end_learning(self) -> None:
        """Watch from here on: every test begins anew for every client, with what was learned about all of them.

        Nothing happens when nothing was learned. Call it when the lines that follow are not old ones any more, also on
        state that an interrupted `learn` has left.
        """
        if not self.desk.learning:
            return
        self.desk.learning = False
        self.desk.dirty = True
        for principal in self.principals.values():
            calm(principal)
            self.touch_principal(principal)
        for principal in self.evicted_principals:
            calm(principal)
        for account in self.accounts.values():
            if account.failures:
                account.failures, account.samples = [], []
                self._touch_account(account, account.last)
        self.inventory.learned(self.globals.watermark)
        self.inventory_changed = True
        self.watched.clear()
        for client in self.clients.values():
            if client.rate is not None:
                calm_rate(client.rate)
                self.touch_client(client)
        for route in self.route_states.values():
            _quieten(route)
            self.touch_route(route)


def _quieten(route: RouteState) -> None:
    population = route.population
    if population is not None:
        population.period = population.campaign = None
        population.openings, population.clusters = [], {}
        for cusum in population.tests:
            _rest(cusum)
    if route.flow is not None:
        route.flow.pending, route.flow.members = {}, {}
        _rest(route.flow.cusum)
    if route.errors is not None:
        route.errors.score = route.errors.quiet_until = 0.0
    calm_rate(route.rate)


def _rest(cusum: Cusum) -> None:
    cusum.score = cusum.quiet_until = 0.0
