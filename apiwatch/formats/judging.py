"""What a format string is worth: the fields that it tells, and whether its lines are understood without it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from apiwatch.formats.configs import FormatString
from apiwatch.formats.custom.matcher import read_format
from apiwatch.formats.custom.parts import ADDRESS, FREE, LIST, Part
from apiwatch.formats.parser import LineParser
from apiwatch.model import Request

__all__ = ["Judged", "judged", "option_of"]

_PROXY = "192.0.2.10"
_CANDIDATES = {
    "client": (_PROXY,),
    "peer": (_PROXY,),
    "proxied": ("198.51.100.7",),
    "forwarded": ("198.51.100.7",),
    "request": ("GET /api/orders/7?x=1 HTTP/1.1",),
    "method": ("GET",),
    "target": ("/api/orders/7?x=1",),
    "path": ("/api/orders/7",),
    "query": ("x=1", "?x=1"),
    "status": ("404",),
    "bytes": ("612",),
    "duration": ("0.250", "250"),
    "referer": ("https://example.com/",),
    "agent": ("curl/8.5 (x)",),
    "host": ("api.example.com",),
    "server": ("api.example.com",),
    "user": ("alice",),
    "credential": ("Bearer 1234567890",),
    "cookie": ("session=1234567890",),
    "time": ("24/Nov/2026:03:10:54 +0000", "2026-11-24T03:10:54+00:00", "1795489854.722", "1795489854"),
    "": ("HTTP/1.1", "https", "80", "?", "", "-"),
}
"""Values of an example line; of several the first that the directive can write."""

_IGNORED = {FREE: "-", ADDRESS: "192.0.2.20", LIST: "192.0.2.20:80"}
"""Values of directives whose value is not used, by what they can write."""

_TOKENS = {
    "Y": "2026", "m": "11", "d": "24", "H": "03", "M": "10", "S": "54", "e": "24", "y": "26", "b": "Nov", "h": "Nov",
    "z": "+0000", "s": "1795489854", "j": "328", "Z": "UTC", "a": "Tue", "A": "Tuesday", "B": "November", "p": "AM",
    "I": "03", "f": "722", "L": "722", "N": "722000000", "sec": "1795489854", "msec": "1795489854722",
    "usec": "1795489854722000", "msec_frac": "722", "usec_frac": "722000",
}  # fmt: skip
_ABSENT = frozenset({"referer", "agent", "user", "forwarded", "proxied", "credential", "cookie", "query"})
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"})


class Judged(NamedTuple):
    """The verdict."""

    fields: frozenset[str]
    """Roles of the directives: client, peer, proxied, forwarded, time, request, method, status, agent, ..."""
    automatic: str
    """Name of the format that detection reads such lines as, field by field the same; '' when the string is needed."""


def option_of(found: FormatString) -> str:
    """The text for `--log-format` that means this format.

    A bare string where that says everything, else the whole log_format directive.
    """
    text = found.text.translate(_ESCAPED)
    if not found.escape:
        return text
    usual = "json" if text.startswith("{") else "default"
    if found.escape == usual and text == text.strip() and text[:1] != "'":
        return text
    quoted = text.replace("'", "\\'")
    return f"log_format {found.name} escape={found.escape} '{quoted}';"


def judged(found: FormatString) -> Judged:
    """Read a format as apiwatch would. Raises UsageError when it cannot be used at all."""
    option = option_of(found)
    parts, _ = read_format(option)
    fields = frozenset(part.role for part in parts) - {"=", ""}
    empty = "-" if found.escape in {"", "default"} else ""
    lines = [line for line in (_line(parts, {}), _line(parts, dict.fromkeys(_ABSENT, empty))) if line is not None]
    own, usual = _Reader(option), _Reader(None)
    same = bool(lines) and all(own.read(line) is not None and own.read(line) == usual.read(line) for line in lines)
    return Judged(fields, usual.name if same else "")


class _Reader:
    """A parser that believes the proxy of the example lines."""

    def __init__(self, log_format: str | None) -> None:
        self._parser = LineParser(log_format=log_format, trusted_proxy=[f"{_PROXY}/32"], salt=b"example")

    @property
    def name(self) -> str:
        return self._parser.format

    def read(self, line: str) -> Request | None:
        found = self._parser.parse([line.encode()], 1, 0.0)[0]
        return found if isinstance(found, Request) else None


def _line(parts: Sequence[Part], values: dict[str, str]) -> str | None:
    """A line of a format; None when a directive is not known well enough to write one."""
    written = []
    for part in parts:
        if part.role == "=":
            written.append(part.pattern)
            continue
        candidates = _CANDIDATES[part.role]
        if part.extra.startswith("%"):
            candidates = (_TOKENS.get(part.extra[1:], ""),)
        elif part.role in values:
            candidates = (values[part.role], *candidates)
        elif not part.role and part.pattern in _IGNORED:
            candidates = (_IGNORED[part.pattern],)
        value = next((one for one in candidates if part.pattern == FREE or _can_write(part.pattern, one)), None)
        if value is None:
            return None
        written.append(value)
    return "".join(written)


def _can_write(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.ASCII | re.DOTALL) is not None
