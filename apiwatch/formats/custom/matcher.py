"""A log format in the server's own words, compiled to one matcher."""

import re
from collections.abc import Callable

from apiwatch.errors import UsageError
from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.caches import Cache
from apiwatch.formats.credentials import from_header
from apiwatch.formats.custom.apache import apache_parts
from apiwatch.formats.custom.nginx import nginx_parts
from apiwatch.formats.custom.parts import Part, compiled, json_unescaped, strftime_moment, whole_targets
from apiwatch.formats.matcher import SHOWN, Matcher, Skipped
from apiwatch.formats.times import Moment, any_time
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["CustomFormat", "CustomMatcher", "read_format"]

_NGINX = late(r"\$\{?[a-z][a-z0-9_]+")
_APACHE = late(r"%[<>]?(?:!?\d{3}(?:,\d{3})*)?(?:\{[^}]*\})?[<>]?[A-Za-z]")
_KNOWN = frozenset({"request", "method", "target", "path", "client", "proxied", "status"})
_KEPT = 8_192
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6}


class CustomFormat:
    """One compiled format string. Raises UsageError when it cannot be read."""

    def __init__(self, text: str, builder: Builder) -> None:
        parts, unescape = read_format(text, builder.client_header)
        self._pattern, self._roles = compiled(parts)
        self._parts = parts
        self._prefixes: list[re.Pattern[str]] = []
        self._builder = builder
        self._unescape: Callable[[str], str] | None = unescape
        self._times: Cache[Moment | None] = Cache(self._moment, _KEPT)
        self._clock = [index for index, (role, _) in enumerate(self._roles) if role == "time"]

    def read(self, text: str, line: int, received: float) -> Request | None:
        """The record of a line; None when the line is not of this format."""
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        groups = found.groups()
        when: Moment | None = None
        stamp = "\0".join([groups[index] for index in self._clock])
        if stamp.strip("-\0"):
            when = self._times[stamp]
            if when is None:
                return None
        return self._request(self._fields(groups), when or (received, 0), line)

    def progress(self, text: str) -> int:
        """How many characters of a line that is not of this format were understood."""
        if not self._prefixes:
            self._prefixes = [compiled(self._parts[:count])[0] for count in range(len(self._parts) - 1, 0, -1)]
        return next((found.end() for pattern in self._prefixes if (found := pattern.match(text)) is not None), 0)

    def _fields(self, groups: tuple[str, ...]) -> dict[str, tuple[str, str]]:
        """Role -> (text, what more the directive says); the first directive that has a value."""
        fields: dict[str, tuple[str, str]] = {}
        unescape = self._unescape
        for (role, extra), value in zip(self._roles, groups, strict=True):
            if role != "time" and role not in fields and value and (value != "-" or role == "request"):
                fields[role] = (unescape(value) if unescape is not None else value), extra
        return fields

    def _request(self, fields: dict[str, tuple[str, str]], when: Moment, line: int) -> Request:
        def text(role: str) -> str | None:
            return fields[role][0] if role in fields else None

        target = text("target")
        if target is None and "path" in fields:
            query = text("query") or ""
            target = fields["path"][0] + (f"?{query}" if query and query[0] != "?" else query)
        size = text("bytes")
        duration = None
        if "duration" in fields:
            value, unit = fields["duration"]
            duration = float(value) / _UNITS[unit]
        credential = next((found for role in ("credential", "cookie") if (found := from_header(text(role)))), None)
        host = text("host") or text("server")
        # A PROXY header comes from the nearest proxy, which has seen the last hop of the list itself.
        hops = ",".join(filter(None, (text("forwarded"), text("proxied"))))
        return self._builder.request(
            when,
            text("peer") or text("client") or text("proxied") or "",
            self._builder.wanted(text("method"), target, text("request")),
            int(text("status") or 0),
            line,
            client=text("client") if "peer" in fields else None,
            forwarded=text("named") or hops or None,
            size=int(size) if size is not None and int(size) <= MAX_INT else None,
            referer=text("referer"),
            user_agent=text("agent"),
            host=host,
            user=text("user"),
            credential=credential,
            duration_s=duration,
        )

    def _moment(self, text: str) -> Moment | None:
        values = text.split("\0")
        kinds = [self._roles[index][1] for index in self._clock]
        if any(kind.startswith("%") for kind in kinds):
            return strftime_moment([(kind[1:], value) for kind, value in zip(kinds, values, strict=True)])
        return next((found for value in values if (found := any_time(value, self._builder.times)) is not None), None)


class CustomMatcher(Matcher):
    """The format string that the user gave."""

    family = "custom"

    def __init__(self, builder: Builder, log_format: str) -> None:
        super().__init__(builder)
        self._format = CustomFormat(log_format, builder)

    @property
    def name(self) -> str:
        """As in Matcher."""
        return "custom"

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        return self._format.read(text, line, received)

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        return self._format.progress(text[:SHOWN]), "custom"


def read_format(text: str, client_header: str | None = None) -> tuple[list[Part], Callable[[str], str] | None]:
    """The parts of a format string, and how to undo the escaping of its values (None: values stay as they are).

    `client_header`: name in lower case of the header in which proxies name the client.

    Accepted are the bare string and the whole directive (`log_format NAME '..' '..';`, `LogFormat ".." NAME`).
    Raises UsageError.
    """
    if not text.strip():
        raise UsageError("the log format is empty: copy the string of nginx's log_format or Apache's LogFormat")
    if _NGINX.search(text) and not text.lstrip().lower().startswith(("logformat", "customlog")):
        parts, escape = nginx_parts(text, client_header)
        unescape = json_unescaped if escape == "json" else None
    elif _APACHE.search(text):
        parts, unescape = apache_parts(text, client_header), None
    else:
        raise UsageError(
            f"the log format {text[:80]!r} holds no directive: it needs $variables as in nginx, or %-directives "
            "as in Apache"
        )
    parts = whole_targets(parts)
    if not any(part.role in _KNOWN for part in parts):
        raise UsageError("the log format tells neither request nor client nor status, so that nothing can be watched")
    return parts, unescape
