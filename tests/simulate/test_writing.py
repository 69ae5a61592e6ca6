import json
import re

import pytest

from apiwatch.formats import LineParser
from apiwatch.model import Request
from apiwatch.simulate import FORMATS, generate
from apiwatch.simulate.model import HOST, Hit
from apiwatch.simulate.writing import ALIASES, writer

PARSED_AS = {
    "combined": "combined",
    "common": "common",
    "vhost_combined": "vhost_combined",
    "nginx_json": "json",
    "caddy_json": "caddy_json",
    "alb": "aws_alb",
}
"""Name of each written format in the parser."""

START = 1_717_236_000.0
TIME = START + 12.25
AGENT = 'Shop "10\\x" \u00c9d\x1b\x7f'
HIT = Hit(12.25, "192.0.2.7", "eve", "POST", '/a"b\\c', 401, 83, "https://shop.example.com/x", AGENT, 0.0215)
PLAIN = Hit(12.25, "2001:db8:1::7", None, "GET", "/api/orders/7", 502, 0, None, None, 0.002)


def line(name: str, hit: Hit = HIT, *, users_logged: bool = True) -> str:
    return writer(name, users_logged=users_logged)(TIME, hit)


def test_combined_escapes_like_nginx() -> None:
    assert line("combined") == (
        '192.0.2.7 - eve [01/Jun/2024:10:00:12 +0000] "POST /a\\x22b\\x5Cc HTTP/1.1" 401 83'
        ' "https://shop.example.com/x" "Shop \\x2210\\x5Cx\\x22 \\xC3\\x89d\\x1B\\x7F"'
    )
    assert line("combined", PLAIN) == (
        '2001:db8:1::7 - - [01/Jun/2024:10:00:12 +0000] "GET /api/orders/7 HTTP/1.1" 502 0 "-" "-"'
    )


def test_common_and_vhost_are_shorter_and_longer() -> None:
    assert line("common", PLAIN) == (
        '2001:db8:1::7 - - [01/Jun/2024:10:00:12 +0000] "GET /api/orders/7 HTTP/1.1" 502 0'
    )
    assert line("vhost_combined") == f"{HOST}:443 {line('combined')}"


def test_nginx_json_keeps_letters_and_escapes_control_bytes() -> None:
    text = line("nginx_json")
    assert "\\u001B" in text
    assert "\u00c9" in text
    fields = json.loads(text)
    assert fields["http_user_agent"] == AGENT
    assert fields["request_uri"] == HIT.target
    assert fields["time"] == "2024-06-01T10:00:12+00:00"
    assert json.loads(line("nginx_json", PLAIN))["http_referer"] == ""


def test_caddy_json_names_no_user_of_a_refused_log_in() -> None:
    fields = json.loads(line("caddy_json"))
    assert (fields["status"], fields["user_id"], fields["level"]) == (401, "", "info")
    assert fields["request"]["headers"]["User-Agent"] == [AGENT]
    assert json.loads(line("caddy_json", HIT._replace(status=200)))["user_id"] == "eve"
    plain = json.loads(line("caddy_json", PLAIN))
    assert plain["level"] == "error"
    assert plain["request"]["headers"] == {}
    assert plain["ts"] == TIME


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_a_format_is_also_known_by_the_name_of_its_server(alias: str, name: str) -> None:
    assert line(alias) == line(name)


def test_a_load_balancer_writes_whole_urls_and_brackets() -> None:
    text = line("alb", PLAIN)
    assert " [2001:db8:1::7]:" in text
    assert f'"GET https://{HOST}:443/api/orders/7 HTTP/2.0" "-"' in text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"alb"}))
def test_users_are_written_only_where_the_server_logs_them(name: str) -> None:
    hit = HIT._replace(status=200)
    assert re.search(r"\beve\b", line(name, hit))
    assert not re.search(r"\beve\b", line(name, hit, users_logged=False))


@pytest.mark.parametrize("detected", [True, False])
@pytest.mark.parametrize("name", list(FORMATS))
def test_every_line_is_understood_by_our_own_parser(name: str, detected: bool) -> None:
    parser = LineParser(format="auto" if detected else PARSED_AS[name], trusted_proxy=(), salt=b"salt")
    events = list(generate("incident", seed=3, minutes=3, rate=10, start=START, format=name))
    records = list(parser.parse([event.line.encode() for event in events], 1, START + 3600))
    assert len(records) == len(events)
    for event, record in zip(events, records, strict=True):
        assert isinstance(record, Request), (event.line, record)
        assert record.time == pytest.approx(event.time, abs=1.0)
        assert record.client in event.line
        assert record.target is not None
        assert record.method in {"GET", "POST", "PUT"}
        assert 200 <= record.status < 600
        assert record.bytes is not None
        if name != "common":
            assert record.user_agent
        if name in {"vhost_combined", "nginx_json", "caddy_json", "alb"}:
            assert record.host == HOST
