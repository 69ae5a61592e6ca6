"""Text formats of single products, each written down as the format string that its server is configured with."""

from typing import NamedTuple

from apiwatch.formats.build import Builder
from apiwatch.formats.custom import CustomFormat
from apiwatch.formats.matcher import FormatInfo, Inner, Matcher, Skipped
from apiwatch.model import Request

__all__ = ["FORMATS", "ShapesMatcher"]


class _Shape(NamedTuple):
    name: str
    start: str
    """First character of every line; '' for any."""
    string: str


_LEAST = len("[24/Nov/2026:03:10:54 +0000]")
"""Characters that must have been understood before a line is called by a name: a first word alone says nothing."""

_NPM_END = ' "$http_user_agent" "$http_referer"'
_NPM_REQUEST = ' - $request_method $scheme $host "$request_uri" [Client $remote_addr]'
_SHAPES = (
    *(
        _Shape("nginx_proxy_manager", "[", "[$time_local] " + status + _NPM_REQUEST + items + _NPM_END)
        for status in ("$cache $upstream_status $status", "$status")
        for items in (
            " [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server]",
            " [Length $body_bytes_sent] [Gzip $gzip_ratio]",
            " [Length $body_bytes_sent] [Sent-to $server]",
            " [Length $body_bytes_sent]",
            "",
        )
    ),
    _Shape(
        "nginx_npmplus",
        "[",
        '[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent $request_length '
        "$http_referer $http_user_agent",
    ),
    _Shape("apache_ssl_request", "[", '%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'),
    _Shape(
        "apisix",
        "",
        '$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time '
        '"$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$url"',
    ),
)

FORMATS = (
    FormatInfo(
        "nginx_proxy_manager",
        "nginx Proxy Manager",
        '[01/Oct/2026:14:32:17 +0000] - 200 200 - GET https api.example.com "/orders/7" [Client 203.0.113.7] '
        '[Length 612] [Gzip -] [Sent-to 192.0.2.10] "curl/8.5" "-"',
    ),
    FormatInfo(
        "nginx_npmplus",
        "NPMplus",
        '[10/Feb/2026:21:23:49 +0100] example.com 203.0.113.7 0.002 "GET /api/ HTTP/2.0" 200 61 333 - curl/8.5',
    ),
    FormatInfo(
        "apache_ssl_request",
        "Apache ssl_request_log, which tells no status",
        '[10/Aug/2026:09:45:56 +0200] 203.0.113.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /orders/7 HTTP/1.1" 1375',
    ),
    FormatInfo(
        "apisix",
        "Apache APISIX",
        '203.0.113.7 - - [24/Nov/2026:03:10:54 +0000] api.example.com "GET /orders/7 HTTP/1.1" 200 612 0.012 "-" '
        '"curl/8.5" 192.0.2.10:8080 200 0.010 "http://api.example.com/orders/7"',
    ),
)


class ShapesMatcher(Matcher):
    """All of them; a line is tried as what the last one was, then as the others."""

    family = "shapes"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._compiled: list[CustomFormat | None] = [None] * len(_SHAPES)
        self._last = 0

    @property
    def name(self) -> str:
        """As in Matcher."""
        return _SHAPES[self._last].name

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | Inner | None:
        """As in Matcher."""
        if '"' not in text:
            return None
        for index in (self._last, *range(len(_SHAPES))):
            if text.startswith(_SHAPES[index].start):
                record = self._format(index).read(text, line, received)
                if record is not None:
                    self._last = index
                    return record
        return None

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        best = max(
            (
                (self._format(index).progress(text), shape.name)
                for index, shape in enumerate(_SHAPES)
                if shape.start and text.startswith(shape.start)
            ),
            default=(0, ""),
        )
        return best if best[0] >= _LEAST else (0, "")

    def _format(self, index: int) -> CustomFormat:
        """Compiled when a line asks for it: most sources never do."""
        found = self._compiled[index]
        if found is None:
            found = self._compiled[index] = CustomFormat(_SHAPES[index].string, self.builder)
        return found

    def save(self) -> list[int | str]:
        """As in Matcher."""
        return [self._last]

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        if len(saved) == 1 and isinstance(saved[0], int) and 0 <= saved[0] < len(_SHAPES):
            self._last = saved[0]
