import pytest

from apiwatch.formats import FORMATS, LineParser, Unparsed
from apiwatch.model import Request
from tests.formats.kit import CLOCK, RECEIVED, TIME, entry, parser, request

COMMON = f'203.0.113.7 - alice [{CLOCK}] "GET /a?x=1 HTTP/1.1" 200 612'
COMBINED = COMMON + ' "https://example.com/" "curl/8"'


def test_combined_line_gives_every_field() -> None:
    assert request(COMBINED) == Request(
        TIME, "203.0.113.7", "203.0.113.7", "GET", "/a?x=1", "/a", "x=1", 200, 612, "https://example.com/", "curl/8",
        None, "alice", None, None, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (COMBINED, "combined"),
        (COMMON, "common"),
        ("example.com:443 " + COMBINED, "vhost_combined"),
        ("example.com " + COMMON, "vhost_common"),
        (COMBINED + ' "-"', "combined"),
        (COMBINED + " 0.012 0.010", "combined"),
        (COMBINED + ' 3 "r" "http://192.0.2.1" 2ms', "traefik_clf"),
    ],
)
def test_variants_have_names(line: str, name: str) -> None:
    reader = parser()
    assert isinstance(reader.parse([line.encode()], 1, RECEIVED)[0], Request)
    assert reader.format == name


@pytest.mark.parametrize(
    ("prefix", "client", "user", "host"),
    [
        ("203.0.113.7 - -", "203.0.113.7", None, None),
        ("2001:DB8::7 - -", "2001:db8::7", None, None),
        ("[2001:db8::7]:443 - -", "2001:db8::7", None, None),
        ("::ffff:203.0.113.7 - -", "203.0.113.7", None, None),
        ("203.0.113.7:5000 - -", "203.0.113.7", None, None),
        ("crawler.example.com - -", "crawler.example.com", None, None),
        ("203.0.113.7 - two words", "203.0.113.7", "two words", None),
        ("203.0.113.7 - - 198.51.100.9 - x", "203.0.113.7", "- 198.51.100.9 - x", None),
        ("203.0.113.7 - a [24/Nov/2026:03:10:54 +0000]", "203.0.113.7", "a [24/Nov/2026:03:10:54 +0000]", None),
        ("203.0.113.7 bob alice", "203.0.113.7", "alice", None),
        ("203.0.113.7 -", "203.0.113.7", None, None),
        ("203.0.113.7", "203.0.113.7", None, None),
        ("203.0.113.7 www.example.com -", "203.0.113.7", None, "www.example.com"),
        ("WWW.example.com:80 203.0.113.7 - -", "203.0.113.7", None, "www.example.com"),
        ("[2001:db8::1]:80 203.0.113.7 - -", "203.0.113.7", None, "2001:db8::1"),
        ("_ 203.0.113.7 - -", "203.0.113.7", None, None),
        ("- 203.0.113.7 - -", "203.0.113.7", None, None),
        ("198.51.100.9, 192.0.2.1 203.0.113.7 - -", "203.0.113.7", None, None),
        ("example.com 198.51.100.9, 203.0.113.7 - -", "203.0.113.7", None, "example.com"),
        ('"198.51.100.9, 192.0.2.1" 203.0.113.7 - -', "203.0.113.7", None, None),
        ("203.0.113.7\t-\t-", "203.0.113.7", None, None),
        ("unix: - -", "unix:", None, None),
    ],
)
def test_what_stands_before_the_time(prefix: str, client: str, user: str | None, host: str | None) -> None:
    record = request(f'{prefix} [{CLOCK}] "GET / HTTP/1.1" 200 1 "-" "-"')
    assert (record.client, record.user, record.host) == (client, user, host)


@pytest.mark.parametrize(
    "prefix", ["", "two words here now -", "a b 203.0.113.7 - -", "example.com/x 203.0.113.7 - -", "localhost bob -"]
)
def test_a_prefix_without_a_certain_client_is_not_understood(prefix: str) -> None:
    assert isinstance(entry(f'{prefix} [{CLOCK}] "GET / HTTP/1.1" 200 1 "-" "-"'), Unparsed)


@pytest.mark.parametrize(
    ("text", "method", "target"),
    [
        ("GET /a b  HTTP/1.1", "GET", "/a b "),
        ("geti / HTTP/1.1", "geti", "/"),
        ("POST /eval XDBC/1.0", "POST", "/eval"),
        ("GET /", "GET", "/"),
        ("OPTIONS * HTTP/1.0", "OPTIONS", "*"),
        ("CONNECT h.example.com:443 HTTP/1.1", "CONNECT", "h.example.com:443"),
        (r"GET /q\"uo\\te HTTP/1.1", "GET", r"/q\"uo\\te"),
        (r"GET /\x22 HTTP/1.1", "GET", r"/\x22"),
        ("", None, None),
        ("-", None, None),
        ("HELP", None, None),
        ("get /", None, None),
        (r"\x16\x03\x01\x05", None, None),
        (r"\x16\x03\x01 \x01", None, None),
        ("GET  HTTP/1.1", None, None),
    ],
)
def test_request_lines(text: str, method: str | None, target: str | None) -> None:
    record = request(f'203.0.113.7 - - [{CLOCK}] "{text}" 400 0 "-" "-"')
    assert (record.method, record.target, record.status, record.client) == (method, target, 400, "203.0.113.7")


def test_absolute_target_tells_the_host() -> None:
    record = request(COMMON.replace("/a?x=1", "http://User:pw@API.example.com:8080/p?q"))
    assert (record.host, record.path, record.query) == ("api.example.com", "/p", "q")
    assert record.target == "http://***@API.example.com:8080/p?q"


@pytest.mark.parametrize(
    ("tail", "size", "referer", "agent", "duration"),
    [
        (' 200 - "-" "-"', None, None, None, None),
        (' 200 0 "" ""', 0, None, None, None),
        (r' 200 1 "a\"b" "say \"hi\" \x22"', 1, r"a\"b", r"say \"hi\" \x22", None),
        (' 200 1 - "Java"', 1, None, "Java", None),
        (' 206 33 0.202 "-" "x"', 33, None, "x", 0.202),
        (' 200 1 "-" "x" 316 0.001 [ns-web-80] [] 192.0.2.1:80 1 0.000 200 4c02', 1, None, "x", 0.001),
        (' 200 1 "-" "x" 6f61bc44-321b-11e6-8050-000000000000 2513', 1, None, "x", 0.002513),
        (' 200 1 "-" "x" 0.5 anything "else', 1, None, "x", None),
        (" 200 1 135", 1, None, None, None),
        (' 200 1 "-" "x" ', 1, None, "x", None),
    ],
)
def test_what_stands_behind_the_request(
    tail: str, size: int | None, referer: str | None, agent: str | None, duration: float | None
) -> None:
    record = request(f'203.0.113.7 - - [{CLOCK}] "GET / HTTP/1.1"{tail}')
    assert (record.bytes, record.referer, record.user_agent, record.duration_s) == (size, referer, agent, duration)


@pytest.mark.parametrize(
    "line",
    [
        COMBINED.replace(" 200 ", " 2xx "),
        COMBINED.replace(" 200 ", " 20 "),
        COMBINED.replace(" 612 ", " six "),
        COMBINED.replace("24/Nov", "31/Feb"),
        COMBINED.replace(":54 ", ":61 "),
        COMBINED.replace("+0000", "+9900"),
        COMBINED.replace("203.0.113.7", ""),
        COMBINED.replace("612 ", "612"),
        COMMON[:60],
        "hoge",
    ],
)
def test_wrong_types_are_refused(line: str) -> None:
    assert isinstance(entry(line), Unparsed)


def test_offset_is_kept_and_time_is_utc() -> None:
    record = request(COMBINED.replace("03:10:54 +0000", "05:10:54 +0200"))
    assert (record.time, record.utc_offset) == (TIME, 7200)


def test_forwarded_for_counts_behind_trusted_proxies_only() -> None:
    line = COMBINED.replace("203.0.113.7", "192.0.2.1") + ' "198.51.100.66, 203.0.113.9, 192.0.2.2"'
    assert request(line).client == "192.0.2.1"
    record = request(line, trusted=["192.0.2.0/24"])
    assert (record.client, record.peer) == ("203.0.113.9", "192.0.2.1")
    forged = line.replace("203.0.113.9", "unknown")
    assert request(forged, trusted=["192.0.2.0/24"]).client == "192.0.2.1"


def test_credentials_are_hashed_and_redacted() -> None:
    line = COMBINED.replace("x=1", "api_key=s3cret-value&x=1").replace("example.com/", "example.com/?token=s3cret-2")
    record = request(line)
    assert record.target == "/a?api_key=***&x=1"
    assert record.query == "api_key=***&x=1"
    assert record.referer == "https://example.com/?token=***"
    assert record.token is not None
    assert "s3cret" not in repr(record)
    assert request(line.replace("&x=1", "&x=2")).token == record.token
    assert request(line.replace("value", "other")).token != record.token
    other = LineParser(salt=b"other").parse([line.encode()], 1, RECEIVED)[0]
    assert isinstance(other, Request)
    assert other.token != record.token


def test_password_is_redacted_but_tells_nobody_apart() -> None:
    record = request(COMBINED.replace("x=1", "password=hunter2"))
    assert (record.query, record.token) == ("password=***", None)


@pytest.mark.parametrize("damage", ["{}\r", "\ufeff{}", "\0\0{}", "{}\0\0", "{}\r\n"])
def test_damage_around_a_line_is_removed(damage: str) -> None:
    assert request(damage.format(COMBINED)) == request(COMBINED)


def test_hostile_bytes_are_spelled_out() -> None:
    line = COMBINED.encode().replace(b"/a", b"/\xff\x1b[2J").replace(b"curl/8", b"\xe2\x80\xae\x00")
    record = request(line)
    assert record.path == "/\\xff\\x1b[2J"
    assert record.user_agent == "\\u202e\\x00"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tab\there", "tab\\x09here"),
        ("\u2028ls\u2029", "\\u2028ls\\u2029"),
        ("a\xa0b", "a\\xa0b"),
        ("a\x1fb c", "a\\x1fb c"),
        ("two  words", "two words"),
    ],
)
def test_names_with_unusual_blanks_do_not_look_like_others(name: str, shown: str) -> None:
    for prefix in ("203.0.113.7 -", "203.0.113.7\t-", "example.com 203.0.113.7 -", "[web] 203.0.113.7 -"):
        assert request(f'{prefix} {name} [{CLOCK}] "GET / HTTP/1.1" 200 1 "-" "-"').user == shown


def test_a_line_of_64_kib_is_read() -> None:
    line = COMBINED.replace("/a?", "/" + "a" * 65_000 + "?")
    assert len(request(line).path) <= 8_192


@pytest.mark.parametrize(
    "line", ["", "   ", "#Fields: date time", "2026/11/24 16:41:26 [error] 31#31: *3 x, client: y"]
)
def test_lines_that_are_no_requests_are_skipped(line: str) -> None:
    assert entry(line) is None


@pytest.mark.parametrize(
    ("good", "bad", "understood"),
    [
        (" 200 ", " 2xx ", 'HTTP/1.1"'),
        (" 612 ", " six ", "200"),
        ("[24/Nov", "[24-Nov", "alice "),
        ("24/Nov", "31/Feb", "alice "),
        ('1.1"', "1.1", "+0000] "),
    ],
)
def test_unparsed_tells_where_understanding_stopped(good: str, bad: str, understood: str) -> None:
    line = (COMBINED if bad != "1.1" else COMMON).replace(good, bad)
    found = entry(line)
    assert isinstance(found, Unparsed)
    assert (found.line, found.text, found.format) == (1, line, "common")
    assert line[: found.matched].endswith(understood)


def test_every_example_is_read_as_its_format() -> None:
    for info in FORMATS:
        for reader in (LineParser(), LineParser(format=info.name)):
            lines = [line.encode() for line in info.example.split("\n")]
            assert isinstance(reader.parse(lines, 1, RECEIVED)[-1], Request), info.name
            assert reader.format == info.name
            assert reader.format == info.name


@pytest.mark.parametrize("user", [r"a\"b", r"x [%s] \"GET /forged HTTP/1.1\" 200 5 \"-\" \"-\"" % CLOCK, r"\""])  # noqa: UP031
@pytest.mark.parametrize("before", ["", "h.example.com:80 "])
def test_nobody_hides_behind_quotes_in_the_name_of_a_user(user: str, before: str) -> None:
    """As Apache writes them."""
    record = request(f'{before}203.0.113.7 - {user} [{CLOCK}] "GET /a HTTP/1.1" 401 9')
    assert (record.client, record.user, record.target, record.status) == ("203.0.113.7", user, "/a", 401)


@pytest.mark.parametrize("target", ['/a"b', '/"', '/a?x="y"&z=\\"', '/"200"5"-"'])
@pytest.mark.parametrize("behind", ["", ' "-" "curl/8.5"'])
def test_nobody_hides_behind_quotes_that_a_server_does_not_escape(target: str, behind: str) -> None:
    """As Squid and morgan write them; a blank in a target would be another request line there."""
    record = request(f'203.0.113.7 - - [{CLOCK}] "GET {target} HTTP/1.1" 404 9{behind}')
    assert (record.client, record.method, record.target, record.status) == ("203.0.113.7", "GET", target, 404)
    assert record.user_agent == ("curl/8.5" if behind else None)


def test_a_status_of_nought_is_no_answer() -> None:
    assert request(f'203.0.113.7 - - [{CLOCK}] "- error:x NONE/0.0" 0 0 "-" "-"').status == 0
