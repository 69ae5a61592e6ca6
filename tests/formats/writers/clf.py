"""Writers of the common log format and of what is built on it (reference: formats, sections 2 and 3)."""

from collections.abc import Callable
from dataclasses import replace

from tests.formats.writers.escapes import apache, backslashed, nginx, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import Writer

__all__ = ["WRITERS", "clf_time", "combined", "common"]

Escape = Callable[[str], str]

COMMON = "client method target status bytes user"
COMBINED = COMMON + " referer agent"


def clf_time(sample: Sample) -> str:
    """`24/Nov/2026:03:10:54 +0000`, by the server's clock."""
    return f"{sample.clock:%d/%b/%Y:%H:%M:%S %z}"


def common(sample: Sample, escape: Escape = nginx) -> str:
    """The line up to the size."""
    return (
        f"{sample.address} - {escape(sample.user or '-')} [{clf_time(sample)}] "
        f'"{sample.method} {escape(sample.target)} HTTP/1.1" {sample.status} {sample.size}'
    )


def combined(sample: Sample, escape: Escape = nginx) -> str:
    """The line up to the user agent."""
    return f'{common(sample, escape)} "{escape(sample.referer or "-")}" "{escape(sample.agent or "-")}"'


def _in_utc(sample: Sample) -> Sample:
    return replace(sample, offset=0)


def _gunicorn(sample: Sample) -> str:
    return combined(sample, backslashed)


def _morgan(sample: Sample) -> str:
    return combined(_in_utc(sample), str)


def _tomcat(sample: Sample) -> str:
    address = sample.address
    text = ":".join(part.lstrip("0") or "0" for part in address.exploded.split(":")) if ":" in str(address) else address
    return combined(sample, nginx).replace(str(address), str(text), 1)


def _traefik(sample: Sample) -> str:
    return (
        f"{sample.address} - {sample.user or '-'} [{clf_time(sample)}] "
        f'"{sample.method} {sample.target} HTTP/1.1" {sample.status} {sample.size} '
        f'"{backslashed(sample.referer or "-")}" "{backslashed(sample.agent or "-")}" {sample.port} "shop@file" '
        f'"http://192.0.2.10:5601" {sample.duration // 1_000}ms'
    )


def _ingress(sample: Sample) -> str:
    return (
        f"{combined(sample)} {sample.port} {sample.seconds} [default-web-80] [] 192.0.2.10:80, 192.0.2.11:80 "
        f"0, {sample.size} 0.000, {sample.seconds} 502, {sample.status} 4c024ebfc20acfb2d59e542e3ed60789"
    )


def _influxdb(sample: Sample) -> str:
    return f"[httpd] {combined(sample, str)} 6f61bc44-321b-11e6-8050-000000000000 {sample.duration}"


_unescaped = without('"\\', "target", "agent", "referer", "user")
"""Nothing is escaped: only texts without quotes and backslashes can be told."""

_quotes_escaped = without("\\", "agent", "referer", "target", "user")
r"""`"` is `\"`, but `\` is not `\\`: what ends in a backslash reads as if it went on."""


def _traefik_tame(sample: Sample) -> Sample:
    return without("\\", "agent", "referer")(without('"\\', "target", "user")(sample))


WRITERS = (
    Writer("combined", "nginx", combined, COMBINED, nginx),
    Writer("combined", "apache", lambda sample: combined(sample, apache), COMBINED, apache),
    Writer("combined", "gunicorn", _gunicorn, COMBINED, backslashed, tame=_quotes_escaped),
    Writer("combined", "morgan", _morgan, COMBINED, offset=0, tame=_unescaped),
    Writer("combined", "tomcat", _tomcat, COMBINED, nginx),
    Writer(
        "combined",
        "nginx-main",
        lambda sample: f'{combined(sample)} "{sample.address}, 192.0.2.9"',
        COMBINED,
        nginx,
    ),
    Writer("common", "apache", lambda sample: common(sample, apache), COMMON, apache),
    Writer(
        "vhost_combined",
        "apache",
        lambda sample: f"{sample.host}:443 {combined(sample, apache)}",
        COMBINED + " host",
        apache,
    ),
    Writer("vhost_combined", "nginx", lambda sample: f"{sample.host} {combined(sample)}", COMBINED + " host", nginx),
    Writer("vhost_common", "apache", lambda sample: f"{sample.host} {common(sample)}", COMMON + " host", nginx),
    Writer("traefik_clf", "traefik", _traefik, COMBINED + " duration", backslashed, tame=_traefik_tame),
    Writer("nginx_ingress", "ingress-nginx", _ingress, COMBINED + " duration", nginx),
    Writer(
        "kong",
        "kong",
        lambda sample: f'{combined(sample)} kong_request_id: "5c1f0e4a8b7d2f3e6a9c0b1d2e3f4a5b"',
        COMBINED,
        nginx,
    ),
    Writer("influxdb_httpd", "influxdb", _influxdb, COMBINED + " duration", duration_tick=1, tame=_unescaped),
)
