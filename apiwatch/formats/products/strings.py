"""Products whose log format is written down as the format string that its server is configured with."""

import re
from collections.abc import Sequence

from apiwatch.formats.build import Builder
from apiwatch.formats.custom import CustomFormat
from apiwatch.formats.products.product import Product, Read, Reader
from apiwatch.patterns import late

__all__ = ["PRODUCTS"]


class _StringReader(Reader):
    """A line is of the first of the strings that fits; they differ in what is left out."""

    def __init__(self, builder: Builder, strings: Sequence[str]) -> None:
        self._formats: list[CustomFormat] = [CustomFormat(string, builder) for string in strings]
        self._last = 0

    def read(self, text: str, line: int, received: float) -> Read:
        for index in (self._last, *range(len(self._formats))):
            record: Read = self._formats[index].read(text, line, received)
            if record is not None:
                self._last = index
                return record
        return None

    def progress(self, text: str) -> int:
        return max(one.progress(text) for one in self._formats)


def _product(name: str, title: str, example: str, start: str, strings: Sequence[str]) -> Product:
    return Product(name, title, example, late(start, re.ASCII), lambda builder: _StringReader(builder, strings))


_NPM_END = ' "$http_user_agent" "$http_referer"'
_NPM_REQUEST = ' - $request_method $scheme $host "$request_uri" [Client $remote_addr]'
_BRACKETED_TIME = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:"

PRODUCTS = (
    _product(
        "nginx_proxy_manager",
        "nginx Proxy Manager",
        '[01/Oct/2026:14:32:17 +0000] - 200 200 - GET https api.example.com "/orders/7" [Client 203.0.113.7] '
        '[Length 612] [Gzip -] [Sent-to 192.0.2.10] "curl/8.5" "-"',
        _BRACKETED_TIME + r"[\d:]{8} [+-]\d{4}\] (?:-|[A-Z]{3,12}|\d{3}) ",
        [
            "[$time_local] " + status + _NPM_REQUEST + items + _NPM_END
            for status in ("$cache $upstream_status $status", "$status")
            for items in (
                " [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server]",
                " [Length $body_bytes_sent] [Gzip $gzip_ratio]",
                " [Length $body_bytes_sent] [Sent-to $server]",
                " [Length $body_bytes_sent]",
                "",
            )
        ],
    ),
    _product(
        "nginx_npmplus",
        "NPMplus",
        '[10/Feb/2026:21:23:49 +0100] example.com 203.0.113.7 0.002 "GET /api/ HTTP/2.0" 200 61 333 - curl/8.5',
        _BRACKETED_TIME,
        [
            '[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent $request_length '
            "$http_referer $http_user_agent"
        ],
    ),
    _product(
        "apache_ssl_request",
        "Apache ssl_request_log, which tells no status",
        '[10/Aug/2026:09:45:56 +0200] 203.0.113.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /orders/7 HTTP/1.1" 1375',
        _BRACKETED_TIME,
        ['%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'],
    ),
    _product(
        "apisix",
        "Apache APISIX",
        '203.0.113.7 - - [24/Nov/2026:03:10:54 +0000] api.example.com "GET /orders/7 HTTP/1.1" 200 612 0.012 "-" '
        '"curl/8.5" 192.0.2.10:8080 200 0.010 "http://api.example.com/orders/7"',
        r"[^ ]{1,255} - [^\"]{0,255} \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:]{8} [+-]\d{4}\] [^ \"]",
        [
            '$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time '
            '"$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$url"'
        ],
    ),
)
