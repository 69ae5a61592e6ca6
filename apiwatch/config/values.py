"""What a single setting may say beyond its type: durations, points in time, networks, syslog addresses, words.

Every function takes the text that a user wrote and returns it in canonical form, or raises `UsageError` with half a
sentence that says what is wrong and what is right ("`1x` is not a duration; write ..."). The settings file and the
command line share them.
"""

import ipaddress
import os
import re
from datetime import datetime
from urllib.parse import urlsplit

from apiwatch.errors import UsageError
from apiwatch.text import one_line

__all__ = [
    "LONGEST",
    "THEMES",
    "WINDOWS",
    "format_duration",
    "parse_duration",
    "parse_header",
    "parse_member",
    "parse_network",
    "parse_path",
    "parse_since",
    "parse_syslog",
    "parse_target",
    "parse_text",
    "parse_theme",
    "parse_unit",
    "parse_window",
    "parse_zone",
    "quoted",
]

WINDOWS = ("1m", "5m", "15m", "1h")
"""Windows that the dashboard can show."""

THEMES = ("auto", "dark", "light", "ansi", "ansi-light")
"""Colour themes of the dashboard."""

LONGEST = 36_500 * 86_400.0
"""Longest duration, in seconds: a hundred years."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_PIECE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?(ms|[smhdw])", re.ASCII)
_SIMPLE = re.compile(r"\d{1,5}[smhdw]", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}", re.ASCII)
_NETWORK = re.compile(r"([0-9A-Fa-f:.]+)(?:/(\d{1,3}))?", re.ASCII)

_ROUTE = re.compile(r"(?:[^\s/]+ )?[A-Z]+ /")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

_UNIT = re.compile(r"[\w:.@\\*?\[\]][\w:.@\\*?\[\]-]{0,254}", re.ASCII)

_UNIX_PATH_BYTES = 107
"""Longest path of a unix socket: `sun_path` has 108 bytes on Linux and ends with a NUL (unix(7))."""


def quoted(text: str, width: int = 60) -> str:
    """Untrusted text for a message: printable, cut to `width` characters, in backticks."""
    return f"`{one_line(text, width)}`"


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `15m`, `1h30m`, `7d`, `2w`, `250ms`, or of a bare number of seconds.

    Raises UsageError for anything else, and for more than a hundred years.

    >>> parse_duration("1h30m"), parse_duration("90")
    (5400.0, 90.0)
    """
    stripped = text.strip()
    seconds = 0.0
    if _NUMBER.fullmatch(stripped):
        seconds = float(stripped)
    else:
        position = 0
        while piece := _PIECE.match(stripped, position):
            seconds += float(piece[1]) * _UNITS[piece[2]]
            position = piece.end()
        if not stripped or position != len(stripped):
            raise UsageError(f"{quoted(text)} is not a duration; write for example 90s, 15m, 1h or 7d")
    if seconds > LONGEST:
        raise UsageError(f"{quoted(text)} is longer than a hundred years; write for example 15m, 1h or 7d")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest text of whole units that `parse_duration` turns back into exactly these seconds.

    >>> format_duration(10800.0), format_duration(90.0), format_duration(0.25)
    ('3h', '90s', '0.25')
    """
    if not seconds.is_integer():
        return f"{seconds:.9f}".rstrip("0")
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:.0f}s"


def parse_since(text: str) -> str:
    """`start`, a duration of one number and its unit, or an RFC 3339 time with `T` and offset.

    >>> parse_since("900"), parse_since("1h30m"), parse_since("2026-08-01 10:00:00z")
    ('15m', '90m', '2026-08-01T10:00:00Z')
    """
    stripped = text.strip()
    if stripped == "start" or _SIMPLE.fullmatch(stripped):
        return stripped
    if found := _TIME.fullmatch(stripped):
        return _point_in_time(stripped, found[1])
    try:
        seconds = parse_duration(stripped)
    except UsageError:
        right = "a duration such as 15m, a time such as 2026-08-01T10:00:00Z, or `start`"
        raise UsageError(f"{quoted(text)} is not a point in time; write {right}") from None
    written = format_duration(seconds)
    return f"{written}s" if _NUMBER.fullmatch(written) else written


def _point_in_time(text: str, offset: str | None) -> str:
    if offset is None:
        raise UsageError(f"{quoted(text)} has no time zone; add Z for UTC or an offset such as +02:00")
    canonical = text.upper().replace(" ", "T")
    try:
        datetime.fromisoformat(canonical).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{quoted(text)} is not a point in time ({error})") from None
    return canonical


def parse_network(text: str) -> str:
    """Canonical text of an address or a network, always with a prefix length.

    Raises UsageError for host names, ranges, zone ids, netmasks, bits behind the prefix, and IPv4 in IPv6 clothes.

    >>> parse_network("2001:DB8:0::/32"), parse_network("192.0.2.1")
    ('2001:db8::/32', '192.0.2.1/32')
    """
    stripped = text.strip()
    wrong = UsageError(f"{quoted(text)} is not an IP address or network; write for example 192.0.2.1 or 10.0.0.0/8")
    if not _NETWORK.fullmatch(stripped):
        raise wrong
    try:
        network = ipaddress.ip_network(stripped, strict=False)
    except ValueError:
        raise wrong from None
    if isinstance(network, ipaddress.IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            raise UsageError(f"{quoted(text)} is an IPv4 network; write {mapped}/{network.prefixlen - 96}")
    try:
        ipaddress.ip_network(stripped, strict=True)
    except ValueError:
        message = f"{quoted(text)} has bits set behind its prefix; write {network} if you mean the whole network"
        raise UsageError(message) from None
    return str(network)


def parse_syslog(text: str) -> str:
    """A syslog address: `udp://HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:///PATH`.

    >>> parse_syslog("UDP://127.0.0.1:5514")
    'udp://127.0.0.1:5514'
    """
    stripped = text.strip()
    scheme, separator, rest = stripped.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in ("udp", "tcp", "tls", "unix"):
        forms = "udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH"
        raise UsageError(f"{quoted(text)} is not a syslog address; write {forms}")
    if scheme == "unix":
        _require_socket_path(text, rest)
        return f"unix://{rest}"
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None or not 1 <= port <= 65_535:
        raise UsageError(
            f"{quoted(text)} needs an address to listen on and a port from 1 to 65535: {scheme}://HOST:PORT"
        )
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc or not host.isprintable():
        raise UsageError(f"{quoted(text)} says more than an address and a port; write {scheme}://HOST:PORT")
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _require_socket_path(text: str, path: str) -> None:
    if not path.startswith("/") or path.endswith("/"):
        raise UsageError(f"{quoted(text)} needs an absolute path of a socket: unix:///run/apiwatch/apiwatch.sock")
    parse_path(path)
    if len(os.fsencode(path)) > _UNIX_PATH_BYTES:
        raise UsageError(f"{quoted(text)} is too long for a unix socket; its path has at most {_UNIX_PATH_BYTES} bytes")


def parse_target(text: str) -> str:
    """Whom a rule is about: a network, a route, `user:NAME`, `token:HASH`, `agent:PATTERN` or `principal:KEY`.

    >>> parse_target("192.0.2.1"), parse_target("GET /v1/users/{int}"), parse_target("agent:Pingdom*")
    ('network:192.0.2.1/32', 'route:GET /v1/users/{int}', 'agent:Pingdom*')
    """
    stripped = text.strip()
    kind, separator, value = stripped.partition(":")
    value = value.strip()
    if separator and kind in ("user", "token", "agent", "principal", "route"):
        if not value.strip("*"):
            raise UsageError(f"{quoted(text)} would fit everybody; write what follows {kind}:")
        return f"{kind}:{value}"
    if _ROUTE.match(stripped):
        return f"route:{stripped}"
    try:
        return f"network:{parse_network(value if kind == 'network' else stripped)}"
    except UsageError:
        if _NETWORK.fullmatch(stripped):
            raise
    raise UsageError(
        f"{quoted(text)} is no target; write a network such as 192.0.2.0/24, a route such as 'GET /v1/users/{{int}}', "
        "user:NAME, token:HASH, agent:PATTERN or principal:KEY"
    )


def parse_member(text: str) -> str:
    """A member of a class: a target, and if it is one for some time only, `until` a day or time behind it.

    >>> parse_member("198.51.100.0/24 until 2026-12-01")
    'network:198.51.100.0/24 until 2026-12-01T00:00:00Z'
    """
    target, separator, end = text.rpartition(" until ")
    if not separator:
        return parse_target(text)
    end = end.strip()
    if _DAY.fullmatch(end):
        end = f"{end}T00:00:00Z"
    found = _TIME.fullmatch(end)
    if found is None:
        raise UsageError(f"{quoted(end)} is not a day or time; write 2026-12-01 or 2026-12-01T18:00:00Z behind until")
    return f"{parse_target(target)} until {_point_in_time(end, found[1])}"


def parse_path(text: str) -> str:
    """A path or glob as it is written; UsageError when no file can have this name."""
    if not text.strip():
        raise UsageError("is empty; name a file or remove the line")
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError:
        raw = b"\0"
    if b"\0" in raw:
        raise UsageError(f"{quoted(text)} holds a character that no file name can have")
    return text


def parse_unit(text: str) -> str:
    """The name of a systemd unit, perhaps a glob or without its suffix, or `all`.

    >>> parse_unit(" nginx.service ")
    'nginx.service'
    """
    stripped = text.strip()
    if not _UNIT.fullmatch(stripped):
        raise UsageError(f"{quoted(text)} is not the name of a systemd unit; write for example nginx.service, or all")
    return stripped


def parse_text(text: str) -> str:
    """Any text that says something."""
    if not text.strip():
        raise UsageError("is empty; give it a value or remove the line to keep the default")
    return text


def parse_header(text: str) -> str:
    """The name of a header field (RFC 9110, section 5.1)."""
    if _HEADER.fullmatch(text) is None:
        raise UsageError(f"{quoted(text)} is not the name of a header; write one such as CF-Connecting-IP")
    return text


def parse_zone(text: str) -> str:
    """A time zone of the IANA database."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{quoted(text)} is not a known time zone; write one such as Europe/Berlin or UTC") from None


def parse_window(text: str) -> str:
    """One of `WINDOWS`."""
    return _word(text, WINDOWS)


def parse_theme(text: str) -> str:
    """One of `THEMES`."""
    return _word(text, THEMES)


def _word(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise UsageError(f"{quoted(text)} is not known; write {', '.join(words[:-1])} or {words[-1]}")
    return text
