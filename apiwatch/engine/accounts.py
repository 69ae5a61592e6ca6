"""The tests on accounts, which follow users over all their clients, and what they remember."""

from apiwatch.config import Settings
from apiwatch.detect.auth.accounts import (
    FLAGS,
    Account,
    failed,
    succeeded,
    takeover_signal,
    targeted_signal,
    welcomed,
)
from apiwatch.detect.state import Principal, RouteState, sample_of
from apiwatch.engine.clients import Client
from apiwatch.engine.identity import SENSITIVE
from apiwatch.engine.owners import OwnerVerdicts
from apiwatch.engine.verdicts import Event, LogInAttempt
from apiwatch.model import Outcome
from apiwatch.routes import Param

__all__ = ["ACCOUNTS_KEPT", "AccountVerdicts"]

ACCOUNTS_KEPT = 10_000
"""Users whose log-ins are remembered."""

_OK = int(Outcome.OK)
_REDIRECTED = frozenset({302, 303})
_EVICTED = 1_000
_USER_LENGTH = 200


class AccountVerdicts(OwnerVerdicts):
    """The tests on accounts of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.accounts: dict[str, Account] = {}
        """By user."""
        self._changed_accounts: list[Account] = []

    def judge_log_in(self, event: Event, params: tuple[Param, ...]) -> LogInAttempt | None:
        """The log-in test, and then those on the account that it was about."""
        attempt = super().judge_log_in(event, params)
        if attempt is not None:
            self._judge_account(event, attempt)
        return attempt

    def judge_steps(self, event: Event, params: tuple[Param, ...]) -> None:
        """A request on a route with a role in the life of an account."""
        roles = event[5].route.roles
        if "reset" in roles or "code" in roles:
            self.judge_recovery(event, params)
        if SENSITIVE.isdisjoint(roles):
            return
        skipped = self.judge_predecessor(event)
        request, time, _, _, client, route, outcome = event
        if route.route.is_login and not skipped and (outcome == _OK or request.status in _REDIRECTED):
            self.logged_in(client, time)

    def account_of(self, user: str) -> Account | None:
        """What is known of a user's log-ins."""
        return self.accounts.get(user[:_USER_LENGTH])

    def changed_accounts(self) -> list[Account]:
        """Accounts that changed since the last call."""
        changed = [one for one in self._changed_accounts if one.dirty and self.accounts.get(one.user) is one]
        for account in changed:
            account.dirty = False
        self._changed_accounts = []
        return changed

    def restore_account(self, account: Account) -> None:
        """Continue with a stored account."""
        account.dirty = False
        self.accounts[account.user] = account

    def _judge_account(self, event: Event, attempt: LogInAttempt) -> None:
        """Failures over all clients, and the success that follows them."""
        request, time, raw, source, client, route, _ = event
        principal, track, user, refused = attempt
        settings = self.settings.detectors
        network, agent = client.key, request.user_agent or ""
        account = None if user is None else self.account_of(user)
        if refused:
            if user is None:
                return
            account = account or self._add_account(user[:_USER_LENGTH], time)
            failed(account, time, network, agent, sample_of(time, source, request.line, raw))
            self._touch_account(account, time)
            if settings.targeted.enabled:
                signal = targeted_signal(account, time, settings.targeted)
                if signal is not None:
                    self._signal(event, self._subject(account, time, client.address), signal)
            return
        member = user is not None and user not in track.users and self.is_member(route, client)
        flagged = member or (track.score > 0.0 and any(name in principal.signals for name in FLAGS))
        if not flagged and user is None:
            return
        takeover = settings.takeover
        facts = succeeded(account, track, flagged, time, network, agent, takeover) if takeover.enabled else None
        if facts is not None:
            earlier = account.samples if account is not None and facts["for_user"] else track.samples
            line = sample_of(time, source, request.line, raw)
            self._signal(event, principal, takeover_signal(facts, time, line, earlier))
            return
        if user is None or (account is not None and not account.failures and account.known.get(network) == agent):
            return
        account = account or self._add_account(user[:_USER_LENGTH], time)
        welcomed(account, network, agent)
        self._touch_account(account, time)

    def is_member(self, route: RouteState, client: Client) -> bool:
        """Whether a client takes part in a campaign on a route; `Campaigns` knows."""
        return False

    def _subject(self, account: Account, time: float, address: str) -> Principal:
        """The principal that stands for an account as a victim: not the user's own, who did nothing wrong."""
        return self.stand_in(f"account:{account.user}", "user", time, address)

    def _add_account(self, user: str, time: float) -> Account:
        """A new account; at the limit those that were seen the longest ago leave, often refused ones last."""
        if len(self.accounts) >= ACCOUNTS_KEPT:
            order = sorted(self.accounts.values(), key=lambda one: (len(one.failures) >= 3, one.last, one.user))
            for account in order[:_EVICTED]:
                del self.accounts[account.user]
                self.deleted.append(f"u/{account.user}")
        account = self.accounts[user] = Account(user, time)
        return account

    def _touch_account(self, account: Account, time: float) -> None:
        account.last = max(account.last, time)
        if not account.dirty:
            account.dirty = True
            self._changed_accounts.append(account)
