"""One access-log record, what became of it, and how bad a finding is."""

from enum import IntEnum

import msgspec

__all__ = ["OUTCOMES", "SEVERITIES", "Auth", "Outcome", "Request", "Severity"]


class Auth(IntEnum):
    """What a line says about who asked."""

    UNKNOWN = 0
    """Nothing. Bearer tokens, API keys and cookies do not show in most logs: this is not `anonymous`."""
    ANONYMOUS = 1
    """Nobody in particular: the server says so, or it asked for credentials."""
    AUTHENTICATED = 2
    """A user is named, or credentials were presented, and they were not refused."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """One access-log record. Every text went through `text.plain`; None means that the line does not say."""

    time: float
    """Event time, seconds since the epoch (UTC)."""
    client: str
    """Address that the request really came from (canonical), or a host name, or '' when the line has none."""
    peer: str
    """Address of the socket's other end; equals `client` unless a trusted proxy stands between."""
    method: str | None
    target: str | None
    """Request target as the line says it, not decoded."""
    path: str
    """Target up to the first '?', without scheme and host; '' when there is no target."""
    query: str
    """What follows the first '?', without it."""
    status: int
    """0 when no response was sent."""
    bytes: int | None
    referer: str | None
    user_agent: str | None
    host: str | None
    """Lower case, without port."""
    user: str | None
    token: str | None
    """Salted hash of a credential; the credential itself is never kept."""
    duration_s: float | None
    line: int
    """1-based number of the line in its source since the source was opened or restored."""
    utc_offset: int = 0
    """Offset of the time as written in the line, in seconds; `time` is UTC already."""
    stated: Auth = Auth.UNKNOWN
    """What the format says in so many words about who asked; `auth` also draws conclusions."""

    @property
    def auth(self) -> Auth:
        """Whether the request was authenticated (reference: formats, section 9). A 403 leaves it open."""
        if self.stated:
            return self.stated
        if self.status in {401, 407}:
            return Auth.ANONYMOUS
        named = self.user is not None or self.token is not None
        return Auth.AUTHENTICATED if named and self.status != 403 else Auth.UNKNOWN


class Outcome(IntEnum):
    """What a request achieved, inferred from status, size and route; neutral gives no vote."""

    OK = 0
    MISS = 1
    DENY = 2
    LIMIT = 3
    ERR = 4
    NEUTRAL = 5


class Severity(IntEnum):
    """How bad a finding is; also an index into `SEVERITIES`."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)
SEVERITIES = tuple(severity.name.lower() for severity in Severity)
