r"""The common log format and everything built on it: combined, a virtual host in front, more fields behind.

A line is PREFIX [TIME] "REQUEST" STATUS BYTES REST. The prefix tells client, user and virtual host (`clf_prefix`), the
rest referer, user agent and what products append (`clf_tail`). Quoted fields may hold `\"` and `\xHH`.
"""

import re
from collections.abc import Sequence
from typing import Literal

from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.caches import Cache
from apiwatch.formats.clf.prefix import Who, read_prefix
from apiwatch.formats.clf.tail import read_tail
from apiwatch.formats.matcher import FormatInfo, Matcher, Skipped, Unparsed
from apiwatch.formats.times import Moment, iso_time
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["FORMATS", "ClfMatcher"]

_KEPT = 16_384
_TIME_WIDTH = len("[24/Nov/2026:03:10:54 +0000] ")
_Q = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_DATE = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}:[^\]\"]{8,30}"
_BEFORE_REQUEST = r"\][ \t]*(?=\")"
_STAMP = re.compile(rf"\[({_DATE}|\d{{4}}-\d{{2}}-\d{{2}}[T ][^\]\"]{{8,30}}|-){_BEFORE_REQUEST}", re.ASCII)
_DATED = late(rf"\[({_DATE}){_BEFORE_REQUEST}", re.ASCII)
_PARTS = (_Q, r"[ \t]+(\d{3}|0|-)", r"[ \t]+\+?(\d{1,19}|-)(?![^ \t])", r"(.*)")
_REQUEST = re.compile("".join(_PARTS), re.DOTALL | re.ASCII)
_UNESCAPED = late("".join((r'"([^ ]++ [^ ]++ [A-Z]+/\d(?:\.\d)?)"', *_PARTS[1:])), re.DOTALL | re.ASCII)
"""Squid, morgan and others escape no quotes; a target without blanks still ends where the version begins."""
_PREFIXES = [late("".join(_PARTS[:count]), re.DOTALL | re.ASCII) for count in (3, 2, 1)]
_AGENTS = re.compile(
    r"(?:[ \t]+(\d{1,9}\.\d{1,9}))?[ \t]+(?:" + _Q + r"|(-|[a-z]{1,16}://\S*))[ \t]+" + _Q + r"(.*)",
    re.DOTALL | re.ASCII,
)
_LONGEST_SIZE = 19
_STATUSES = {f" {status:03} ": status for status in range(1_000)}

_EXAMPLE = '203.0.113.7 - alice [24/Nov/2026:03:10:57 +0000] "GET /api/orders/7?x=1 HTTP/1.1" 200 612'
_AGENT = ' "https://example.com/" "curl/8.5"'
FORMATS = (
    FormatInfo(
        "combined",
        "nginx and Apache combined, also with more fields behind",
        _EXAMPLE + _AGENT,
        (
            "nginx",
            "apache",
            "gunicorn",
            "morgan",
            "tomcat",
            "jetty",
            "undertow",
            "weblogic",
            "varnish",
            "lighttpd",
            "litespeed",
            "marklogic",
            "couchbase_http",
            "fastly",
        ),
    ),
    FormatInfo("common", "Apache common, also with more fields behind", _EXAMPLE, ("aws_apigateway_clf",)),
    FormatInfo(
        "vhost_combined",
        "combined with a virtual host in front",
        "example.com:443 " + _EXAMPLE + _AGENT,
        ("nginx_vhost", "apache_vhost", "nginx_bunkerweb"),
    ),
    FormatInfo("vhost_common", "common with a virtual host in front", "example.com " + _EXAMPLE),
    FormatInfo(
        "traefik_clf",
        "Traefik's common log format",
        _EXAMPLE + _AGENT + ' 262 "router@file" "http://192.0.2.10:5601" 2ms',
    ),
    FormatInfo(
        "nginx_ingress",
        "Kubernetes ingress-nginx",
        _EXAMPLE
        + _AGENT
        + " 316 0.001 [default-web-80] [] 192.0.2.10:80 612 0.000 200 4c024ebfc20acfb2d59e542e3ed60789",
    ),
    FormatInfo("kong", "Kong's proxy log", _EXAMPLE + _AGENT + ' kong_request_id: "5c1f0e4a8b7d2f3e6a9c0b1d2e3f4a5b"'),
    FormatInfo(
        "influxdb_httpd",
        "InfluxDB's HTTP log",
        "[httpd] " + _EXAMPLE + _AGENT + " 6f61bc44-321b-11e6-8050-000000000000 2513",
    ),
)
"""The formats of this family; all of them are read whichever is asked for."""


class ClfMatcher(Matcher):
    """The whole family; which format a line has is told by what stands before and behind the common part."""

    family = "clf"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._who: Cache[Who | None] = Cache(lambda text: read_prefix(text, builder), _KEPT)
        self._when: Cache[Moment | None] = Cache(builder.times.usual, _KEPT)
        self._sizes: Cache[int | Literal[False] | None] = Cache(_read_size, _KEPT)
        self._kind = "combined"
        self._vhost = False

    @property
    def name(self) -> str:
        """As in Matcher."""
        if self._vhost and self._kind in {"combined", "common"}:
            return "vhost_" + self._kind
        return self._kind

    def run(
        self,
        texts: Sequence[str],
        start: int,
        first: int,
        received: float,
        out: list[Request | Unparsed | None],
    ) -> int:
        """As in Matcher. Lines of exactly the combined shape without escapes take a way without regular expressions."""
        who_of, when_of, status_of, size_of = self._who, self._when, _STATUSES.get, self._sizes
        builder = self.builder
        requests, referers, agents = builder.requests, builder.referers, builder.texts
        append = out.append
        plain_before: bool | None = None
        who: Who | None = None
        line = first + start - 1
        for text in texts[start:] if start else texts:
            line += 1
            parts = text.split('"')
            if len(parts) == 7 and "\\" not in text:
                head, request, numbers, referer, gap, agent, tail = parts
                who, when, status = who_of[head[:-_TIME_WIDTH]], when_of[head[-_TIME_WIDTH:]], status_of(numbers[:5])
                size = size_of[numbers[5:]]
                if who and when and status is not None and size is not False and gap == " " and not tail:
                    client, peer, user, vhost, _ = who
                    method, target, path, query, authority, token = requests[request]
                    append(
                        Request(
                            when[0], client, peer, method, target, path, query, status,
                            size,
                            referers[referer], agents[agent], vhost or authority, user, token, None, line, when[1],
                        )
                    )  # fmt: skip
                    plain_before = True
                    continue
            if plain_before:
                self._note("combined", who)
            plain_before = False
            record = self.one(text, line, received)
            if not isinstance(record, Request):
                return line - first
            append(record)
        if plain_before:
            self._note("combined", who)
        return len(texts)

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        stamp = _STAMP.search(text)
        if stamp is None:
            return None
        if stamp[1] == "-":
            # What stands for a time that was dropped may also stand in a name that morgan has written as it came.
            stamp = _DATED.search(text, stamp.end()) or stamp
        found = _REQUEST.match(text, stamp.end()) or _UNESCAPED.match(text, stamp.end())
        if found is None:
            return None
        who = self._who[text[: stamp.start()]]
        when = self._moment(stamp[1], received)
        if who is None or when is None:
            return None
        request, status, size, rest = found.groups()
        referer = agent = forwarded = duration = None
        kind = "common"
        if rest and not rest.isspace():
            if rest[0] not in " \t":
                return None
            agents = _AGENTS.fullmatch(rest)
            if agents is not None:
                between, quoted, bare, agent, behind = agents.groups()
                referer = quoted if quoted is not None else bare
                kind, duration, forwarded = read_tail(behind)
                if between is not None:
                    duration = float(between)
        self._note(kind, who)
        client, peer, user, vhost, before = who
        if self.builder.addresses.has_trusted and (forwarded or before):
            client = self.builder.addresses.client(peer, forwarded or before)
        method, target, path, query, authority, token = self.builder.requests[request]
        count = None if size == "-" or int(size) > MAX_INT else int(size)
        return Request(
            when[0],
            client,
            peer,
            method,
            target,
            path,
            query,
            0 if status == "-" else int(status),
            count,
            self.builder.referers[referer] if referer is not None else None,
            self.builder.texts[agent] if agent is not None else None,
            vhost or authority,
            user,
            token,
            duration,
            line,
            when[1],
        )

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher: up to the part at which the line stops being common log format."""
        stamp = _STAMP.search(text)
        if stamp is None:
            bracket = text.find("[", 1)
            return (bracket, "common") if bracket > 0 and self._who[text[:bracket]] is not None else (0, "")
        if self._who[text[: stamp.start()]] is None:
            return 0, ""
        if self._moment(stamp[1], 0.0) is None:
            return stamp.start(), "common"
        for pattern in _PREFIXES:
            found = pattern.match(text, stamp.end())
            if found is not None:
                return found.end(), "common"
        return stamp.end(), "common"

    def save(self) -> list[int | str]:
        """As in Matcher."""
        return [self._kind, int(self._vhost)]

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        if len(saved) == 2 and isinstance(saved[0], str) and saved[0] in {info.name for info in FORMATS}:
            self._kind, self._vhost = saved[0], bool(saved[1])

    def _note(self, kind: str, who: Who | None) -> None:
        self._kind = kind
        self._vhost = who is not None and who[3] is not None

    def _moment(self, text: str, received: float) -> Moment | None:
        if text == "-":
            return received, 0
        return self.builder.times.clf(text) or iso_time(text)


def _read_size(text: str) -> int | Literal[False] | None:
    """The size of `SIZE `; None for `-`, False when it is none."""
    digits = text[:-1]
    if text[-1:] != " ":
        return False
    if digits == "-":
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_SIZE):
        return False
    size = int(digits)
    return size if size <= MAX_INT else None
