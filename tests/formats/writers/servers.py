"""Writers of single servers, and of nginx with a format of its own (reference: formats, sections 2 to 6)."""

from dataclasses import replace

from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import apache, nginx, without
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import WALL, Writer

__all__ = ["WRITERS"]


def _zoraxy(sample: Sample) -> str:
    wall = sample.in_zone(WALL)
    return (
        f"{wall:%Y/%m/%d %T} [{wall:%F %T.%f}] [router:host-http] [origin:{sample.host}] [client: {sample.address}] "
        f"[useragent: {sample.agent or ''}] {sample.method} {sample.path} {sample.status}"
    )


def _presto(sample: Sample) -> str:
    clock = sample.clock.isoformat(timespec="milliseconds")
    return "\t".join(
        map(
            str,
            (
                *(clock, sample.address, sample.method, sample.target, sample.user or "null", sample.agent or "null"),
                *(sample.status, 0, sample.size, sample.duration // 1_000, "9309c9523e", "HTTP/1.1", 0, 0, -1, "null"),
            ),
        )
    )


def _torchserve(sample: Sample) -> str:
    wall = sample.in_zone(WALL)
    return (
        f"{wall:%FT%T},{wall.microsecond // 1_000:03} - /{sample.address}:{sample.port} "
        f'"{sample.method} {sample.target} HTTP/1.1" {sample.status} {sample.duration // 1_000}'
    )


def _kyototycoon(sample: Sample) -> str:
    return (
        f"{sample.utc:%FT%T.%f}Z: [INFO]: ({sample.address}:{sample.port}): {sample.method} {sample.target} HTTP/1.1: "
        f"{sample.status}"
    )


def _npm(sample: Sample) -> str:
    return (
        f"[{clf_time(sample)}] - {sample.status} {sample.status} - {sample.method} https {sample.host} "
        f'"{nginx(sample.target)}" [Client {sample.address}] [Length {sample.size}] [Gzip -] [Sent-to 192.0.2.10] '
        f'"{nginx(sample.agent or "-")}" "{nginx(sample.referer or "-")}"'
    )


def _npmplus(sample: Sample) -> str:
    return (
        f"[{clf_time(sample)}] {sample.host} {sample.address} {sample.seconds} "
        f'"{sample.method} {nginx(sample.target)} HTTP/2.0" {sample.status} {sample.size} 333 '
        f"{nginx(sample.referer or '-')} {nginx(sample.agent or '-')}"
    )


def _ssl_request(sample: Sample) -> str:
    return (
        f"[{clf_time(sample)}] {sample.address} TLSv1.3 TLS_AES_256_GCM_SHA384 "
        f'"{sample.method} {apache(sample.target)} HTTP/1.1" {sample.size}'
    )


def _apisix(sample: Sample) -> str:
    return (
        f"{sample.address} - {nginx(sample.user or '-')} [{clf_time(sample)}] {sample.host} "
        f'"{sample.method} {nginx(sample.target)} HTTP/1.1" {sample.status} {sample.size} {sample.seconds} '
        f'"{nginx(sample.referer or "-")}" "{nginx(sample.agent or "-")}" 192.0.2.10:8080 {sample.status} 0.010 '
        f'"http://{sample.host}{nginx(sample.path)}"'
    )


def _presto_tame(sample: Sample) -> Sample:
    return without("\t", "agent", instead=" ")(replace(sample, method=sample.method.replace("-", "")))


def _no_query(sample: Sample) -> Sample:
    return replace(sample, target=sample.path)


WRITERS = (
    Writer("zoraxy", "zoraxy", _zoraxy, "client method target status agent host", tick=1, offset=WALL, tame=_no_query),
    Writer(
        "presto",
        "presto",
        _presto,
        "client method target status bytes agent user duration",
        tick=1_000,
        tame=_presto_tame,
    ),
    Writer("torchserve", "torchserve", _torchserve, "client method target status duration", tick=1_000, offset=WALL),
    Writer("kyototycoon", "kyototycoon", _kyototycoon, "client method target status", tick=1, offset=0),
    Writer(
        "nginx_proxy_manager",
        "npm",
        _npm,
        "client method target status bytes referer agent host",
        nginx,
    ),
    Writer(
        "nginx_npmplus",
        "npmplus",
        _npmplus,
        "client method target status bytes referer agent host duration",
        nginx,
    ),
    Writer("apache_ssl_request", "apache", _ssl_request, "client method target bytes", apache),
    Writer(
        "apisix",
        "apisix",
        _apisix,
        "client method target status bytes referer agent host user duration",
        nginx,
    ),
)
