"""What a server may have to log: one request with its answer, and the texts that clients put into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

__all__ = ["FORGED", "SECRET", "Sample", "samples"]

FORGED = "198.51.100.66"
"""An address that stands in texts of clients and is never anybody's."""

SECRET = "s3cr3t-b01ca019"  # noqa: S105
"""A credential that may stand in the query of a target."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A request as it was, before any server has written it down."""

    moment: int
    """Microseconds since the epoch."""
    offset: int
    """Seconds that the server's clock is ahead of UTC; a whole number of quarters of an hour."""
    address: IPv4Address | IPv6Address
    port: int
    method: str
    target: str
    """Origin form (RFC 9112, section 3.2.1)."""
    status: int
    size: int
    agent: str | None
    referer: str | None
    user: str | None
    host: str
    """In lower case, without port."""
    duration: int
    """Microseconds."""

    @property
    def client(self) -> str:
        """The address as records have it."""
        return str((isinstance(self.address, IPv6Address) and self.address.ipv4_mapped) or self.address)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def epoch(self) -> str:
        """Seconds since the epoch with three decimals."""
        return f"{self.moment // 1_000_000}.{self.moment // 1_000 % 1_000:03}"

    @property
    def seconds(self) -> str:
        """The duration in seconds with three decimals."""
        return f"{self.duration // 1_000_000}.{self.duration // 1_000 % 1_000:03}"

    @property
    def clock(self) -> datetime:
        """The server's clock."""
        return self.in_zone(self.offset)

    @property
    def utc(self) -> datetime:
        return self.in_zone(0)

    def in_zone(self, offset: int) -> datetime:
        """The moment as a clock shows it that is so many seconds ahead of UTC."""
        return (_EPOCH + timedelta(microseconds=self.moment)).astimezone(timezone(timedelta(seconds=offset)))


def _joined(pieces: Sequence[str], most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


# Few letters, so that no name of a credential comes about by chance.
_PATH = (
    "abc", "b/c", "/", "//", "019", "-", ".", "..", "_", "~", "%20", "%22", "%C3%A9", "%zz", "!", "$", "'", "(", ")",
    "*", ",", ";", "=", ":", '"', "\\", "|", "{", "}", "^", "`", "[", "]", "<", ">", "#", "é", "日", "+", "&", "\\x22", "://",
    "\u3000", "\xa0", "\x85",
    FORGED,
)  # fmt: skip
_QUERY = (*_PATH, "?", "q=", "&b=", "%26", "ids[]=1")
_AGENT = (
    "curl/8.5", "Mozilla/5.0 (X11; Linux x86_64)", " ", "a", "b0", "-", '"', "\\", "\\x22", '\\"', "[", "]", "{", "}",
    "|", "'", "(", ")", "<", ">", "é", "日本", "\u202e", "\u3000", "\t", ",", ";", "=", ":", "/", "?", "#", "%20", "+",
    FORGED, '" 200 1 "-" "', ' [24/Nov/2026:03:10:54 +0000] "GET /forged HTTP/1.1" 200 1 "-" "',
    f'" {FORGED} - - [24/Nov/2026:03:10:54 +0000] "GET /',
    f'", "{FORGED}", "x", "h.example", "192.0.2.1:80"',
)  # fmt: skip
_USERS = ("alice", "bob b.", "CORP\\carol", "d@b.example", "- b", "é", "日本", "b [0] c", 'q"b', "019", "b'c", FORGED)
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "M-SEARCH")

_addresses = st.one_of(
    st.ip_addresses(v=4, network="203.0.113.0/24"),
    st.ip_addresses(v=4),
    st.integers(1, (1 << 90) - 1).map(lambda low: IPv6Address((0x20010DB8 << 96) + low)),
    st.ip_addresses(v=4, network="203.0.113.0/24").map(lambda address: IPv6Address(f"::ffff:{address}")),
).filter(lambda address: FORGED not in str(address))
_targets = st.one_of(
    _joined(_PATH, 6).map("/{}".format),
    st.builds("/{}?{}".format, _joined(_PATH, 4), _joined(_QUERY, 6)),
    st.builds(f"/{{}}?b=1&api_key={SECRET}".format, _joined(("abc", "019", "/"), 4)),
)


def _value(pieces: Sequence[str], most: int, start: str = "") -> st.SearchStrategy[str | None]:
    """A header's value: without blanks around it, None when there is none."""
    return _joined(pieces, most).map(lambda text: None if text.strip(" \t-") == "" else start + text.strip(" \t"))


samples: st.SearchStrategy[Sample] = st.builds(
    Sample,
    moment=st.integers(946_684_800_000_000, 2_145_916_800_000_000),
    offset=st.integers(-48, 56).map(lambda quarter: quarter * 900),
    address=_addresses,
    port=st.integers(1, 65_535),
    method=st.sampled_from(_METHODS),
    target=_targets,
    status=st.one_of(st.sampled_from((200, 304, 401, 403, 404, 407, 429, 500)), st.integers(100, 599)),
    size=st.one_of(st.integers(0, 9_999), st.integers(0, (1 << 63) - 1)),
    agent=_value(_AGENT, 6),
    referer=_value((*_PATH, "?q="), 6, "https://a.example/"),
    user=st.one_of(st.none(), st.sampled_from(_USERS)),
    host=st.sampled_from(("api.example.com", "b.example", "xn--bcher-kva.example", "203.0.113.99")),
    duration=st.integers(0, 3_600_000_000),
)
"""Requests with texts that are odd but can reach a server's log."""
