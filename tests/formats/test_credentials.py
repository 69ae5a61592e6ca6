"""Credentials in lines: hashed or hidden, never kept."""

import pytest

from apiwatch.formats import LineParser, Unparsed
from apiwatch.formats.credentials import redact, redact_line
from apiwatch.model import Request

VALUE = "S3cretValue9"
PLACES = (
    "GET /a?api_key={} HTTP/1.1",
    "GET /a?x=1&access_token={} HTTP/1.1",
    "GET /a;session={} HTTP/1.1",
    "GET /a?pw={}&x=1 HTTP/1.1",
    "GET /a?otp={} HTTP/1.1",
    "GET https://user:{}@example.com/a HTTP/1.1",
    "GET https://user:p%40{}@example.com/a HTTP/1.1",
    "GET http%3A//user%3A{}%40example.com/a HTTP/1.1",
)
LINE = '203.0.113.7 - - [24/Nov/2026:03:10:57 +0000] "{}" 404 10 "{}" "{}"'


@pytest.mark.parametrize("request_line", PLACES)
def test_credentials_in_a_target_are_in_no_field(request_line: str) -> None:
    record = parsed(LINE.format(request_line.format(VALUE), "-", "curl"))
    assert isinstance(record, Request)
    assert VALUE not in repr(record)
    assert "***" in str(record.target)


@pytest.mark.parametrize("agent", ["curl Bearer {}", "tool/1 (token {}; Basic {})", "x https://u:{}@example.com/"])
def test_credentials_in_an_agent_or_referer_are_in_no_field(agent: str) -> None:
    text = agent.replace("token {}; ", "").format(VALUE)
    record = parsed(LINE.format("GET /a HTTP/1.1", f"https://example.com/?password={VALUE}", text))
    assert isinstance(record, Request)
    assert VALUE not in repr(record)


@pytest.mark.parametrize("text", ["password={}", "junk, token={} more", '{{"cookie":"sid={}"', "x ?secret={}"])
def test_credentials_of_a_line_that_nothing_understands_are_hidden(text: str) -> None:
    record = parsed(text.format(VALUE))
    assert isinstance(record, Unparsed)
    assert VALUE not in record.text


@pytest.mark.parametrize(
    "line",
    [
        LINE.format(f"GET /a?api_key={VALUE} HTTP/1.1", f"https://x/?password={VALUE}", f"Bearer {VALUE}"),
        '{"request":{"headers":{"Authorization":["' + VALUE + '"],"Cookie":["a=' + VALUE + '"]}},"status":200}',
        '{"uri":"/a?x=1\\u0026token=' + VALUE + '","http.request.header.x-api-key":"' + VALUE + '"}',
        f"2026-11-24T03:10:57Z app: login password={VALUE} failed",
        "GET /a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + VALUE,
    ],
)
def test_an_original_line_is_kept_without_credentials(line: str) -> None:
    assert VALUE not in redact_line(line)


@pytest.mark.parametrize("text", ["GET /monkey?donkey=1&x=basic", "/keys/42?page=2", "a token of love", "basic auth"])
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == redact_line(text) == text


def parsed(line: str) -> Request | Unparsed | None:
    return LineParser(salt=b"salt").parse([line.encode()], 1, 1e12)[0]
