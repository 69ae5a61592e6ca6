"""What products write behind the user agent of a combined line; one entry each."""

import re
from typing import NamedTuple

from apiwatch.formats.addresses import listed
from apiwatch.patterns import late

__all__ = ["read_tail"]


class _Tail(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    """Group 1, when there is one, is the duration."""
    divisor: float
    """Duration units per second."""


_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BRACKETED = r"\[[^\]]{0,512}\]"
_TAILS = (
    _Tail("traefik_clf", late(rf"(?:\d{{1,19}}|-) (?:{_QUOTED}|-) (?:{_QUOTED}|-) (\d{{1,12}})ms", re.ASCII), 1e3),
    _Tail(
        "nginx_ingress",
        late(rf"\d{{1,19}} (\d{{1,9}}\.\d{{1,6}}) {_BRACKETED} (?:{_BRACKETED} )?(?:\d|-|\[|unix:).*", re.ASCII),
        1.0,
    ),
    _Tail("kong", late(r'kong_request_id: "[0-9a-f]{0,64}"', re.ASCII), 1.0),
    _Tail(
        "influxdb_httpd",
        late(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} (\d{1,15})", re.ASCII),
        1e6,
    ),
)
_LAST_QUOTED = late(r'"([^"\\]*)"', re.ASCII)


def read_tail(text: str) -> tuple[str, float | None, str | None]:
    """(format, duration in seconds, forwarded-for list) of what stands behind the user agent.

    Unknown fields are no reason to refuse a line; nothing is read from them.

    >>> read_tail(' 262 "router" "http://192.0.2.3:5601" 2ms')
    ('traefik_clf', 0.002, None)
    >>> read_tail(' "198.51.100.7, 192.0.2.9"')
    ('combined', None, '198.51.100.7, 192.0.2.9')
    """
    text = text.strip()
    if not text:
        return "combined", None, None
    for tail in _TAILS:
        found = tail.pattern.fullmatch(text)
        if found is not None:
            duration = float(found[1]) / tail.divisor if tail.pattern.groups else None
            return tail.kind, duration, None
    quoted = _LAST_QUOTED.fullmatch(text)
    return "combined", None, quoted[1] if quoted is not None and listed(quoted[1]) else None
