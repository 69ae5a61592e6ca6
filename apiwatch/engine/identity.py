"""The tests on identities of one shard."""

from apiwatch.detect.identity.many_users import came, logged_in
from apiwatch.detect.identity.mixed_auth import answered_anonymously
from apiwatch.detect.identity.predecessors import (
    MISSING_PREDECESSOR,
    followed_by_harm,
    learn,
    missing,
    skipped,
    token_step_skipped,
)
from apiwatch.detect.identity.roaming import moved, note
from apiwatch.detect.identity.track import IdentityTrack, Predecessors, Visitors
from apiwatch.detect.state import Principal, sample_of
from apiwatch.engine.clients import LAST, OTHER, Client
from apiwatch.engine.principals import wide_network
from apiwatch.engine.recovery import RecoveryVerdicts
from apiwatch.engine.verdicts import Event
from apiwatch.model import Auth, Outcome
from apiwatch.routes import UNMATCHED
from apiwatch.routes.personal import completes_reset, is_personal, proves_reset

__all__ = ["SENSITIVE", "IdentityVerdicts"]

SENSITIVE = frozenset({"login", "code", "reset", "signup", "export"})
"""Roles of routes whose predecessors are learned."""

_OK, _NEUTRAL = int(Outcome.OK), int(Outcome.NEUTRAL)
_REDIRECTED = frozenset({302, 303})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class IdentityVerdicts(RecoveryVerdicts):
    """The tests on identities of one shard."""

    def judge_predecessor(self, event: Event) -> bool:
        """A success on a sensitive route: learn what came before it; whether a step was missing."""
        request, time, raw, source, client, route, outcome = event
        settings = self.settings.detectors.predecessor
        known = route.route
        if not settings.enabled or not (outcome == _OK or request.status in _REDIRECTED):
            return False
        mine = client.routes.get(known.label)
        if mine is None or OTHER in client.routes or time - known.first_seen < settings.look_back:
            return False
        state = route.predecessors
        if state is None:
            state = route.predecessors = Predecessors()
        seen = _steps(client, known.label, time - settings.look_back)
        step = missing(state, seen, settings)
        principal = self._network_principal(client, time)
        if not principal.signals and mine[_OK] + mine[_NEUTRAL] == 1:
            learn(state, seen)
        if step is None:
            return False
        label, support = step
        template = label.partition(" ")[2]
        line = sample_of(time, source, request.line, raw)
        track = _track(principal)
        resets = "reset" in known.roles and completes_reset(known.template)
        if resets and template != known.template and proves_reset(template):
            signal = token_step_skipped(track, support, state.clients, time, line, settings)
        else:
            signal = skipped(track, support, state.clients, time, line, settings)
        self._signal(event, principal, signal)
        return True

    def judge_aftermath(self, event: Event) -> None:
        """An answer to a client with a score: what somebody does who skipped the steps before."""
        request, time, raw, source, client, route, _ = event
        settings = self.settings.detectors.predecessor
        principal = self._network_principal(client, time)
        track = principal.identity
        if track is None or track.skipped < settings.medium or time - track.skipped_at > settings.look_back:
            return
        if MISSING_PREDECESSOR.name not in principal.signals or not SENSITIVE.isdisjoint(route.route.roles):
            return
        if request.method in _READS and not is_personal(route.route.template):
            return
        line = sample_of(time, source, request.line, raw)
        self._signal(event, principal, followed_by_harm(track, line, settings))

    def judge_anonymous(self, event: Event, principal: Principal) -> None:
        """An answer to a request that shows no credentials, on a route where others show some."""
        request, time, raw, source, _, route, _ = event
        settings = self.settings.detectors.mixed_auth
        authenticated = route.authenticated
        others = route.outcomes[_OK] - 1 - authenticated - route.strays
        if authenticated < settings.answers or authenticated < settings.share * (authenticated + others):
            return
        if not settings.enabled or request.method == "OPTIONS" or not SENSITIVE.isdisjoint(route.route.roles):
            return
        line = sample_of(time, source, request.line, raw)
        sure = request.auth == Auth.ANONYMOUS
        track = _track(principal)
        signal = answered_anonymously(track, authenticated, others, sure, line, settings)
        self.touch_principal(principal)
        if track.anonymous > 1:
            route.strays += 1
        if signal is not None:
            self._signal(event, principal, signal)

    def judge_roaming(self, event: Event, principal: Principal) -> None:
        """A token that was last used from another address."""
        request, time, raw, source, client, _, _ = event
        settings = self.settings.detectors.roaming
        if not settings.enabled:
            return
        track = _track(principal)
        if not track.networks:
            before = self.clients.get(principal.client)
            agent = before.agent if before is not None else None
            note(track, wide_network(principal.client), agent or "", principal.last)
        note(track, wide_network(client.address), request.user_agent or "", time)
        signal = moved(track, time, sample_of(time, source, request.line, raw), settings)
        if signal is not None:
            principal.client = client.address
            self._signal(event, principal, signal)

    def judge_user(self, event: Event) -> None:
        """An answer to a user who is not the one that the same address had before."""
        request, time, raw, source, client, _, _ = event
        settings = self.settings.detectors.many_users
        if not settings.enabled or request.user is None or time < client.nat_until or self.is_staff(client.address):
            return
        visitors = _visitors(client)
        if request.user in visitors.users:
            return
        line = sample_of(time, source, request.line, raw)
        signal = came(visitors, request.user, request.user_agent or "", time, line, settings)
        if signal is not None and time - self._log_start() >= self.settings.detectors.predecessor.look_back:
            self._signal(event, self._network_principal(client, time), signal)

    def logged_in(self, client: Client, time: float) -> None:
        """A log-in succeeded from this address, and no step before it was missing."""
        logged_in(_visitors(client), time)

    def _log_start(self) -> float:
        """When the first event of all sources happened: then, every user is new."""
        return min((source.first_time for source in self.sources.values() if source.first_time), default=0.0)


def _visitors(client: Client) -> Visitors:
    visitors = client.visitors
    if visitors is None:
        visitors = client.visitors = Visitors()
    return visitors


def _steps(client: Client, label: str, start: float) -> set[str]:
    """Labels of the other routes that a client asked for since `start`."""
    return {
        other
        for other, counts in client.routes.items()
        if counts[LAST] >= start and other != label and UNMATCHED not in other
    }


def _track(principal: Principal) -> IdentityTrack:
    track = principal.identity
    if track is None:
        track = principal.identity = IdentityTrack()
    return track
