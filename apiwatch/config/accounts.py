"""Settings of the detectors that watch accounts: log-ins by user, recovery of accounts, identities."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Seconds, Section

__all__ = ["AccountTakeover", "AccountTargeted"]


class AccountTargeted(Section, frozen=True):
    """auth.account-targeted: failed log-ins of one user from several networks."""

    enabled: bool = True
    failures: Annotated[int, Meta(ge=1, le=64)] = 10
    window: Seconds = 86_400.0
    networks: Annotated[int, Meta(ge=2, le=64)] = 3


class AccountTakeover(Section, frozen=True):
    """auth.account-takeover: a log-in that succeeds after many failures."""

    enabled: bool = True
    failures: Annotated[int, Meta(ge=1, le=64)] = 5
    window: Seconds = 86_400.0
