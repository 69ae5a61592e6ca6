"""Writers of JSON lines (reference: formats, sections 4 to 6). JSON escapes all, so that every text comes back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from apiwatch.model import Auth
from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import go_json, nginx
from tests.formats.writers.sample import Sample
from tests.formats.writers.writer import Writer, asked

__all__ = ["WRITERS"]

Object = dict[str, Any]

ALL = "client method target status bytes referer agent host user duration"


def _caddy(sample: Sample) -> Object:
    headers = {"User-Agent": [sample.agent], "Referer": [sample.referer], "Accept": ["*/*"]}
    return {
        "level": "error" if sample.status >= 500 else "info", "ts": sample.moment / 1e6,
        "logger": "http.log.access.log0", "msg": "handled request",
        "request": {
            "remote_ip": str(sample.address), "remote_port": str(sample.port), "client_ip": str(sample.address),
            "proto": "HTTP/2.0", "method": sample.method, "host": f"{sample.host}:443", "uri": sample.target,
            "headers": {name: value for name, value in headers.items() if value != [None]},
        },
        "user_id": sample.user or "", "duration": sample.duration / 1e6, "size": sample.size, "status": sample.status,
        "resp_headers": {"Server": ["Caddy"]},
    }  # fmt: skip


def _traefik(sample: Sample) -> Object:
    return {
        "ClientAddr": _socket(sample), "ClientHost": str(sample.address), "ClientUsername": sample.user or "-",
        "DownstreamContentSize": sample.size, "DownstreamStatus": sample.status, "Duration": sample.duration * 1_000,
        "RequestHost": sample.host, "RequestMethod": sample.method, "RequestPath": sample.target,
        "RequestProtocol": "HTTP/1.1", "StartUTC": f"{sample.utc:%FT%T.%f}000Z", "level": "info", "msg": "",
        "request_User-Agent": sample.agent, "request_Referer": sample.referer, "time": f"{sample.clock:%FT%T}Z",
    }  # fmt: skip


def _envoy(sample: Sample) -> Object:
    return {
        ":authority": sample.host, "bytes_received": 0, "bytes_sent": sample.size,
        "downstream_remote_address": _socket(sample), "duration": sample.duration // 1_000, "method": sample.method,
        "protocol": "HTTP/2", "response_code": sample.status, "response_code_details": "via_upstream",
        "response_flags": "-", "start_time": _iso_ms(sample), "user-agent": sample.agent,
        "x-envoy-origin-path": sample.target, "x-forwarded-for": str(sample.address),
    }  # fmt: skip


def _istio(sample: Sample) -> Object:
    return {
        "authority": sample.host, "bytes_received": 0, "bytes_sent": sample.size,
        "downstream_remote_address": _socket(sample), "duration": sample.duration // 1_000, "method": sample.method,
        "path": sample.target, "protocol": "HTTP/1.1", "response_code": sample.status,
        "response_code_details": "via_upstream", "response_flags": "-", "start_time": _iso_ms(sample),
        "upstream_cluster": "inbound|80||", "user_agent": sample.agent, "x_forwarded_for": None,
    }  # fmt: skip


def _kong(sample: Sample) -> Object:
    return {
        "client_ip": str(sample.address), "started_at": sample.moment // 1_000,
        "request": {
            "method": sample.method, "uri": sample.target, "size": 123, "url": f"http://{sample.host}:8000/upstream",
            "headers": {"host": sample.host, "user-agent": sample.agent, "referer": sample.referer},
        },
        "response": {"status": sample.status, "size": sample.size},
        "latencies": {"request": sample.duration // 1_000, "kong": 2, "proxy": 10},
    } | ({"consumer": {"id": "c1", "username": sample.user}} if sample.user else {})  # fmt: skip


def _gcp(sample: Sample) -> Object:
    return {
        "httpRequest": {
            "latency": f"{sample.duration / 1e6:.6f}s", "remoteIp": str(sample.address),
            "requestMethod": sample.method, "requestUrl": f"https://{sample.host}{sample.target}",
            "requestSize": "77", "responseSize": str(sample.size), "status": sample.status,
            "userAgent": sample.agent, "referer": sample.referer,
        },
        "jsonPayload": {"statusDetails": "response_sent_by_backend"}, "resource": {"type": "http_load_balancer"},
        "timestamp": _iso_us(sample),
    }  # fmt: skip


def _appgw(sample: Sample) -> Object:
    return {
        "time": f"{sample.utc:%FT%T}+00:00", "category": "ApplicationGatewayAccessLog",
        "properties": {
            "instanceId": "appgw_2", "clientIP": str(sample.address), "httpMethod": sample.method,
            "requestUri": sample.path, "requestQuery": sample.query, "userAgent": sample.agent or "-",
            "httpStatus": sample.status, "sentBytes": sample.size, "timeTaken": sample.duration / 1e6,
            "host": sample.host, "originalRequestUriWithArgs": sample.target,
        },
    }  # fmt: skip


def _frontdoor(sample: Sample) -> Object:
    return {
        "time": f"{sample.utc:%FT%T.%f}0Z", "category": "FrontDoorAccessLog",
        "properties": {
            "httpMethod": sample.method, "requestUri": f"https://{sample.host}{sample.target}",
            "responseBytes": str(sample.size), "userAgent": sample.agent or "-", "clientIp": str(sample.address),
            "socketIp": str(sample.address), "timeTaken": sample.seconds,
            "httpStatusCode": str(sample.status), "hostName": sample.host, "referer": sample.referer or "-",
        },
    }  # fmt: skip


def _apim(sample: Sample) -> Object:
    return {
        "time": _iso_ms(sample), "category": "GatewayLogs", "callerIpAddress": str(sample.address),
        "durationMs": sample.duration // 1_000,
        "properties": {
            "method": sample.method, "url": f"https://{sample.host}{sample.target}", "responseCode": sample.status,
            "responseSize": sample.size, "userId": sample.user,
        },
    }  # fmt: skip


def _apigateway(sample: Sample) -> Object:
    return {
        "requestId": "c6af9ac6-7b61", "ip": str(sample.address), "caller": "-", "user": sample.user or "-",
        "requestTime": clf_time(replace(sample, offset=0)), "httpMethod": sample.method,
        "resourcePath": "/orders/{id}", "path": sample.target, "status": str(sample.status), "protocol": "HTTP/1.1",
        "responseLength": str(sample.size),
    }  # fmt: skip


def _cloudflare(sample: Sample) -> Object:
    return {
        "ClientIP": str(sample.address), "ClientRequestHost": sample.host, "ClientRequestMethod": sample.method,
        "ClientRequestReferer": sample.referer or "", "ClientRequestURI": sample.target,
        "ClientRequestUserAgent": sample.agent or "", "EdgeStartTimestamp": sample.moment * 1_000,
        "EdgeEndTimestamp": (sample.moment + sample.duration) * 1_000, "EdgeResponseStatus": sample.status,
        "EdgeResponseBytes": sample.size, "RayID": "3a6050bcbe121a87",
    }  # fmt: skip


def _akamai(sample: Sample) -> Object:
    return {
        "reqMethod": sample.method, "reqTimeSec": sample.epoch, "UA": sample.agent or "-",
        "turnAroundTimeMSec": str(sample.duration // 1_000), "totalBytes": str(sample.size), "bytes": "1",
        "reqHost": sample.host, "reqPath": sample.path[1:], "cliIP": str(sample.address),
        "statusCode": str(sample.status), "queryStr": sample.query or "-", "referer": sample.referer or "-",
    }  # fmt: skip


def _f5xc(sample: Sample) -> Object:
    return {
        "time": _iso_ms(sample), "src_ip": str(sample.address), "method": sample.method, "req_path": sample.target,
        "rsp_code": str(sample.status), "rsp_size": str(sample.size), "user_agent": sample.agent,
        "vh_name": "ves-io-api", "authority": sample.host, "user": f"IP-{sample.address}",
    }  # fmt: skip


def _ngrok(sample: Sample) -> Object:
    return {
        "event_type": "http_request_complete.v0", "event_timestamp": f"{sample.utc:%FT%T}Z",
        "object": {
            "http": {
                "request": {"method": sample.method, "url_path": sample.target, "user_agent": sample.agent},
                "response": {"status_code": sample.status, "body_length": sample.size},
            },
        },
        "conn": {"client_ip": str(sample.address)},
    }  # fmt: skip


def _gitlab(sample: Sample) -> Object:
    return {
        "method": sample.method, "path": sample.target, "format": "html", "controller": "OrdersController",
        "action": "show", "status": sample.status, "duration_s": sample.duration / 1e6,
        "remote_ip": str(sample.address), "user_id": 1 if sample.user else None, "username": sample.user,
        "ua": sample.agent,
        "time": _iso_ms(sample), "params": [{"key": "client_ip", "value": "198.51.100.66"}],
    }  # fmt: skip


def _artifactory(sample: Sample) -> Object:
    return {
        "log_timestamp": _iso_ms(sample), "remote_address": str(sample.address), "request_method": sample.method,
        "request_content_length": "1", "response_content_length": str(sample.size), "request_url": sample.target,
        "request_duration": str(sample.duration // 1_000), "log_source": "jfrog.rt.artifactory.request",
        "return_status": str(sample.status), "username": sample.user or "-", "request_user_agent": sample.agent,
    }  # fmt: skip


def _zeek(sample: Sample) -> Object:
    return {
        "ts": sample.moment / 1e6, "uid": "CtxTCR2Yer0FR1tIBg", "id.orig_h": str(sample.address),
        "id.orig_p": sample.port, "id.resp_h": "192.0.2.10", "id.resp_p": 443, "method": sample.method,
        "host": sample.host, "uri": sample.target, "referrer": sample.referer, "user_agent": sample.agent,
        "request_body_len": 0, "response_body_len": sample.size, "status_code": sample.status, "status_msg": "OK",
    }  # fmt: skip


def _suricata(sample: Sample) -> Object:
    return {
        "timestamp": f"{sample.clock:%FT%T.%f%z}", "event_type": "http", "src_ip": str(sample.address),
        "src_port": sample.port, "dest_ip": "192.0.2.10", "dest_port": 80, "proto": "TCP",
        "http": {
            "hostname": sample.host, "url": sample.target, "http_user_agent": sample.agent,
            "http_refer": sample.referer, "http_method": sample.method, "protocol": "HTTP/1.1",
            "status": sample.status, "length": sample.size,
        },
    }  # fmt: skip


def _nginx(sample: Sample) -> Object:
    return {
        "time": sample.clock.isoformat(timespec="seconds"), "remote_addr": str(sample.address),
        "remote_user": sample.user or "", "request_method": sample.method, "request_uri": sample.target,
        "status": sample.status, "body_bytes_sent": sample.size, "request_time": sample.duration // 1_000 / 1_000,
        "http_referer": sample.referer or "", "http_user_agent": sample.agent or "", "http_host": sample.host,
    }  # fmt: skip


def _ecs(sample: Sample) -> Object:
    return {
        "@timestamp": _iso_ms(sample), "source": {"ip": str(sample.address), "port": sample.port},
        "http": {
            "request": {"method": sample.method, "referrer": sample.referer},
            "response": {"status_code": sample.status, "body": {"bytes": sample.size}},
        },
        "url": {"original": sample.target, "domain": sample.host}, "user": {"name": sample.user},
        "user_agent": {"original": sample.agent}, "event": {"duration": sample.duration * 1_000},
    }  # fmt: skip


def _request_line(sample: Sample) -> Object:
    return {
        "ts": sample.moment / 1e6, "client_ip": str(sample.address),
        "request": f"{sample.method} {sample.target} HTTP/2.0", "status": str(sample.status),
        "size": str(sample.size), "user_agent": sample.agent, "latency_us": sample.duration,
    }  # fmt: skip


def _socket(sample: Sample) -> str:
    return f"[{sample.address}]:{sample.port}" if ":" in str(sample.address) else f"{sample.address}:{sample.port}"


def _iso_ms(sample: Sample) -> str:
    return f"{sample.utc.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _iso_us(sample: Sample) -> str:
    return f"{sample.utc:%FT%T.%f}Z"


def _dumped(make: Callable[[Sample], Object]) -> Callable[[Sample], str]:
    return lambda sample: go_json(make(sample))


def _absolute(sample: Sample) -> Mapping[str, object]:
    """The URL stands in the place of the target."""
    return {"target": f"https://{sample.host}{asked(sample.target)}", "host": sample.host}


def _odd_duration(sample: Sample) -> Sample:
    """The unit of a duration without unit is told by its fraction and size."""
    return replace(sample, duration=sample.duration % 50_000_000 // 2 * 2 + 1)


def _akamai_tame(sample: Sample) -> Sample:
    path, query = "/a" + sample.path.lstrip("/"), sample.query.lstrip("?-")
    return replace(sample, target=f"{path}?{query}" if query else path)


def _known(sample: Sample) -> Mapping[str, object]:
    return {"auth": Auth.AUTHENTICATED} if sample.user else {}


def _no_proxy_status(sample: Sample) -> Sample:
    return replace(sample, status=400) if sample.status == 407 else sample


def _writer(
    format_name: str, make: Callable[[Sample], Object], left_out: str = "", product: str = "go", **more: Any
) -> Writer:
    carries = " ".join(field for field in ALL.split() if field not in left_out.split())
    settings = {"tick": 1_000, "offset": 0, **more}
    return Writer(format_name, product, lambda sample: go_json(make(sample)), carries, **settings)


def _nginx_default(sample: Sample) -> str:
    """Written with escape=default, which is no JSON where a text needs an escape [T]."""
    texts = ("request_uri", "http_referer", "http_user_agent", "remote_user")
    pairs = [
        f'"{name}":"{nginx(value)}"' if name in texts else f'"{name}":{json.dumps(value)}'
        for name, value in _nginx(sample).items()
    ]
    return "{" + ",".join(pairs) + "}"


WRITERS = (
    _writer("caddy_json", _caddy, tick=1, duration_tick=1),
    _writer("traefik_json", _traefik, tick=1, duration_tick=1),
    _writer("istio_json", _istio, "referer user"),
    _writer("envoy_json", _envoy, "referer user"),
    _writer("kong_json", _kong, also=_known),
    _writer("gcp_lb_json", _gcp, "user", tick=1, duration_tick=1, also=_absolute),
    _writer("azure_appgw", _appgw, "referer user", tick=1_000_000, duration_tick=1, tame=_odd_duration),
    _writer("azure_frontdoor", _frontdoor, "user", tick=1, also=_absolute),
    _writer("azure_apim", _apim, "referer agent", also=_absolute),
    _writer("aws_apigateway", _apigateway, "referer agent host duration", tick=1_000_000, tame=_no_proxy_status),
    _writer("cloudflare_json", _cloudflare, "user", tick=1, duration_tick=1),
    _writer("akamai_ds2_json", _akamai, "user", tame=_akamai_tame),
    _writer("f5xc_json", _f5xc, "referer user duration"),
    _writer("ngrok_json", _ngrok, "referer user host duration", tick=1_000_000),
    _writer("gitlab_json", _gitlab, "bytes referer host", duration_tick=1),
    _writer("artifactory_json", _artifactory, "referer host"),
    _writer("zeek_json", _zeek, "user duration", tick=1),
    _writer("suricata_eve", _suricata, "user duration", tick=1, offset=None),
    _writer("json", _nginx, product="nginx", tick=1_000_000, offset=None),
    _writer("json", _ecs, product="ecs", duration_tick=1),
    _writer("json", _request_line, "referer host user", product="request-line", tick=1, duration_tick=1),
    Writer("json", "nginx-default", _nginx_default, ALL, lambda text: text.encode().decode("latin-1")),
)
