import pytest

from apiwatch.errors import UsageError
from apiwatch.formats import LineParser, Unparsed
from tests.formats.kit import CLOCK, RECEIVED, TIME, entry, parser, request

NGINX = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
LINE = f'203.0.113.7 - a b [{CLOCK}] "GET /a?x=1 HTTP/1.1" 200 612 "-" "say \\x22hi\\x22"'


@pytest.mark.parametrize(
    "string",
    [
        NGINX,
        f"log_format main '{NGINX}';",
        "log_format main escape=default\n  '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
        '  \'$status $body_bytes_sent "$http_referer" "$http_user_agent"\';',
        '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
        r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined',
        r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"",
    ],
)
def test_one_line_in_many_spellings_of_its_format(string: str) -> None:
    record = request(LINE, log_format=string)
    assert (record.time, record.client, record.user, record.method) == (TIME, "203.0.113.7", "a b", "GET")
    assert (record.target, record.status, record.bytes) == ("/a?x=1", 200, 612)
    assert (record.referer, record.user_agent) == (None, r"say \x22hi\x22")


@pytest.mark.parametrize(
    ("string", "line", "field", "wanted"),
    [
        ('$remote_addr "$request" $status $request_time', '203.0.113.7 "GET / HTTP/1.1" 200 0.250', "duration_s", 0.25),
        ('%h "%r" %>s %D', '203.0.113.7 "GET / HTTP/1.1" 200 250000', "duration_s", 0.25),
        ('%h "%r" %>s %{ms}T', '203.0.113.7 "GET / HTTP/1.1" 200 250', "duration_s", 0.25),
        ('%h "%r" %>s %T', '203.0.113.7 "GET / HTTP/1.1" 200 2', "duration_s", 2.0),
        ("$msec $remote_addr $status", f"{TIME + 0.5:.3f} 203.0.113.7 200", "time", TIME + 0.5),
        ("$time_iso8601 $remote_addr $status", "2026-11-24T04:10:54+01:00 203.0.113.7 200", "utc_offset", 3600),
        ("%{%FT%T}t.%{msec_frac}t%{%z}t %h %s", "2026-11-24T03:10:54.500+0000 203.0.113.7 200", "time", TIME + 0.5),
        ("%{sec}t %h %s", f"{TIME:.0f} 203.0.113.7 200", "time", TIME),
        ("%h %m %U%q %s", "203.0.113.7 GET /a?x=1 200", "target", "/a?x=1"),
        ("$remote_addr $request_method $scheme://$host$request_uri $status",
         "203.0.113.7 GET https://h.example.com/a?x=1 200", "target", "/a?x=1"),
        ("$remote_addr $request_method $uri$is_args$args $status", "203.0.113.7 GET /a?x=1 200", "target", "/a?x=1"),
        ("%a:%{remote}p %s", "203.0.113.7:5000 200", "client", "203.0.113.7"),
        ("%a %{c}a %s", "203.0.113.7 192.0.2.1 200", "peer", "192.0.2.1"),
        ("%v:%p %h %s", "h.example.com:443 203.0.113.7 200", "host", "h.example.com"),
        ("$remote_addr [$upstream_addr] $status", "203.0.113.7 [a:9, b:8 : c:8] 502", "status", 502),
        ("$remote_addr $upstream_addr $upstream_status $status", "203.0.113.7 a:9, b:8 502, 200 200", "status", 200),
        ("$remote_addr $status $http_user_agent", "203.0.113.7 200 a b c", "user_agent", "a b c"),
        ('{"a":"$remote_addr","s":$status,"u":"$http_user_agent"}',
         '{"a":"203.0.113.7","s":200,"u":"say \\"hi\\""}', "user_agent", 'say "hi"'),
        ('$remote_addr $status "$http_authorization"', '203.0.113.7 200 "-"', "token", None),
        ("%h  %s", "203.0.113.7 200", "status", 200),
    ],
)  # fmt: skip
def test_directives(string: str, line: str, field: str, wanted: object) -> None:
    assert getattr(request(line, log_format=string), field) == wanted


def test_logged_credentials_become_hashes() -> None:
    string = '$remote_addr $status "$http_authorization"'
    record = request('203.0.113.7 200 "Bearer s3cret"', log_format=string)
    assert record.token is not None
    assert "s3cret" not in repr(record)


def test_other_lines_stay_unparsed_with_the_place_of_the_fault() -> None:
    line = LINE.replace(" 200 ", " 2xx ")
    found = entry(line, log_format=NGINX)
    assert isinstance(found, Unparsed)
    assert found.format == "custom"
    assert line[: found.matched].endswith('HTTP/1.1" ')


@pytest.mark.parametrize("user", [f"x [{CLOCK[:11]}] y", f"x [{CLOCK}] y", f"[{CLOCK}] \\x22GET / HTTP/1.1\\x22 200 1"])
def test_a_user_can_neither_move_the_fields_nor_hide(user: str) -> None:
    record = request(LINE.replace("a b", user), log_format=NGINX)
    assert (record.client, record.user, record.target, record.status) == ("203.0.113.7", user, "/a?x=1", 200)


@pytest.mark.parametrize("path", ["/a b", "/a 200 5", "/ - - ", "/a HTTP/1.1", '/\\"', "/a?b 404"])
@pytest.mark.parametrize(
    ("string", "line"),
    [
        ("%h %m %U%q %>s %B", "203.0.113.7 GET {}?x=1 404 7"),
        ("$remote_addr $request_method $uri$is_args$args $status", "203.0.113.7 GET {}?x=1 404"),
        ('%h "%m %U%q %H" %>s "%{User-Agent}i"', '203.0.113.7 "GET {}?x=1 HTTP/1.1" 404 "-"'),
    ],
)
def test_a_decoded_path_can_hold_anything(string: str, line: str, path: str) -> None:
    record = request(line.format(path), log_format=string)
    assert (record.client, record.method, record.target, record.status) == ("203.0.113.7", "GET", f"{path}?x=1", 404)


@pytest.mark.parametrize(
    ("string", "word"),
    [
        ("", "empty"),
        ("no directives", "directive"),
        ("$http_user_agent$http_referer $status", "side by side"),
        ("$bytes_sent $msec", "neither"),
        ("%{%Q}t %h %s", "%Q"),
    ],
)
def test_formats_that_cannot_be_read_are_refused(string: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parser(log_format=string)


def test_unknown_names_and_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="not a known format"):
        LineParser(format="nope")
    with pytest.raises(UsageError, match="trusted proxy"):
        LineParser(trusted_proxy=["10.0.0.0/99"])


@pytest.mark.parametrize(
    "unit", ['"', "\\", " ", "[", f'[{CLOCK}] "', "- ", "a,", '\\"', '" "', "1.1.1.1 ", "\t:", '{"a":', "]["]
)
def test_long_lines_of_anything_are_read_in_linear_time(unit: str) -> None:
    """Quadratic matching of 150 000 characters would run into the time limit of the tests."""
    for start in ("203.0.113.7 - ", f'203.0.113.7 - - [{CLOCK}] "'):
        text = (start + unit * (150_000 // len(unit))).encode()
        for reader in (parser(), parser(log_format=NGINX), parser(log_format='%h %l %u %t "%r" %>s %b %{X}i %{Y}i')):
            assert len(reader.parse([text], 1, RECEIVED)) == 1


@pytest.mark.parametrize("unit", [" ", " 200 7", ", a", " ? "])
@pytest.mark.parametrize("string", ["%h - %U%q %>s %B %H", "$remote_addr - $uri $status $upstream_addr $args"])
def test_long_decoded_paths_are_read_in_linear_time(string: str, unit: str) -> None:
    text = ("203.0.113.7 - /x" + unit * (150_000 // len(unit))).encode()
    assert len(parser(log_format=string).parse([text], 1, RECEIVED)) == 1
