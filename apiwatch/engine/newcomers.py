"""The test on newcomers of closed routes, and the daily visits of routes that it rests on."""

from apiwatch.config import Settings
from apiwatch.detect.identity.newcomers import Newcomer, arrived, did_harm, is_closed, knows, visit
from apiwatch.detect.inventory.track import Inventory, RouteWatch, Visits
from apiwatch.detect.inventory.words import is_administration
from apiwatch.detect.kit import DAY
from apiwatch.detect.ownership import owner_of
from apiwatch.detect.popularity import ID_MASK, POPULAR
from apiwatch.detect.state import Principal, sample_of
from apiwatch.engine.accounts import AccountVerdicts
from apiwatch.engine.identity import SENSITIVE
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome

__all__ = ["NewcomerVerdicts"]

_OK = int(Outcome.OK)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_COUNT = 0b11
_WITHOUT_CIRCLE = SENSITIVE | {"search"}
"""Roles of routes that are there for everybody."""


class NewcomerVerdicts(AccountVerdicts):
    """The test on newcomers of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.inventory = Inventory()
        self.inventory_changed = False
        """Whether `inventory` differs from what was last taken."""

    def judge_visit(self, event: Event, principal: Principal, *, first: bool) -> None:
        """The first request of a client on a route today, or another one where a newcomer was refused before."""
        _, time, _, _, client, route, outcome = event
        settings = self.settings.detectors.newcomers
        visits = route.visits
        if visits is None:
            visits = route.visits = Visits()
        key = principal.key
        if knows(visits, key):
            if first and outcome == _OK:
                visit(visits, key, time, fresh=False)
            return
        fresh = time - principal.first < settings.first_seen and principal.first - self.inventory.start >= DAY
        if (
            fresh
            and settings.enabled
            and principal.kind != "nat"
            and not self.is_staff(client.address)
            and _WITHOUT_CIRCLE.isdisjoint(route.route.roles)
            and is_closed(visits, route.route.first_seen, sum(route.outcomes), time, settings)
        ):
            if outcome == _OK:
                self._arrived(event, principal, visits)
            elif route.inventory is None:
                route.inventory = RouteWatch(time + DAY)
        elif first and outcome == _OK and not principal.signals:
            visit(visits, key, time, fresh=fresh)

    def judge_user(self, event: Event) -> None:
        """See `IdentityVerdicts.judge_user`; another user of the same address is a visitor of his own."""
        super().judge_user(event)
        principal = self.principals.get(event[4].principal)
        if principal is not None and event[5].route.matched:
            self.judge_visit(event, principal, first=True)

    def judge_aftermath(self, event: Event) -> None:
        """See `IdentityVerdicts.judge_aftermath`; and what a newcomer does next."""
        super().judge_aftermath(event)
        principal = self.principals.get(event[4].principal)
        if principal is not None and principal.newcomer is not None:
            self._judge_harm(event, principal, principal.newcomer)

    def _arrived(self, event: Event, principal: Principal, visits: Visits) -> None:
        request, time, raw, source, _, route, _ = event
        newcomer = principal.newcomer
        if newcomer is None:
            newcomer = principal.newcomer = Newcomer()
        admin = is_administration(route.route.template)
        line = sample_of(time, source, request.line, raw)
        signal = arrived(newcomer, visits, route.route.id, time, line, self.settings.detectors.newcomers, admin=admin)
        if signal is not None:
            self._signal(event, principal, signal)
            self._judge_harm(event, principal, newcomer)

    def _judge_harm(self, event: Event, principal: Principal, newcomer: Newcomer) -> None:
        """Whether an answer is about what others touched first: other users where the log has them."""
        request, time, raw, source, _, route, _ = event
        user = request.user
        me = principal.pid & ID_MASK if user is None else owner_of(user)
        for param in self.routes.objects(request.host or "", request.method or "", request.path):
            state = route.params.get(param.name)
            if state is None:
                continue
            table = self.popularity.get(state.key if user is None else -state.key)
            if table is None:
                continue
            value = table.young.get(param.identity) or table.old.get(param.identity, 0)
            count = value & _COUNT
            touched = count == POPULAR or (count == 2 and (value >> 2) & ID_MASK != me)
            signal = did_harm(
                newcomer,
                param.identity,
                sample_of(time, source, request.line, raw),
                self.settings.detectors.newcomers,
                touched=touched or param.identity in newcomer.others,
                popular=count == POPULAR,
                writes=request.method not in _READS,
            )
            self.touch_principal(principal)
            if signal is not None:
                self._signal(event, principal, signal)
