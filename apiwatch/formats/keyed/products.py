"""JSON access logs of products whose keys are known: one entry each."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.credentials import from_header
from apiwatch.formats.times import Moment, any_time
from apiwatch.model import Request

__all__ = ["PRODUCTS", "Product"]

T = TypeVar("T", bound=msgspec.Struct)


class Product(NamedTuple):
    """How to recognise and to read one product's objects."""

    name: str
    title: str
    marker: str
    """Text without which a line is not of this product; a cheap look before decoding."""
    decoder: msgspec.json.Decoder[Any]
    read: Callable[[Any, Builder, int, float], Request | None]
    """(decoded, builder, line, received) -> the record; None: it is not this product's access record after all."""
    example: str


_Header = list[str] | str | None


class _CaddyHeaders(msgspec.Struct):
    user_agent: _Header = msgspec.field(default=None, name="User-Agent")
    referer: _Header = msgspec.field(default=None, name="Referer")
    forwarded_for: _Header = msgspec.field(default=None, name="X-Forwarded-For")
    authorization: _Header = msgspec.field(default=None, name="Authorization")
    api_key: _Header = msgspec.field(default=None, name="X-Api-Key")
    cookie: _Header = msgspec.field(default=None, name="Cookie")


class _CaddyRequest(msgspec.Struct):
    uri: str
    method: str
    remote_ip: str = ""
    remote_addr: str = ""
    client_ip: str | None = None
    host: str = ""
    headers: _CaddyHeaders = msgspec.field(default_factory=_CaddyHeaders)


class _Caddy(msgspec.Struct):
    """https://caddyserver.com/docs/logging"""

    ts: float | str
    logger: str
    request: _CaddyRequest
    status: int
    size: int | None = None
    duration: float | str | None = None
    user_id: str | None = None


class _Traefik(msgspec.Struct, rename="pascal"):
    """https://doc.traefik.io/traefik/observability/access-logs/"""

    request_method: str
    downstream_status: int
    request_path: str = ""
    client_addr: str = ""
    client_host: str = ""
    client_username: str | None = None
    downstream_content_size: int | None = None
    duration: float | None = None
    request_host: str | None = None
    request_addr: str | None = None
    start_utc: str = msgspec.field(default="", name="StartUTC")
    start_local: str = ""
    time: str = msgspec.field(default="", name="time")
    user_agent: str | None = msgspec.field(default=None, name="request_User-Agent")
    referer: str | None = msgspec.field(default=None, name="request_Referer")
    authorization: str | None = msgspec.field(default=None, name="request_Authorization")


def _caddy(found: _Caddy, builder: Builder, line: int, received: float) -> Request | None:
    request, headers = found.request, found.request.headers
    credentials = (headers.authorization, headers.api_key, headers.cookie)
    when = _moment(found.ts, builder)
    if when is None or not found.logger.startswith("http.log.access"):
        return None
    return builder.request(
        when,
        request.remote_ip or request.remote_addr,
        builder.targets[f"{request.method} {request.uri}"],
        _status(found.status),
        line,
        client=request.client_ip,
        forwarded=_joined(headers.forwarded_for),
        size=_size(found.size),
        referer=_first(headers.referer),
        user_agent=_first(headers.user_agent),
        host=request.host,
        user=found.user_id,
        credential=next(filter(None, map(from_header, map(_first, credentials))), None),
        duration_s=found.duration if isinstance(found.duration, float) and found.duration >= 0 else None,
    )


def _traefik(found: _Traefik, builder: Builder, line: int, received: float) -> Request | None:
    when = _moment(found.start_utc or found.start_local or found.time, builder) or _moment(found.time, builder)
    # ClientHost is X-Forwarded-For as it came when Traefik trusts its peer; its right-most entry stands for the peer.
    before, _, last = found.client_host.rpartition(",")
    client = last or found.client_addr
    if before:
        client = builder.addresses.client(builder.addresses.clean[last], before)
    return builder.request(
        when or (received, 0),
        found.client_addr or last,
        builder.targets[f"{found.request_method} {found.request_path}"],
        _status(found.downstream_status),
        line,
        client=client,
        size=_size(found.downstream_content_size),
        referer=found.referer,
        user_agent=found.user_agent,
        host=found.request_host or found.request_addr,
        user=found.client_username,
        credential=from_header(found.authorization),
        duration_s=found.duration / 1e9 if found.duration is not None and found.duration >= 0 else None,
    )


PRODUCTS = (
    Product(
        "caddy_json",
        "Caddy's JSON access log",
        "http.log.access",
        msgspec.json.Decoder(_Caddy),
        _caddy,
        '{"level":"info","ts":1795490000.8360398,"logger":"http.log.access.log0","msg":"handled request","request":'
        '{"remote_ip":"203.0.113.7","method":"GET","host":"api.example.com","uri":"/orders/7","headers":'
        '{"User-Agent":["curl/8.5"]}},"user_id":"","duration":0.012,"size":612,"status":200}',
    ),
    Product(
        "traefik_json",
        "Traefik's JSON access log",
        '"DownstreamStatus"',
        msgspec.json.Decoder(_Traefik),
        _traefik,
        '{"ClientAddr":"203.0.113.7:29367","ClientHost":"203.0.113.7","DownstreamContentSize":612,'
        '"DownstreamStatus":200,"Duration":1500000,"RequestHost":"api.example.com","RequestMethod":"GET",'
        '"RequestPath":"/orders/7","StartUTC":"2026-11-24T03:10:54Z","time":"2026-11-24T03:10:54Z"}',
    ),
)
"""The products, the first that fits is taken."""


def _moment(value: float | str, builder: Builder) -> Moment | None:
    return any_time(value, builder.times)


def _status(status: int) -> int:
    return status if 100 <= status <= 999 else 0


def _size(size: int | None) -> int | None:
    return size if size is not None and 0 <= size <= MAX_INT else None


def _first(header: _Header) -> str | None:
    if isinstance(header, list):
        return header[0] if header else None
    return header


def _joined(header: _Header) -> str | None:
    return ",".join(header) if isinstance(header, list) else header
