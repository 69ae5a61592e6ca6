"""Settings of the detectors that watch accounts: log-ins by user, recovery of accounts, identities."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Count, Seconds, Section, Share

__all__ = [
    "AccountTakeover",
    "AccountTargeted",
    "Classes",
    "CodeGuessing",
    "ForeignObject",
    "LookupOracle",
    "ManyUsers",
    "MissingPredecessor",
    "MixedAuth",
    "ResetAccounts",
    "ResetThenLogIn",
    "TokenRoaming",
]


class Classes(Section, frozen=True):
    """Who is known to be what."""

    staff: tuple[str, ...] = ()
    """Networks of help desks, kiosks and testers, which act for many users."""
    partner: tuple[str, ...] = ()
    """Services that read very much by contract; like the next two: a target, and perhaps `until` a time."""
    monitor: tuple[str, ...] = ()
    loadtest: tuple[str, ...] = ()
    published_crawlers: bool = True
    """Whether the published networks of search engines count as verified crawlers."""
    verify_crawlers: bool = False
    """Whether the collector asks DNS about alerted clients that call themselves a crawler."""


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


class ResetAccounts(Section, frozen=True):
    """recovery.many-accounts: one client asks to reset many accounts."""

    enabled: bool = True
    accounts: Annotated[int, Meta(ge=2, le=64)] = 5
    window: Seconds = 600.0


class CodeGuessing(Section, frozen=True):
    """recovery.code-guessing: one client fails to verify codes."""

    enabled: bool = True
    failures: Annotated[int, Meta(ge=1, le=64)] = 5
    """More than so many within `window` are too many."""
    window: Seconds = 600.0


class ResetThenLogIn(Section, frozen=True):
    """recovery.reset-then-login: one client resets accounts and logs in to them at once."""

    enabled: bool = True
    accounts: Annotated[int, Meta(ge=2, le=16)] = 2
    within: Seconds = 300.0
    """From the reset to the log-in."""
    window: Seconds = 3_600.0
    """In which the accounts are counted."""


class MissingPredecessor(Section, frozen=True):
    """identity.missing-predecessor and recovery.missing-token-step: a step that everybody takes is missing."""

    enabled: bool = True
    support: Share = 0.99
    clients: Count = 200
    look_back: Seconds = 1_800.0
    medium: Count = 2
    """Successes without the step before from which the severity is medium."""


class MixedAuth(Section, frozen=True):
    """identity.mixed-auth: an answer without credentials where nearly everybody has some."""

    enabled: bool = True
    share: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.98
    answers: Count = 200
    """With credentials, from which on the share means something."""
    rare: Share = 0.002
    """Clients without credentials per answer with some, above which one such answer to a client is no surprise."""
    repeats: Count = 4
    """Such answers to one client that are."""


class TokenRoaming(Section, frozen=True):
    """identity.token-roaming: one token from many networks."""

    enabled: bool = True
    networks: Annotated[int, Meta(ge=2, le=16)] = 3
    window: Seconds = 600.0


class ManyUsers(Section, frozen=True):
    """identity.many-users: many users with one address and one user agent."""

    enabled: bool = True
    users: Annotated[int, Meta(ge=2, le=64)] = 3
    window: Seconds = 600.0


class ForeignObject(Section, frozen=True):
    """enumeration.foreign-object: objects that belong to other users."""

    enabled: bool = True
    objects: Count = 300
    """Of a parameter, from which on it can be private."""
    users: Annotated[int, Meta(ge=1, le=64)] = 10
    """Different owners of objects that it needs for that: a few alone cannot tell whether they would share."""
    shared: Share = 0.03
    points: Count = 4
    points_unauthenticated: Count = 2


class LookupOracle(Section, frozen=True):
    """enumeration.lookup-oracle: look-ups of people without credentials."""

    enabled: bool = True
