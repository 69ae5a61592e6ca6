"""Proxies and meshes: HAProxy, Squid, Envoy and Istio (reference: formats, section 4)."""

import re

from apiwatch.formats.addresses import canonical
from apiwatch.formats.build import Builder
from apiwatch.formats.caches import Cache
from apiwatch.formats.products.product import Read, epoch, fields, iso, pattern, wall
from apiwatch.model import Auth
from apiwatch.patterns import late

__all__ = ["PRODUCTS"]

_AGENT = late(r"[A-Za-z][\w .+-]{0,63}/v?\d", re.ASCII)
_MOST_CAPTURES = 64
_SITE = late(
    r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}(?::\d{1,5})?|localhost(?::\d{1,5})?|[a-z0-9-]{1,63}:\d{1,5}",
    re.IGNORECASE | re.ASCII,
)


def _captured(text: str) -> dict[str, str]:
    """Which of the captured request headers are what: HAProxy does not write their names.

    What two of them could be is none of them. Addresses are not looked at: a client may write one into any header.
    """
    found: dict[str, list[str]] = {"host": [], "agent": [], "referer": []}
    for item in text.split("|", _MOST_CAPTURES)[:_MOST_CAPTURES]:
        if _SITE.fullmatch(item) and canonical(item) is None:
            found["host"].append(item)
        elif item.startswith(("http://", "https://")):
            found["referer"].append(item)
        elif _AGENT.match(item):
            found["agent"].append(item)
    return {name: items[0] for name, items in found.items() if len(items) == 1}


_CAPTURES: Cache[dict[str, str]] = Cache(_captured, 8_192)


def _haproxy(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = wall(builder, found["time"])
    if when is None:
        return None
    groups: dict[str, str | None] = found.groupdict()
    if found["first"] is not None:
        captures = _CAPTURES[found["first"]]
        # A single pair of braces may be that of the response: what a request alone has tells it.
        if found["second"] is not None or "host" in captures:
            groups |= captures
    if groups["request"] == "<BADREQ>":
        groups["request"] = None
    return fields(builder, groups, line, when)


def _squid(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = epoch(builder, found["time"])
    if when is None:
        return None
    groups: dict[str, str | None] = found.groupdict()
    if found["target"].startswith("error:"):  # what Squid writes for a request that it could not read
        groups["method"] = groups["target"] = None
    return fields(builder, groups, line, when)


def _envoy(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = iso(builder, found["time"])
    if when is None:
        return None
    groups: dict[str, str | None] = found.groupdict()
    listed_hops, agent, rest = found["forwarded"] or "", found["agent"], found["rest"].split()
    if len(rest) >= 5:
        groups["client"] = rest[3]
    elif agent is None or '"' in agent:
        # Envoy escapes no quotes: with more of them than fields, the client may have written the list itself.
        groups["forwarded"] = None
    else:
        groups["forwarded"], _, last = listed_hops.rpartition(",")
        groups["client"] = last.strip()
    details = found["details"] or ""
    stated = Auth.ANONYMOUS if details.startswith("jwt_authn_access_denied") else Auth.UNKNOWN
    return fields(builder, groups, line, when, stated=stated)


PRODUCTS = (
    pattern(
        "haproxy",
        "HAProxy, option httplog or httpslog",
        "203.0.113.7:41696 [24/Nov/2026:03:11:03.138] fe~ be/s1 0/0/0/0/12 200 612 - - ---- 1/1/0/0/0 0/0 "
        '{api.example.com|curl/8.5} {} "GET /orders/7?x=1 HTTP/1.1"',
        r"[^ ]{1,255}:\d{1,5} \[\d\d/",
        (
            r"(?P<client>[^ ]{1,255}):\d{1,5}",
            r" \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\]",
            r" [^ ]{1,255} [^ /]{1,255}/[^ ]{1,255}",
            r"(?: [^ ]{1,255})?",
            r" (?:-?\d{1,12}/){3,4}(?P<duration>\+?-?\d{1,12})",
            r" (?P<status>\d{3}|-1)",
            r" \+?(?P<bytes>\d{1,19})",
            r" [^ ]+ [^ ]+ [^ ]{2,4} (?:\d{1,9}/){4}\+?\d{1,9} \d{1,9}/\d{1,9}",
            r"(?: \{(?P<first>[^{}]*+)\})?(?: \{(?P<second>[^{}]*+)\})?",
            r' "(?P<request>[^"]*+)(?:"(?: .*)?)?',
        ),
        _haproxy,
    ),
    pattern(
        "squid",
        "Squid's native log, and Apache Traffic Server's",
        "1795489854.722     62 203.0.113.7 TCP_MISS/200 612 GET http://api.example.com/orders/7 alice "
        "HIER_DIRECT/192.0.2.10 application/json",
        r"\d{9,11}\.\d{3} +-?\d",
        (
            r"(?P<time>\d{9,11}\.\d{3})",
            r" +(?P<duration>-?\d{1,12})",
            r" (?P<client>[^ ]{1,255})",
            r" [A-Z][A-Z_]{2,40}/(?P<status>\d{3})",
            r" (?P<bytes>\d{1,19}|-)",
            r" (?P<method>[^ ]++) (?P<target>[^ ]++)",
            r" (?P<user>[^ ]{1,255}) [A-Z_]{2,40}/[^ ]{1,255}",
            r" .*",
        ),
        _squid,
    ),
    pattern(
        "envoy_text",
        "Envoy's and Istio's default text log",
        '[2026-11-24T03:10:54.592Z] "GET /orders/7 HTTP/1.1" 200 - 0 612 12 10 "203.0.113.7" "curl/8.5" '
        '"84961386-6d84-929d-98bd-c5aee93b5c88" "api.example.com" "192.0.2.10:80"',
        r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?\] \"",
        (
            r"\[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)\]",
            r' "(?P<method>[^ ]++) (?P<target>[^ ]++) [^ ]{1,16}"',
            r" (?P<status>\d{1,3})",
            r" [^ ]{1,64}",
            r"(?: (?:(?P<details>[^ ]{1,255}) (?:[^ ]{1,255}|\"[^\"]*+\") )?\"[^\"]*+\")?",
            r" \d{1,19} (?P<bytes>\d{1,19})",
            r" (?P<duration>\d{1,15}|-)",
            r" (?:\d{1,15}|-)",
            r' (?:"(?P<forwarded>[^"]*+)" "(?P<agent>.*)"|".*")',
            r' "[^"]*+"',
            r' "(?P<host>[^"]*+)"',
            r' "[^"]*+"',
            r"(?P<rest>[^\"]*+)",
        ),
        _envoy,
    ),
)
