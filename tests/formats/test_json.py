import json
from typing import Any

import pytest

from apiwatch.formats import Unparsed
from apiwatch.model import Request
from tests.formats.kit import RECEIVED, TIME, entry, request

NGINX: dict[str, Any] = {
    "time": "2026-11-24T03:10:54+00:00", "remote_addr": "203.0.113.7", "remote_user": "alice", "request_method": "GET",
    "request_uri": "/a?x=1", "status": 200, "body_bytes_sent": 612, "request_time": 0.25, "http_referer": "-",
    "http_user_agent": "curl/8", "http_host": "API.example.com:8080",
}  # fmt: skip
CADDY: dict[str, Any] = {
    "level": "info", "ts": TIME + 0.5, "logger": "http.log.access.log0", "msg": "handled request",
    "request": {
        "remote_ip": "192.0.2.1", "client_ip": "203.0.113.7", "proto": "HTTP/2.0", "method": "GET",
        "host": "api.example.com:443", "uri": "/a?x=1",
        "headers": {"User-Agent": ["curl/8"], "Referer": ["https://example.com/"], "Authorization": ["Bearer abc"]},
    },
    "user_id": "alice", "duration": 0.25, "size": 612, "status": 200, "resp_headers": {"Server": ["Caddy"]},
}  # fmt: skip
TRAEFIK: dict[str, Any] = {
    "ClientAddr": "192.0.2.1:5000", "ClientHost": "203.0.113.7", "ClientUsername": "-", "DownstreamContentSize": 612,
    "DownstreamStatus": 200, "Duration": 1_500_000, "RequestHost": "api.example.com", "RequestMethod": "GET",
    "RequestPath": "/a?x=1", "StartUTC": "2026-11-24T03:10:54.5Z", "time": "2026-11-24T04:10:55+01:00",
    "request_User-Agent": "curl/8",
}  # fmt: skip


def test_nginx_object() -> None:
    record = request(json.dumps(NGINX))
    assert (record.time, record.client, record.user, record.method) == (TIME, "203.0.113.7", "alice", "GET")
    assert (record.path, record.query, record.status, record.bytes) == ("/a", "x=1", 200, 612)
    assert (record.duration_s, record.referer, record.user_agent) == (0.25, None, "curl/8")
    assert record.host == "api.example.com"


def test_caddy_object() -> None:
    record = request(json.dumps(CADDY))
    assert (record.time, record.client, record.peer) == (TIME + 0.5, "203.0.113.7", "192.0.2.1")
    assert (record.target, record.host, record.user, record.duration_s) == ("/a?x=1", "api.example.com", "alice", 0.25)
    assert (record.user_agent, record.referer) == ("curl/8", "https://example.com/")
    assert record.token is not None
    assert "abc" not in repr(record)


def test_masked_authorization_is_no_token() -> None:
    for masked in ([], ["REDACTED"]):
        value = CADDY | {"request": CADDY["request"] | {"headers": {"Authorization": masked}}}
        assert request(json.dumps(value)).token is None


def test_caddy_application_messages_are_skipped() -> None:
    assert entry('{"level":"info","ts":1795489854.5,"logger":"tls.obtain","msg":"certificate obtained"}') is None


def test_traefik_object() -> None:
    record = request(json.dumps(TRAEFIK))
    assert (record.time, record.client, record.peer) == (TIME + 0.5, "203.0.113.7", "192.0.2.1")
    assert (record.duration_s, record.user, record.user_agent) == (0.0015, None, "curl/8")
    listed = TRAEFIK | {"ClientHost": "198.51.100.1, 203.0.113.9"}
    assert request(json.dumps(listed)).client == "203.0.113.9"


@pytest.mark.parametrize(
    ("change", "field", "wanted"),
    [
        ({"status": "200", "body_bytes_sent": "612"}, "bytes", 612),
        ({"status": 0}, "status", 0),
        ({"body_bytes_sent": "-"}, "bytes", None),
        ({"body_bytes_sent": -1}, "bytes", None),
        ({"time": 1_795_489_854}, "time", TIME),
        ({"time": 1_795_489_854_500}, "time", TIME + 0.5),
        ({"time": "1795489854.5"}, "time", TIME + 0.5),
        ({"time": "24/Nov/2026:04:10:54 +0100"}, "time", TIME),
        ({"time": None}, "time", RECEIVED),
        ({"request_time": "0.250"}, "duration_s", 0.25),
        ({"request_method": "", "request_uri": ""}, "method", None),
        ({"remote_addr": "[2001:DB8::7]:443"}, "client", "2001:db8::7"),
        ({"http_host": None, "host": "web-1"}, "host", None),
        ({"request_uri": "http://h.example.com/p"}, "path", "/p"),
    ],
)
def test_values_of_other_types(change: dict[str, Any], field: str, wanted: object) -> None:
    assert getattr(request(json.dumps(NGINX | change)), field) == wanted


@pytest.mark.parametrize(
    ("key", "value", "seconds"),
    [
        ("duration_ms", 250, 0.25),
        ("latency_us", 250_000, 0.25),
        ("elapsed_ns", 250_000_000, 0.25),
        ("latency", "250ms", 0.25),
        ("latency", "0.25s", 0.25),
        ("duration", 0.25, 0.25),
        ("duration", 250, None),
    ],
)
def test_units_of_durations(key: str, value: object, seconds: float | None) -> None:
    fields = {name: item for name, item in NGINX.items() if name != "request_time"} | {key: value}
    assert request(json.dumps(fields)).duration_s == seconds


def test_nested_and_dotted_keys() -> None:
    flat = {
        "@timestamp": "2026-11-24T03:10:54Z", "source.ip": "203.0.113.7", "http.request.method": "GET",
        "url.original": "/a?x=1", "http.response.status_code": 200, "http.response.body.bytes": 612,
        "user_agent.original": "curl/8",
    }  # fmt: skip
    nested = {
        "@timestamp": "2026-11-24T03:10:54Z", "source": {"ip": "203.0.113.7"}, "url": {"path": "/a", "query": "x=1"},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": 612}}},
        "user_agent": {"original": "curl/8"},
    }  # fmt: skip
    assert request(json.dumps(flat)) == request(json.dumps(nested))
    assert request(json.dumps(flat)).target == "/a?x=1"


def test_request_line_is_split_and_separate_fields_win() -> None:
    fields = {"time": TIME, "client": "203.0.113.7", "request": "POST /b HTTP/1.1", "status": 200}
    assert request(json.dumps(fields)).target == "/b"
    assert request(json.dumps(fields | {"method": "GET", "uri": "/c"})).target == "/c"


def test_hex_escapes_duplicates_and_invalid_utf8() -> None:
    text = json.dumps(NGINX)
    assert request(text.replace("curl/8", "a\\x22b")).user_agent == 'a"b'
    assert request(text.encode().replace(b"curl/8", b"\xff")).user_agent == "\\xff"
    assert request(text[:-1] + ', "status": 404}').status == 404
    assert request(json.dumps(CADDY).encode().replace(b"curl/8", b"\xff")).user_agent == "\\xff"


@pytest.mark.parametrize(
    "text", ["{", "{}", "{]", '{"a":1}', '{"status":200}', '{"method":"GET","path":"/","status":"x"}']
)
def test_objects_that_are_no_records(text: str) -> None:
    assert isinstance(entry(text), Unparsed)


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "1e999", "NaN", "-Infinity", "1e400", "18446744073709551616", "true", "[]"]
)
@pytest.mark.parametrize("key", ["status", "body_bytes_sent", "time", "request_time", "remote_addr", "http_user_agent"])
def test_strange_numbers_are_no_error(key: str, number: str) -> None:
    rest = json.dumps({name: value for name, value in NGINX.items() if name != key})
    assert entry(f'{{"{key}":{number},{rest[1:]}') is not None


def test_keys_that_are_no_utf8_are_no_error() -> None:
    assert not isinstance(entry(b'{"\x80":"","logger":"http.log.access","request":{"\xff":""},"status":0}'), Request)


def test_deep_nesting_is_no_error() -> None:
    assert isinstance(entry('{"a":' * 50_000), Unparsed)


def test_unwrapping_of_text_in_objects() -> None:
    line = '203.0.113.7 - - [24/Nov/2026:03:10:54 +0000] "GET /a HTTP/1.1" 200 612 "-" "x"'
    assert request(json.dumps({"log": line + "\n", "stream": "stdout", "time": "2026-11-24T03:10:55Z"})) == request(
        line
    )
    assert request(json.dumps({"level": "INFO", "message": f"web nginx: {line}"})) == request(line)
    assert request("2026-11-24T03:10:55.1Z stdout F " + line) == request(line)
    assert request("<190>Nov 24 03:11:03 web1 nginx: " + line) == request(line)
    assert request("Nov 24 03:11:03 web1 nginx[12]: " + line) == request(line)
    assert request("<134>1 2026-11-24T03:11:03.1Z web1 nginx 12 - - " + line) == request(line)
    assert request("<134>1 2026-11-24T03:11:03.1Z web1 caddy - - - " + json.dumps(CADDY)) == request(json.dumps(CADDY))
