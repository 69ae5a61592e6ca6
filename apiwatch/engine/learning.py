"""Learning from old logs: routes, owners and what is usual stay, what anybody may have done is forgotten."""

from apiwatch.detect.crowds import Cusum
from apiwatch.detect.state import Principal, RouteState
from apiwatch.detect.volume.rates import Rate
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
            _calm(principal)
            self.touch_principal(principal)
        for principal in self.evicted_principals:
            _calm(principal)
        for account in self.accounts.values():
            if account.failures:
                account.failures, account.samples = [], []
                self._touch_account(account, account.last)
        self.inventory.learned(self.globals.watermark)
        self.inventory_changed = True
        self.watched.clear()
        for client in self.clients.values():
            if client.rate is not None:
                _calm_rate(client.rate)
                self.touch_client(client)
        for route in self.route_states.values():
            _quieten(route)
            self.touch_route(route)


def _calm(principal: Principal) -> None:
    principal.signals.clear()
    principal.reached = False
    principal.renewed_at.clear()
    principal.alerts.clear()
    principal.points, principal.score, principal.listed = "[]", 0, False
    principal.log_ins.clear()
    principal.recon = principal.probes = principal.recovery = principal.identity = principal.foreign = None
    principal.newcomer = principal.versions = principal.errors = principal.time = None
    for large in (principal.large or {}).values():
        large.score, large.hits, large.bytes, large.samples = 0.0, 0, 0, []
    for track in principal.tracks.values():
        track.step = track.miss = track.ratio = 0.0
        track.moves = track.near = track.miss_hits = track.miss_seen = track.missed = track.found = 0
        for window in track.windows or ():
            window.distinct, window.total, window.unpopular = [0, 0], [0, 0], [0, 0]
        track.listed = False
        track.samples = []


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
    _calm_rate(route.rate)


def _rest(cusum: Cusum) -> None:
    cusum.score = cusum.quiet_until = 0.0


def _calm_rate(rate: Rate | None) -> None:
    if rate is not None:
        rate.run, rate.due, rate.samples = 0, None, []
