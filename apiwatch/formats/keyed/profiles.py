"""Products whose JSON records the usual names do not read by themselves, or that deserve a name (reference: formats,
section 6): what identifies them, and what differs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from apiwatch.formats.build import Builder, split_target
from apiwatch.formats.matcher import Skipped
from apiwatch.formats.times import any_time
from apiwatch.model import Auth, Request

__all__ = ["PROFILES", "Profile", "profile_of"]

Object = Mapping[str, Any]
Finish = Callable[[Object, Request, Builder], Request | type[Skipped]]


class Profile(NamedTuple):
    """One product."""

    name: str
    title: str
    keys: frozenset[str]
    """Paths of keys, joined by dots, that all its records have."""
    example: str
    roles: Mapping[str, str] = {}
    """Path -> field, where the name of a key misleads; '' for a key that is not looked at."""
    unit: str = ""
    """Of a duration whose key does not say it."""
    finish: Finish | None = None
    """What is left to do with a record: (object, record, builder) -> record, or Skipped for another kind of entry."""


def profile_of(paths: frozenset[str]) -> Profile | None:
    """The product whose keys an object has; the first that fits."""
    return next((profile for profile in PROFILES if profile.keys <= paths), None)


def _envoy(value: Object, record: Request, builder: Builder) -> Request:
    details = value.get("response_code_details")
    refused = isinstance(details, str) and details.startswith("jwt_authn_access_denied")
    return replace(record, stated=Auth.ANONYMOUS) if refused else record


def _api_gateway(value: Object, record: Request, builder: Builder) -> Request:
    names = ("user", "caller", "principalId", "authorizer.principalId", "apiKeyId", "identity.apiKeyId")
    named = any(value.get(name) not in {None, "", "-"} for name in names if isinstance(value.get(name), str))
    return replace(record, stated=Auth.AUTHENTICATED) if named and record.status not in {401, 403} else record


def _kong(value: Object, record: Request, builder: Builder) -> Request:
    known = value.get("consumer") or value.get("authenticated_entity")
    return replace(record, stated=Auth.AUTHENTICATED) if known else record


def _cloudflare(value: Object, record: Request, builder: Builder) -> Request:
    start = any_time(value.get("EdgeStartTimestamp"), builder.times)
    end = any_time(value.get("EdgeEndTimestamp"), builder.times)
    if start is None or end is None or end[0] < start[0]:
        return record
    return replace(record, duration_s=end[0] - start[0])


def _akamai(value: Object, record: Request, builder: Builder) -> Request:
    phases = [value.get(name) for name in ("reqEndTimeMSec", "turnAroundTimeMSec", "transferTimeMSec")]
    spent = [int(phase) for phase in phases if isinstance(phase, str) and phase.isdecimal() and len(phase) < 12]
    duration = sum(spent) / 1e3 if spent else None
    if record.target is None or record.target.startswith("/"):
        return replace(record, duration_s=duration)
    target = "/" + record.target
    _, path, query = split_target(target)
    return replace(record, duration_s=duration, target=target, path=path, query=query)


def _of_category(category: str) -> Finish:
    """Azure sends several kinds of entries in one stream."""

    def finish(value: Object, record: Request, builder: Builder) -> Request | type[Skipped]:
        return record if value.get("category") == category else Skipped

    return finish


def _suricata(value: Object, record: Request, builder: Builder) -> Request | type[Skipped]:
    return record if value.get("event_type") == "http" else Skipped


_APPGW = Profile(
    "azure_appgw",
    "Azure Application Gateway",
    frozenset(("category", "properties.clientIP", "properties.httpStatus")),
    '{"time":"2026-11-24T03:10:54+00:00","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"203.0.113.7"'
    ',"httpMethod":"GET","requestUri":"/orders/7","requestQuery":"","userAgent":"curl/8.5","httpStatus":200,"sentBytes":'
    '612,"timeTaken":0.012,"host":"api.example.com","originalRequestUriWithArgs":"/orders/7?x=1"}}',
    finish=_of_category("ApplicationGatewayAccessLog"),
)
_ENVOY = frozenset(("response_code", "response_flags", "start_time"))
_ENVOY_ROLES = {
    "downstream_remote_address": "client",
    "upstream_host": "",
    "requested_server_name": "",
    "upstream_local_address": "",
    "downstream_local_address": "",
    "upstream_cluster": "",
    "upstream_service_time": "",
    "x-envoy-origin-path": "target",
    "bytes_sent": "bytes",
}

PROFILES = (
    Profile(
        "istio_json",
        "Istio's JSON access log",
        _ENVOY | {"user_agent", "upstream_cluster"},
        '{"authority":"api.example.com","bytes_received":0,"bytes_sent":612,"downstream_remote_address":"203.0.113.7:37652"'
        ',"duration":12,"method":"GET","path":"/orders/7?x=1","protocol":"HTTP/1.1","response_code":200,"response_code_'
        'details":"via_upstream","response_flags":"-","start_time":"2026-11-24T03:10:54.592Z","upstream_cluster":"inbound|80'
        '||","user_agent":"curl/8.5","x_forwarded_for":null}',
        _ENVOY_ROLES,
        "ms",
        _envoy,
    ),
    Profile(
        "envoy_json",
        "Envoy's JSON access log (Envoy Gateway)",
        _ENVOY,
        '{":authority":"api.example.com","bytes_sent":612,"downstream_remote_address":"203.0.113.7:49578","duration":12,'
        '"method":"GET","protocol":"HTTP/2","response_code":200,"response_flags":"-","start_time":"2026-11-24T03:10:54.592Z"'
        ',"user-agent":"curl/8.5","x-envoy-origin-path":"/orders/7?x=1","x-forwarded-for":"203.0.113.7"}',
        _ENVOY_ROLES,
        "ms",
        _envoy,
    ),
    Profile(
        "kong_json",
        "Kong's log plugins (file-log, http-log)",
        frozenset(("latencies.request", "request.method", "response.status", "started_at")),
        '{"client_ip":"203.0.113.7","started_at":1795489854722,"request":{"method":"GET","uri":"/orders/7?x=1","headers":'
        '{"host":"api.example.com","user-agent":"curl/8.5"}},"response":{"status":200,"size":612},"latencies":{"request":12,'
        '"kong":2,"proxy":10},"consumer":{"id":"c1","username":"alice"}}',
        {
            "client_ip": "client",
            "started_at": "time",
            "latencies.request": "duration",
            "latencies.kong": "",
            "latencies.proxy": "",
            "request.uri": "target",
            "request.url": "",
            "request.size": "",
            "request.headers.x-forwarded-for": "",
            "response.size": "bytes",
            "response.status": "status",
            "consumer.username": "user",
            "route.id": "",
            "service.host": "",
        },
        "ms",
        _kong,
    ),
    Profile(
        "gcp_lb_json",
        "Google Cloud HTTP load balancer",
        frozenset(("httpRequest.requestMethod", "httpRequest.requestUrl", "resource.type")),
        '{"httpRequest":{"latency":"0.012192s","remoteIp":"203.0.113.7","requestMethod":"GET","requestUrl":'
        '"https://api.example.com/orders/7","responseSize":"612","status":200,"userAgent":"curl/8.5"},"resource":{"type":'
        '"http_load_balancer"},"timestamp":"2026-11-24T03:10:54.558637Z"}',
        {"httpRequest.serverIp": ""},
    ),
    _APPGW._replace(
        keys=_APPGW.keys | {"properties.originalRequestUriWithArgs"},
        roles={
            "properties.originalRequestUriWithArgs": "target",
            "properties.requestUri": "",
            "properties.requestQuery": "",
        },
    ),
    _APPGW,
    Profile(
        "azure_frontdoor",
        "Azure Front Door",
        frozenset(("category", "properties.httpMethod", "properties.httpStatusCode", "properties.requestUri")),
        '{"time":"2026-11-24T03:10:54.0000000Z","category":"FrontDoorAccessLog","properties":{"httpMethod":"GET","requestUri"'
        ':"https://api.example.com/orders/7","responseBytes":"612","userAgent":"curl/8.5","clientIp":"203.0.113.7","socketIp"'
        ':"203.0.113.7","timeTaken":"0.012","httpStatusCode":"200","hostName":"api.example.com","referer":"-"}}',
        {"properties.hostName": "host", "properties.socketIp": "", "properties.timeTaken": "duration"},
        "s",
        _of_category("FrontDoorAccessLog"),
    ),
    Profile(
        "azure_apim",
        "Azure API Management",
        frozenset(("category", "callerIpAddress", "properties.method", "properties.responseCode")),
        '{"time":"2026-11-24T03:10:54.722Z","category":"GatewayLogs","callerIpAddress":"203.0.113.7","durationMs":12,'
        '"properties":{"method":"GET","url":"https://api.example.com/orders/7","responseCode":200,"responseSize":612}}',
        {"properties.backendMethod": "", "properties.backendUrl": "", "properties.backendResponseCode": ""},
        finish=_of_category("GatewayLogs"),
    ),
    Profile(
        "aws_apigateway",
        "Amazon API Gateway, HTTP API",
        frozenset(("requestId", "routeKey", "status", "requestTime")),
        '{"requestId":"JKJaXmPLvHcESHA=","ip":"203.0.113.7","requestTime":"24/Nov/2026:03:10:54 +0000",'
        '"httpMethod":"GET","routeKey":"GET /orders/{id}","status":"200","protocol":"HTTP/1.1","responseLength":"612"}',
        {"routeKey": "request", "path": "target", "responseLatency": "duration", "integrationLatency": ""},
        "ms",
        _api_gateway,
    ),
    Profile(
        "aws_apigateway",
        "Amazon API Gateway, JSON",
        frozenset(("requestId", "httpMethod", "status", "requestTime")),
        '{"requestId":"c6af9ac6-7b61","ip":"203.0.113.7","caller":"-","user":"-","requestTime":'
        '"24/Nov/2026:03:10:54 +0000","httpMethod":"GET","resourcePath":"/orders/{id}",'
        '"path":"/orders/7","status":"200","protocol":"HTTP/1.1",'
        '"responseLength":"612"}',
        {"path": "target", "responseLatency": "duration", "integrationLatency": "", "integration.latency": ""},
        "ms",
        _api_gateway,
    ),
    Profile(
        "cloudflare_json",
        "Cloudflare Logpush",
        frozenset(("ClientRequestMethod", "EdgeResponseStatus")),
        '{"ClientIP":"203.0.113.7","ClientRequestHost":"api.example.com","ClientRequestMethod":"GET","ClientRequestURI":'
        '"/orders/7?x=1","ClientRequestUserAgent":"curl/8.5","EdgeStartTimestamp":1795489854000000000,"EdgeEndTimestamp":'
        '1795489854012000000,"EdgeResponseStatus":200,"EdgeResponseBytes":612,"RayID":"3a6050bcbe121a87"}',
        {
            "EdgeStartTimestamp": "time",
            "EdgeEndTimestamp": "",
            "OriginIP": "",
            "OriginResponseStatus": "",
            "ClientRequestPath": "",
        },
        finish=_cloudflare,
    ),
    Profile(
        "akamai_ds2_json",
        "Akamai DataStream 2",
        frozenset(("cliIP", "reqMethod", "statusCode")),
        '{"reqMethod":"GET","reqTimeSec":"1795489854.280","UA":"curl/8.5","turnAroundTimeMSec":"12","totalBytes":"612",'
        '"reqHost":"api.example.com","reqPath":"orders/7","cliIP":"203.0.113.7","statusCode":"200","queryStr":"x=1"}',
        {"reqTimeSec": "time", "totalBytes": "bytes", "bytes": "", "objSize": "", "hostname": "", "reqPath": "target"},
        finish=_akamai,
    ),
    Profile(
        "f5xc_json",
        "F5 Distributed Cloud",
        frozenset(("rsp_code", "src_ip", "vh_name")),
        '{"time":"2026-11-24T03:10:54.123Z","src_ip":"203.0.113.7","method":"GET","req_path":"/orders/7","rsp_code":"200",'
        '"rsp_size":"612","user_agent":"curl/8.5","vh_name":"ves-io-api","authority":"api.example.com","user":"IP-203.0.113.7"}',
        {"user": "", "vh_name": ""},
    ),
    Profile(
        "ngrok_json",
        "ngrok",
        frozenset(("event_type", "object.http.request.method")),
        '{"event_type":"http_request_complete.v0","event_timestamp":"2026-11-24T03:10:54Z","object":{"http":{"request":{'
        '"method":"GET","url_path":"/orders/7"},"response":{"status_code":200,"body_length":612}},"conn":{"client_ip":'
        '"203.0.113.7"}}}',
        {"object.http.response.body_length": "bytes"},
    ),
    Profile(
        "gitlab_json",
        "GitLab and other Rails applications (lograge)",
        frozenset(("method", "path", "status", "controller")),
        '{"method":"GET","path":"/orders/7","controller":"OrdersController","action":"show","status":200,"duration_s":0.012,'
        '"remote_ip":"203.0.113.7","time":"2026-11-24T03:10:54.821Z","username":"alice"}',
        {"format": ""},
    ),
    Profile(
        "artifactory_json",
        "JFrog Artifactory and its services",
        frozenset(("log_source", "return_status", "request_url")),
        '{"log_timestamp":"2026-11-24T03:10:54.350Z","remote_address":"203.0.113.7","request_method":"GET",'
        '"response_content_length":"612","request_url":"/api/orders/7","request_duration":"12","log_source":'
        '"jfrog.rt.artifactory.request","return_status":"200","username":"alice"}',
    ),
    Profile(
        "zeek_json",
        "Zeek's http.log as JSON",
        frozenset(("id.orig_h", "uri", "status_code")),
        '{"ts":1795489854.722,"uid":"CtxTCR2Yer0FR1tIBg","id.orig_h":"203.0.113.7","id.orig_p":41696,"id.resp_h":'
        '"192.0.2.10","method":"GET","host":"api.example.com","uri":"/orders/7","user_agent":"curl/8.5","response_body_len":'
        '612,"status_code":200}',
        {"id.resp_h": "", "request_body_len": "", "status_msg": ""},
    ),
    Profile(
        "suricata_eve",
        "Suricata EVE, http events",
        frozenset(("event_type", "src_ip", "http.http_method")),
        '{"timestamp":"2026-11-24T03:10:54.722123+0000","event_type":"http","src_ip":"203.0.113.7","dest_ip":"192.0.2.10",'
        '"http":{"hostname":"api.example.com","url":"/orders/7","http_user_agent":"curl/8.5","http_method":"GET",'
        '"protocol":"HTTP/1.1","status":200,"length":612}}',
        {"http.hostname": "host", "http.length": "bytes", "http.http_refer": "referer", "proto": ""},
        finish=_suricata,
    ),
)
"""The stricter ones first: what fits two is the first."""
