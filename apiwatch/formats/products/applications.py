"""Application servers and frameworks: Python, Node, Go, Ruby (reference: formats, sections 3 and 6)."""

import re

from apiwatch.formats.build import Builder
from apiwatch.formats.matcher import Skipped
from apiwatch.formats.products.product import Read, built, clf, fields, iso, pattern, wall
from apiwatch.patterns import late

__all__ = ["PRODUCTS"]

_SPAN_UNITS = {"ns": 1e9, "us": 1e6, "\u00b5s": 1e6, "ms": 1e3, "s": 1.0, "m": 1 / 60.0, "h": 1 / 3600.0}
_SPAN = late(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|\u00b5s|ms|s|m|h)")
_END = 4_096
"""So near to its end, or to its start, a line must tell how it was completed."""

_COMPLETED = late(r"Completed (\d{3})\b[^()]{0,64}? in (\d{1,9}(?:\.\d{1,9})?)ms")


def _span(text: str) -> float:
    """Seconds of a duration as Go prints it: `1.5ms`, `1m2.5s`."""
    return sum(float(number) / _SPAN_UNITS[unit] for number, unit in _SPAN.findall(text))


def _spanned(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = wall(builder, found["time"])
    if when is None:
        return None
    return fields(builder, {**found.groupdict(), "duration": str(_span(found["duration"]))}, line, when, 1.0)


def _rails(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = iso(builder, found["time"])
    rest = found["rest"]
    # The last one: parameters, which stand before it, may hold such a text.
    ended = next(reversed([*_COMPLETED.finditer(rest, max(0, len(rest) - _END))]), None)
    ended = ended or _COMPLETED.search(rest, 0, _END)
    if when is None:
        return None
    if ended is None:
        return Skipped
    exact = iso(builder, found["exact"]) if found["exact"] is not None else None
    if exact is not None and abs(exact[0] - when[0] - when[1]) < 2.0:
        when = when[0] + exact[0] % 1.0, when[1]
    return fields(builder, {**found.groupdict(), "status": ended[1], "duration": ended[2]}, line, when)


_METHOD = r"(?P<method>[^ \"]++)"
_KNOWN_METHOD = r"(?P<method>[A-Z][A-Z-]{1,19})"
"""Where a line begins with the method, nothing else tells that it is one."""
_TARGET = r" (?P<target>[^ ]++)"
_STATUS = r" (?P<status>\d{3}|-)"
_BYTES = r" (?P<bytes>\d{1,19}|-)"
_TOOK = r" (?P<duration>\d{1,12}(?:\.\d{1,9})?|-) ms"
_CLIENT = r"(?P<client>[^ ]{1,255})"
_ADDRESS = r"(?:[0-9A-Fa-f.]{0,15}[.:][0-9A-Fa-f.:]{1,45}(?:%[^ ]{1,32})?|-)"
"""Where a name with blanks follows, the first word must be an address: else that of any envelope would be taken."""
_NAME = r"(?P<user>(?:(?!\[\d\d/[A-Z][a-z]{2}/\d{4}:).){1,255})"
"""A name of a client without a time of the common log format: a line of that which was cut has a request behind it."""

PRODUCTS = (
    pattern(
        "uvicorn",
        "uvicorn, which tells no time: that of its envelope, else that of arrival is taken",
        'INFO:     203.0.113.7:54321 - "GET /orders/7?x=1 HTTP/1.1" 200 OK',
        r"[A-Z]{4,8}: +[^ ]{1,255}:\d{1,5} - \"",
        (
            r"[A-Z]{4,8}: +",
            _CLIENT + r":\d{1,5} - \"",
            _METHOD + _TARGET + r" HTTP/\d(?:\.\d)?\"",
            _STATUS,
            r"(?: .*)?",
        ),
        built(None),
    ),
    pattern(
        "hypercorn",
        "hypercorn",
        "[2026-11-24 03:11:57 +0000] [32197] [INFO] 203.0.113.7:45614 - - [24/Nov/2026:03:11:57 +0000] "
        '"GET /orders/7 1.1" 200 612 "-" "curl/8.5"',
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d{1,10}\] \[[A-Z]",
        (
            r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d{1,10}\] \[[A-Z]{4,8}\] ",
            r"(?P<client>[^ ]{1,255}?)(?::\d{1,5})? - - ",
            r"\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]",
            ' "' + _METHOD + _TARGET + r" \d(?:\.\d)?\"",
            _STATUS + _BYTES,
            r' (?:"(?P<referer>[^"]*+)" "(?P<agent>.*)"|".*")',
        ),
        built(clf),
    ),
    pattern(
        "morgan_short",
        "morgan short (Express), which tells no time",
        "203.0.113.7 - GET /orders/7?x=1 HTTP/1.1 200 612 - 1.234 ms",
        _ADDRESS + r" .{1,255} [A-Z][A-Z-]{1,19} [^ ]",
        (
            rf"(?P<client>{_ADDRESS}) {_NAME} ",
            _KNOWN_METHOD + _TARGET,
            r" HTTP/\d\.\d" + _STATUS + _BYTES,
            " -" + _TOOK,
        ),
        built(None),
    ),
    pattern(
        "morgan_tiny",
        "morgan tiny (Express), which tells neither time nor client",
        "GET /orders/7?x=1 200 612 - 1.234 ms",
        r"[A-Z][A-Z-]{1,19} [^ ]",
        (_KNOWN_METHOD + _TARGET, _STATUS + _BYTES, " -" + _TOOK),
        built(None),
    ),
    pattern(
        "morgan_dev",
        "morgan dev (Express), which tells neither time nor client",
        "GET /orders/7?x=1 200 1.234 ms - 612",
        r"[A-Z][A-Z-]{1,19} [^ ]",
        (_KNOWN_METHOD + _TARGET, _STATUS, _TOOK, " -" + _BYTES),
        built(None),
    ),
    pattern(
        "uwsgi",
        "uWSGI",
        "[pid: 88185|app: 0|req: 1/1] 203.0.113.7 (alice) {38 vars in 696 bytes} [Tue Nov 24 03:10:54 2026] "
        "GET /orders/7 => generated 612 bytes in 12 msecs (HTTP/1.1 200) 9 headers in 378 bytes "
        "(1 switches on core 0)",
        r"\[pid: \d{1,10}\|",
        (
            r"\[pid: \d{1,10}\|app: [\d-]{1,10}\|req: [\d/-]{1,24}\]",
            " " + _CLIENT + r" \((?P<user>[^()]{0,255})\)",
            r" \{\d{1,9} vars in \d{1,12} bytes\}",
            r" \[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]",
            r" (?P<method>[^ ]++)" + _TARGET,
            r" => generated (?P<bytes>\d{1,19}) bytes in (?P<duration>\d{1,12}) msecs",
            r"[^()]{0,64} \([^ ]{1,16} (?P<status>\d{3})\)",
            r".*",
        ),
        built(wall),
    ),
    pattern(
        "gin",
        "Gin (Go)",
        '[GIN] 2026/11/24 - 03:10:54 | 200 |    1.234567ms |    203.0.113.7 | GET      "/orders/7?x=1"',
        r"\[GIN\] \d",
        (
            r"\[GIN\] (?P<time>\d{4}/\d\d/\d\d - \d\d:\d\d:\d\d)",
            r" \|" + _STATUS + r" *",
            r"\| *(?P<duration>\d[0-9.a-z\u00b5]{1,31}) *",
            r"\| *" + _CLIENT + r" *",
            r"\| *" + _METHOD + r" +\"?(?P<target>(?:[^\"\\]|\\.)++)\"?",
            r".*",
        ),
        _spanned,
    ),
    pattern(
        "beego",
        "Beego (Go), as in Harbor's core",
        "2026/11/24 03:10:54 [D] [server.go:2619] |    203.0.113.7| 200 |     9.9379ms|   match| GET     "
        "/orders/7   r:/orders",
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \[[A-Z]\] \[[^ ]{1,128}\] +\|",
        (
            r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) \[[A-Z]\] \[[^ ]{1,128}\] +",
            r"\| *(?P<client>[^ |]{1,255}) *",
            r"\|" + _STATUS + r" *",
            r"\| *(?P<duration>\d[0-9.a-z\u00b5]{1,31}) *",
            r"\| *\w{1,16} *",
            r"\| *" + _METHOD + r" +(?P<target>[^ ]++)",
            r".*",
        ),
        _spanned,
    ),
    pattern(
        "rails",
        "Ruby on Rails and GitLab, when the whole request is on one line",
        'Started GET "/orders/7?x=1" for 203.0.113.7 at 2026-11-24 03:10:54 +0000 Processing by '
        "OrdersController#show as JSON Completed 200 OK in 12ms (Views: 0.2ms | ActiveRecord: 6.2ms)",
        r"(?:[A-Z], \[[^\]]{10,64}\] +[A-Z]{4,5} -- [^:]{0,64}: )?Started [A-Z]",
        (
            r"(?:[A-Z], \[(?P<exact>\d{4}-\d\d-\d\dT[\d:.]{8,18})[^\]]{0,40}\] +[A-Z]{4,5} -- [^:]{0,64}: )?",
            "Started " + _METHOD + r' "(?P<target>[^ ]*)"',
            " for " + _CLIENT,
            r" at (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})",
            r"(?P<rest>.*)",
        ),
        _rails,
    ),
)
