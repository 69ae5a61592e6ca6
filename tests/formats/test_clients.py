"""Which address is the client, and whether it was anybody in particular."""

import pytest

from apiwatch.formats import LineParser
from apiwatch.model import Auth, Request
from tests.formats.kit import parser, request

MAIN = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_x_forwarded_for"'
PROXIED = MAIN + " $proxy_protocol_addr"
NAMED = MAIN + ' "$http_cf_connecting_ip"'
S3 = (
    "owner bucket [24/Nov/2026:03:10:54 +0000] 192.0.2.7 {requester} R1 REST.GET.OBJECT k "
    '"GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "curl" -'
)
LINE = '10.0.0.5 - - [24/Nov/2026:03:10:54 +0000] "GET /orders/7 HTTP/1.1" 200 612'


def client(line: str, log_format: str, *, header: str | None = None, trusted: tuple[str, ...] = ("10.0.0.0/8",)) -> str:
    reader = LineParser(log_format=log_format, trusted_proxy=trusted, salt=b"salt", client_header=header)
    found = reader.parse([line.encode()], 1, 1e9)[0]
    assert isinstance(found, Request), found
    return found.client


def test_address_of_the_proxy_protocol_stands_nearer_than_the_forwarded_list() -> None:
    assert client(f'{LINE} "-" 203.0.113.7', PROXIED) == "203.0.113.7"
    assert client(f'{LINE} "198.51.100.66" 203.0.113.7', PROXIED) == "203.0.113.7"
    assert client(f'{LINE} "198.51.100.66" 10.0.0.9', PROXIED) == "198.51.100.66"
    assert client(f'{LINE} "-" -', PROXIED) == "10.0.0.5"


def test_named_header_beats_the_forwarded_list_and_only_behind_a_trusted_proxy() -> None:
    line = f'{LINE} "198.51.100.66" "203.0.113.7"'
    assert client(line, NAMED, header="CF-Connecting-IP") == "203.0.113.7"
    assert client(line, NAMED) == "198.51.100.66"
    assert client(line, NAMED, header="CF-Connecting-IP", trusted=()) == "10.0.0.5"


def test_named_header_in_json_and_in_apache() -> None:
    line = (
        '{"time":"2026-11-24T03:10:54Z","remote_addr":"10.0.0.5","request":"GET / HTTP/1.1","status":200,'
        '"http_true_client_ip":"203.0.113.7","http_x_forwarded_for":"198.51.100.66"}'
    )
    found = LineParser(trusted_proxy=["10.0.0.0/8"], client_header="True-Client-IP").parse([line.encode()], 1, 1e9)[0]
    assert isinstance(found, Request)
    assert found.client == "203.0.113.7"
    assert (
        client(f'{LINE} "203.0.113.7"', '%h %l %u %t "%r" %>s %b "%{X-Real-IP}i"', header="x-real-ip") == "203.0.113.7"
    )


def test_quotes_in_an_agent_of_envoy_never_make_a_client() -> None:
    line = (
        '[2026-11-24T03:10:54.592Z] "GET / HTTP/1.1" 200 - 0 612 12 10 "198.51.100.66" "x, 203.0.113.7" "curl" '
        '"84961386-6d84-929d-98bd-c5aee93b5c88" "api.example.com" "192.0.2.10:80"'
    )
    assert request(line).client == ""


@pytest.mark.parametrize(
    ("line", "auth"),
    [
        ('192.0.2.7 - alice [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 1 "-" "-"', Auth.AUTHENTICATED),
        ('192.0.2.7 - alice [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 401 1 "-" "-"', Auth.ANONYMOUS),
        ('192.0.2.7 - alice [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 403 1 "-" "-"', Auth.UNKNOWN),
        ('192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 401 1 "-" "-"', Auth.ANONYMOUS),
        ('192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 1 "-" "-"', Auth.UNKNOWN),
        ('192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET /?api_key=x HTTP/1.1" 200 1 "-" "-"', Auth.AUTHENTICATED),
        (S3.format(requester="-"), Auth.ANONYMOUS),
        (S3.format(requester="arn:aws:iam::123456789012:user/alice"), Auth.AUTHENTICATED),
    ],
)
def test_authenticated_anonymous_and_unknown(line: str, auth: Auth) -> None:
    assert request(line).auth is auth


def test_a_line_without_a_client_is_a_request_without_one() -> None:
    found = request("GET /orders/7 200 612 - 1.234 ms")
    assert (found.client, found.peer, found.status) == ("", "", 200)


def test_header_of_a_mixed_file_counts_until_the_next() -> None:
    lines = [
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
        "2026-11-24 03:10:54 192.0.2.7 GET /a 200",
        "#Fields: date time cs-method cs-uri-stem c-ip sc-status time-taken",
        "2026-11-24 03:10:55 GET /b 192.0.2.8 404 12",
        '192.0.2.9 - - [24/Nov/2026:03:10:56 +0000] "GET /c HTTP/1.1" 200 1',
    ]
    found = parser().parse([line.encode() for line in lines], 1, 1e9)
    got = [(one.client, one.target, one.status) for one in found if one is not None and not isinstance(one, tuple)]
    assert got == [("192.0.2.7", "/a", 200), ("192.0.2.8", "/b", 404), ("192.0.2.9", "/c", 200)]


@pytest.mark.parametrize("length", [3_000, 5_000, 60_000])
def test_nobody_hides_behind_a_long_user_name(length: int) -> None:
    user = "a" * length
    found = request(f'192.0.2.7 - {user} [24/Nov/2026:03:10:54 +0000] "GET /orders/7 HTTP/1.1" 401 1 "-" "-"')
    assert (found.client, found.status, found.target) == ("192.0.2.7", 401, "/orders/7")


def test_durations_that_cannot_be_are_none() -> None:
    line = '{"remote_addr":"192.0.2.7","request":"GET / HTTP/1.1","status":200,"duration_ms":%s}'
    assert request(line % ("9" * 40)).duration_s is None
    assert request(line % "1500").duration_s == 1.5
