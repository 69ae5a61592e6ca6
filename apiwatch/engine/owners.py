"""The test of ownership, and the tables of owners: one beside each parameter that users have objects on."""

from apiwatch.detect.ownership import Foreign, Owners, is_private, owner_of, share, touched
from apiwatch.detect.popularity import ID_MASK, POPULAR
from apiwatch.detect.state import ParamState, Principal, sample_of
from apiwatch.engine.identity import IdentityVerdicts
from apiwatch.engine.verdicts import Event
from apiwatch.routes import Param

__all__ = ["OwnerVerdicts"]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_COUNT = 0b11


class OwnerVerdicts(IdentityVerdicts):
    """The test of ownership of one shard."""

    def judge_owner(self, event: Event, principal: Principal, params: tuple[Param, ...]) -> None:
        """An answer about objects, to a user or to nobody; a token without a user may be anybody's."""
        request, time, raw, source, client, route, _ = event
        settings = self.settings.detectors.foreign
        user = request.user
        if not settings.enabled or (user is None and request.token is not None):
            return
        for param in params:
            state = route.params.get(param.name)
            if state is None:
                continue
            if user is None:
                foreign = self._is_owned(state, param.identity)
                subject = principal
            else:
                foreign = self._visits(state, param.identity, user)
                subject = (self.principals.get(f"user:{user}") or principal) if foreign else principal
            owners = state.owners
            if not foreign or owners is None or subject.kind == "nat":
                continue
            found = subject.foreign
            if found is None:
                found = subject.foreign = Foreign()
            private = is_private(owners, settings)
            if user is not None and not subject.signals:
                share(owners, found, state.key)
            self.touch_principal(subject)
            if not private or self.is_staff(client.address):
                continue
            line = sample_of(time, source, request.line, raw)
            writes = request.method not in _READS
            signal = touched(found, param.identity, owners, user is not None, writes, line, settings)
            if signal is not None:
                self._signal(event, subject, signal)

    def _visits(self, state: ParamState, identity: int, user: str) -> bool:
        """Count the answer; whether the object belonged to exactly one other user until now."""
        owners = state.owners
        if owners is None:
            owners = state.owners = Owners()
        table = self.popularity.get(-state.key) or self.popularity_of(-state.key)
        owner = owner_of(user)
        value = table.young.get(identity, 0)
        if value & _COUNT == POPULAR or (value and (value >> 2) & ID_MASK == owner):
            return False
        before = table.visit(identity, owner)
        if before == 0:
            owners.add(owner)
            if owners.objects == self.settings.detectors.foreign.objects:
                self.owners[state.key].owned = True
            self.remembered(table)
        return before == 1 and table.young[identity] & _COUNT == 2

    def _is_owned(self, state: ParamState, identity: int) -> bool:
        """Whether the object belongs to exactly one user."""
        if state.owners is None:
            return False
        table = self.popularity_of(-state.key)
        value = table.young.get(identity) or table.old.get(identity, 0)
        return value & _COUNT == 1
