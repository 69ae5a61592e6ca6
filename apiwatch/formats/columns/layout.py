"""What each column of a line is, by its name (W3C working draft of extended log files; products' documentation)."""

import re
from collections.abc import Callable, Sequence

from apiwatch.formats.addresses import canonical
from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.credentials import from_header
from apiwatch.formats.matcher import Skipped
from apiwatch.formats.times import Moment, epoch_number, iso_time
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["Layout", "kind_of"]

_FIELDS = {
    "time": ("ts", "x-timestamp"),
    "date": ("date",),
    "clock": ("time",),
    "local_date": ("date-local",),
    "local_clock": ("time-local",),
    "client": ("c-ip", "id.orig_h", "c-dns"),
    "method": ("cs-method", "method"),
    "stem": ("cs-uri-stem",),
    "query": ("cs-uri-query",),
    "uri": ("cs-uri", "uri", "c-uri"),
    "status": ("sc-status", "status_code"),
    "bytes": ("sc-bytes", "response_body_len", "bytes"),
    "agent": ("cs(user-agent)", "user_agent"),
    "referer": ("cs(referer)", "cs(referrer)", "referrer"),
    "host": ("cs(host)", "cs-host", "host", "x-host-header"),
    "user": ("cs-username", "username", "cs-auth"),
    "forwarded": ("x-forwarded-for", "cs(x-forwarded-for)", "proxied"),
    "duration": ("time-taken", "timetakenms"),
    "cookie": ("cs(cookie)",),
    "authorization": ("cs(authorization)", "cs(x-api-key)"),
    "version": ("cs-version", "cs-protocol-version"),
}
"""Field -> names of columns, the best first."""

_NUMBERS = frozenset(
    ("s-port", "c-port", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken", "s-siteid")
)
_ADDRESSES = frozenset(("c-ip", "s-ip"))
_NUMBER = late(r"\d{1,19}|\d{1,12}\.\d{1,9}|-", re.ASCII)
_SIZE = late(r"\d{1,19}", re.ASCII)
_STATUS = late(r"\d{3}|-", re.ASCII)
_METHOD = late(r"[!-~]{1,64}")
_VERSION = late(r"HTTPS?/\d(?:\.\d)?|-", re.ASCII)
_DATE = late(r"\d{4}-\d\d-\d\d", re.ASCII)
_Cell = Callable[[str], str | None]
_ABSENT = frozenset(("-", "", "(empty)"))


def kind_of(names: Sequence[str]) -> str | None:
    """Name of the format that a header with these columns starts; None when its lines are no access records."""
    known = set(names)
    if "x-edge-location" in known:
        return "aws_cloudfront"
    if "s-queuename" in known or "s-reason" in known:
        return "iis_httperr"
    if "id.orig_h" in known:
        return "zeek_http" if {"status_code", "uri", "method"} <= known else None
    if "sc-status" not in known or not known & {"cs-uri-stem", "cs-uri", "c-uri"}:
        return None
    return "iis_w3c" if {"c-ip", "cs-uri-stem"} <= known else "w3c"


class Layout:
    """The columns of one header, in order; names in lower case."""

    def __init__(self, kind: str, names: Sequence[str], date: str = "") -> None:
        self.kind = kind
        self.names = tuple(names)
        self.date = date
        """Day of the file, for lines that tell the time of day alone."""
        places = {name: index for index, name in reversed(list(enumerate(names)))}
        found = {
            field: next((places[name] for name in wanted if name in places), -1) for field, wanted in _FIELDS.items()
        }
        self._at = found
        taken = names[found["duration"]] if found["duration"] >= 0 else ""
        self._per_second = 1.0 if kind == "aws_cloudfront" else 1e3
        self._always_ms = taken == "timetakenms"

    def fits(self, cells: Sequence[str]) -> bool:
        """Whether every cell can be what its column says: for lines whose header was not seen."""
        return len(cells) == len(self.names) and all(map(_can_be, self.names, cells))

    def read(self, cells: Sequence[str], builder: Builder, line: int) -> Request | type[Skipped] | None:
        """The record; Skipped for a connection without request; None when the cells are not of this layout."""
        if len(cells) != len(self.names):
            return None
        at = self._at

        def cell(field: str) -> str | None:
            index = at[field]
            return None if index < 0 or cells[index] in _ABSENT else cells[index]

        when = self._moment(cell, builder)
        status = cell("status")
        method, uri = cell("method"), cell("stem") or cell("uri")
        if when is None or (status is not None and _STATUS.fullmatch(status) is None):
            return None
        if status is None and (method is None or uri is None):
            return Skipped
        query = cell("query")
        if query is not None and uri is not None:
            uri = f"{uri}?{query.removeprefix('?')}"
        size, taken = cell("bytes"), cell("duration")
        duration = None
        if taken is not None and _NUMBER.fullmatch(taken):
            per_second = 1.0 if "." in taken and not self._always_ms else self._per_second
            duration = float(taken) / per_second
        return builder.request(
            when,
            cell("client") or "",
            builder.wanted(method, uri, None),
            int(status) if status is not None else 0,
            line,
            forwarded=(cell("forwarded") or "").replace("+", " ") or None,
            size=int(size) if size is not None and _SIZE.fullmatch(size) and int(size) <= MAX_INT else None,
            referer=cell("referer"),
            user_agent=cell("agent"),
            host=cell("host"),
            user=cell("user"),
            credential=from_header(cell("authorization")) or from_header(cell("cookie")),
            duration_s=duration,
        )

    def _moment(self, cell: _Cell, builder: Builder) -> Moment | None:
        stamp = cell("time")
        if stamp is not None:
            if stamp.replace(".", "", 1).isdecimal():
                seconds = epoch_number(float(stamp))
                return None if seconds is None else (seconds, 0)
            return iso_time(stamp)
        clock = cell("clock")
        if clock is not None:
            return iso_time(f"{cell('date') or self.date} {clock}")
        local = cell("local_clock")
        return None if local is None else builder.clock.read(f"{cell('local_date') or self.date} {local}")


def _can_be(name: str, text: str) -> bool:
    if name in _NUMBERS:
        return _NUMBER.fullmatch(text) is not None
    if name in _ADDRESSES:
        return canonical(text) is not None
    if name == "x-forwarded-for":
        return text == "-" or all(canonical(entry) is not None for entry in text.replace("+", "").split(","))
    if name == "sc-status":
        return _STATUS.fullmatch(text) is not None
    if name in {"cs-version", "cs-protocol-version"}:
        return _VERSION.fullmatch(text) is not None
    if name == "cs-method":
        return _METHOD.fullmatch(text) is not None
    if name == "date":
        return _DATE.fullmatch(text) is not None
    return True
