"""The tests on resets and codes, which are kept for the network principal: nobody has logged in yet."""

from ipaddress import ip_address, ip_network

from apiwatch.config import Settings
from apiwatch.detect.enumeration import MISS
from apiwatch.detect.recovery.code_guessing import verified, wrong_code
from apiwatch.detect.recovery.many_accounts import MANY_ACCOUNTS, asked
from apiwatch.detect.recovery.reset_log_in import entered, was_reset
from apiwatch.detect.recovery.track import RecoveryTrack
from apiwatch.detect.state import Principal, sample_of
from apiwatch.engine.verdicts import Event, LogInAttempt, Verdicts, named_user
from apiwatch.model import Outcome
from apiwatch.routes import Param

__all__ = ["RecoveryVerdicts"]

_OK = int(Outcome.OK)
_REFUSED = frozenset({int(Outcome.MISS), int(Outcome.DENY)})
_REDIRECTED = frozenset({302, 303})


class RecoveryVerdicts(Verdicts):
    """The tests on the recovery of accounts of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._staff = [ip_network(network, strict=False) for network in settings.classes.staff]

    def is_staff(self, address: str) -> bool:
        """Whether a client is of the staff, who act for many users."""
        if not self._staff:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._staff)

    def judge_blind(self, event: Event, principal: Principal) -> None:
        """The tests on unseen objects, unless it is known already that this client resets account after account."""
        if "reset" not in event[5].route.roles or MANY_ACCOUNTS.name not in principal.signals:
            super().judge_blind(event, principal)

    def judge_recovery(self, event: Event, params: tuple[Param, ...]) -> None:
        """A request on a route that resets accounts or verifies codes."""
        request, time, raw, source, client, route, outcome = event
        roles = route.route.roles
        answered = outcome == _OK or request.status in _REDIRECTED
        settings = self.settings.detectors
        if "code" in roles and (answered or outcome in _REFUSED):
            principal = self._network_principal(client, time)
            user = request.user or named_user(params)
            if answered:
                if principal.recovery is not None:
                    verified(principal.recovery, user)
            elif settings.codes.enabled and (user is not None or principal.kind != "nat"):
                line = sample_of(time, source, request.line, raw)
                signal = wrong_code(_track(principal), user, time, line, settings.codes)
                if signal is not None:
                    self._signal(event, principal, signal)
        if "reset" not in roles or not (answered or outcome in _REFUSED) or self.is_staff(client.address):
            return
        principal = self._network_principal(client, time)
        if principal.kind == "nat":
            return
        account = named_user(params) or (params[0].value if params else request.user)
        line = sample_of(time, source, request.line, raw)
        track = _track(principal)
        if answered:
            was_reset(track, account, request.user_agent or "", time, line)
        if settings.reset_accounts.enabled and (account is not None or MISS.name not in principal.signals):
            signal = asked(track, route.route.id, account, time, line, settings.reset_accounts)
            if signal is not None:
                self._signal(event, principal, signal)

    def judge_log_in(self, event: Event, params: tuple[Param, ...]) -> LogInAttempt | None:
        """The log-in test, and then whether a success follows a reset."""
        attempt = super().judge_log_in(event, params)
        settings = self.settings.detectors.reset_log_in
        if attempt is None or attempt[3] or attempt[0].recovery is None or not settings.enabled:
            return attempt
        principal, _, user, _ = attempt
        request, time, raw, source, *_ = event
        if principal.kind != "nat" and principal.recovery is not None and principal.recovery.reset:
            line = sample_of(time, source, request.line, raw)
            signal = entered(principal.recovery, user, request.user_agent or "", time, line, settings)
            if signal is not None:
                self._signal(event, principal, signal)
        return attempt


def _track(principal: Principal) -> RecoveryTrack:
    track = principal.recovery
    if track is None:
        track = principal.recovery = RecoveryTrack()
    return track
