"""Amazon's load balancers and S3 (reference: formats, section 5).

API Gateway writes CLF or JSON, CloudFront writes columns.
"""

import re

from apiwatch.formats.build import Builder
from apiwatch.formats.products.product import ASKED, QUOTED, Read, clf, fields, iso, pattern
from apiwatch.model import Auth
from apiwatch.patterns import late

__all__ = ["PRODUCTS"]

_INSIDE = late(f'[^"]*+"({QUOTED})"')


def _balancer(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = iso(builder, found["time"])
    if when is None:
        return None
    groups: dict[str, str | None] = found.groupdict()
    spent = [float(phase) for phase in found["phases"].split()]
    groups["duration"] = str(sum(spent)) if min(spent) >= 0 else None
    stated = Auth.UNKNOWN
    _, site, _, actions = _first_quoted(groups.get("rest") or "")
    if actions is not None:
        groups["host"] = site
        if "authenticate" in actions and found["status"] not in {"401", "403"}:
            stated = Auth.AUTHENTICATED
    if found["request"].startswith("- "):  # a malformed request, `- http://h:80- `, or none, `- - - `
        groups["request"] = None
    return fields(builder, groups, line, when, 1.0, stated)


def _first_quoted(text: str) -> list[str | None]:
    """The insides of the first four quoted fields, one behind the other."""
    found: list[str | None] = []
    position = 0
    while len(found) < 4 and (field := _INSIDE.match(text, position)) is not None:
        found.append(field[1])
        position = field.end()
    return found + [None] * (4 - len(found))


def _s3(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
    when = clf(builder, found["time"])
    if when is None:
        return None
    groups: dict[str, str | None] = found.groupdict()
    words = found["rest"].split()
    groups["host"] = words[5] if len(words) > 5 else None
    return fields(builder, groups, line, when, stated=Auth.ANONYMOUS if found["user"] == "-" else Auth.UNKNOWN)


_COMMON = (
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z)",
    r" [^ ]{1,255}",
    r" (?P<client>(?:\[[0-9A-Fa-f:.]{2,64}\]|[^ :]{1,64}):\d{1,5}) (?:-|[^ ]{3,64}:\d{1,5})",
    r"(?P<phases>(?: -?\d{1,9}(?:\.\d{1,9})?){3})",
    r" (?P<status>\d{3}|-) (?:\d{3}|-) -?\d{1,19} (?P<bytes>\d{1,19}|-)",
    f' "(?P<request>{QUOTED})"',
)

PRODUCTS = (
    pattern(
        "aws_alb",
        "AWS application load balancer",
        "https 2026-11-24T03:10:54.186641Z app/edge/50dc6c495c0c9188 203.0.113.7:2817 192.0.2.10:80 0.001 0.010 0.001 "
        '200 200 34 612 "GET https://api.example.com:443/orders/7?x=1 HTTP/1.1" "curl/8.5" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/73e2 "
        '"Root=1-58337281-1d84f3d73c47" "api.example.com" "-" 1 2026-11-24T03:10:54.174000Z "forward" "-" "-" '
        '"192.0.2.10:80" "200" "-" "-"',
        r"(?:https?|h2|grpcs?|wss?) \d{4}-\d\d-\d\dT",
        (
            r"(?:https?|h2|grpcs?|wss?) ",
            *_COMMON,
            f' "(?P<agent>{QUOTED})"',
            r" [^ ]{1,255} [^ ]{1,64} [^ ]{1,255}(?P<rest>.*)",
        ),
        _balancer,
    ),
    pattern(
        "aws_clb",
        "AWS classic load balancer",
        "2026-11-24T03:10:54.945958Z edge 203.0.113.7:2817 192.0.2.10:80 0.000073 0.011048 0.000057 200 200 0 612 "
        '"GET https://api.example.com:443/orders/7 HTTP/1.1" "curl/8.5" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2',
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z [^ ]",
        (*_COMMON, rf'(?: "(?P<agent>{QUOTED})"(?: [^ ]{{1,255}} [^ ]{{1,64}})?)?'),
        _balancer,
    ),
    pattern(
        "aws_s3",
        "Amazon S3 server access log",
        "79a59df900b949e5 bucket [24/Nov/2026:03:10:54 +0000] 203.0.113.7 arn:aws:iam::123456789012:user/alice "
        '3E57427F3EXAMPLE REST.GET.OBJECT orders/7 "GET /bucket/orders/7 HTTP/1.1" 200 - 612 612 12 10 "-" "curl/8.5" '
        "- s9lzHYrFp76ZVxRcpX9 SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket.s3.amazonaws.com TLSv1.2",
        r"[^ ]{1,128} [^ ]{1,128} \[\d\d/[A-Z][a-z]{2}/\d{4}:",
        (
            r"[^ ]{1,128} [^ ]{1,128}",
            r" \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]",
            r" (?P<client>[^ ]{1,64}) (?P<user>[^ ]{1,255}) [^ ]{1,128}",
            r" [A-Z][A-Z0-9]{1,15}\.[A-Za-z0-9_.-]{1,128} [^ ]+",
            f" (?:{ASKED}|-)",
            r" (?P<status>\d{3}|-) [^ ]{1,128}",
            r" (?P<bytes>\d{1,19}|-) (?:\d{1,19}|-) (?P<duration>\d{1,15}|-) (?:\d{1,15}|-)",
            r' (?:"(?P<referer>[^"]*+)" "(?P<agent>.*)"|".*")',
            r" (?P<rest>[^\"]*+)",
        ),
        _s3,
    ),
)
