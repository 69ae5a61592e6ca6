import ipaddress
import math
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.config import (
    format_duration,
    parse_duration,
    parse_network,
    parse_since,
    parse_syslog,
    parse_target,
)
from apiwatch.config.values import (
    LONGEST,
    THEMES,
    WINDOWS,
    parse_member,
    parse_path,
    parse_text,
    parse_theme,
    parse_window,
)
from apiwatch.errors import UsageError


def parsed(parse: Callable[[str], str], text: str) -> tuple[str | None, str]:
    """The canonical text or None, and the message or ''."""
    try:
        return parse(text), ""
    except UsageError as error:
        return None, str(error)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("250ms", 0.25),
        ("1h30m", 5400),
        ("1h 30m", None),
        ("1.5h", 5400),
        ("15 m", 900),
        (" 15m ", 900),
        ("0", 0),
        ("0.25", 0.25),
        ("36500d", LONGEST),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(UsageError):
            parse_duration(text)
    else:
        assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", " ", "m", "15x", "-5m", "+5m", "15m!", "1e9", "inf", "nan", "1:30", "٣m", "36501d", "9" * 400, "15M"]
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"write for example .*15m, 1h or 7d"):
        parse_duration(text)


@given(st.integers(0, int(LONGEST)) | st.integers(0, 10**9).map(lambda number: number / 1_000_000))
def test_a_written_duration_means_the_same_seconds(seconds: float) -> None:
    assert parse_duration(format_duration(float(seconds))) == float(seconds)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("start", "start"),
        ("15m", "15m"),
        ("900", "15m"),
        ("1h30m", "90m"),
        ("0.5", "0.5s"),
        ("2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z"),
        ("2026-08-01t10:00:00.25+02:00", "2026-08-01T10:00:00.25+02:00"),
        ("2026-08-01 10:00:00z", "2026-08-01T10:00:00Z"),
    ],
)
def test_a_start_is_a_word_a_duration_or_a_time(text: str, canonical: str) -> None:
    assert parse_since(text) == canonical
    assert parse_since(canonical) == canonical
    if canonical[-1] == "Z":
        assert datetime.fromisoformat(canonical).tzinfo is not None


@pytest.mark.parametrize(
    "text", ["yesterday", "", "Start", "2026-08-01", "2026-13-01T10:00:00Z", "0000-01-01T00:00:00Z"]
)
def test_what_is_no_start_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a point in time"):
        parse_since(text)


def test_a_time_without_offset_is_refused_because_it_can_mean_two_things() -> None:
    with pytest.raises(UsageError, match=r"no time zone; add Z for UTC or an offset such as \+02:00"):
        parse_since("2026-08-01T10:00:00")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        (" 10.0.0.0/8 ", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:0db8:0000::1", "2001:db8::1/128"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_a_network_is_written_in_one_way(text: str, canonical: str) -> None:
    assert parse_network(text) == canonical


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("example.com", "is not an IP address or network"),
        ("", "is not an IP address or network"),
        ("192.0.2.1-192.0.2.9", "is not an IP address or network"),
        ("fe80::1%eth0", "is not an IP address or network"),
        ("10.0.0.0/255.0.0.0", "is not an IP address or network"),
        ("10.0.0.0/0.255.255.255", "is not an IP address or network"),
        ("010.0.0.1", "is not an IP address or network"),
        ("192.0.2.0/33", "is not an IP address or network"),
        ("10.0.0.0/8, 192.0.2.0/24", "is not an IP address or network"),
        ("10.1.2.3/8", "write 10.0.0.0/8 if you mean the whole network"),
        ("2001:db8::1/32", "write 2001:db8::/32 if you mean the whole network"),
        ("::ffff:192.0.2.1", "is an IPv4 network; write 192.0.2.1/32"),
        ("::ffff:192.0.2.0/120", "is an IPv4 network; write 192.0.2.0/24"),
    ],
)
def test_what_is_no_network_is_refused_with_the_right_one(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_network(text)
    assert says in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_network_or_a_usage_error(text: str) -> None:
    canonical, message = parsed(parse_network, text)
    assert message.isprintable()
    assert canonical is None or str(ipaddress.ip_network(canonical)) == canonical


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_canonical_network_is_accepted_as_it_is(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    network = ipaddress.ip_network(f"{address}/{min(length, address.max_prefixlen)}", strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return
    assert parse_network(str(network)) == str(network)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("udp://127.0.0.1:5514", "udp://127.0.0.1:5514"),
        ("TCP://0.0.0.0:514", "tcp://0.0.0.0:514"),
        ("tcp://[2001:DB8::1]:514/", "tcp://[2001:db8::1]:514"),
        ("udp://collector.example.com:5514", "udp://collector.example.com:5514"),
        ("unix:///run/apiwatch/apiwatch.sock", "unix:///run/apiwatch/apiwatch.sock"),
    ],
)
def test_a_syslog_address_is_written_in_one_way(text: str, canonical: str) -> None:
    assert parse_syslog(text) == canonical
    assert parse_syslog(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("127.0.0.1:5514", "is not a syslog address"),
        ("ftp://127.0.0.1:5514", "is not a syslog address"),
        ("", "is not a syslog address"),
        ("udp://127.0.0.1", "needs an address to listen on and a port"),
        ("udp://:5514", "needs an address to listen on and a port"),
        ("udp://127.0.0.1:0", "a port from 1 to 65535"),
        ("udp://127.0.0.1:65536", "a port from 1 to 65535"),
        ("udp://[::1:5514", "needs an address"),
        ("udp://user@127.0.0.1:5514", "more than an address and a port"),
        ("udp://127.0.0.1:5514/path", "more than an address and a port"),
        ("tcp://127.0.0.1:5514?tls=1", "more than an address and a port"),
        ("unix://run/apiwatch.sock", "needs an absolute path"),
        ("unix:///run/", "needs an absolute path"),
        ("unix:///" + "a" * 107, "too long for a unix socket"),
        ("unix:///run/a\0b", "no file name can have"),
    ],
)
def test_what_is_no_syslog_address_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_syslog(text)
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text(max_size=40).map(lambda text: f"tcp://{text}") | st.text(max_size=40))
def test_any_text_is_a_syslog_address_or_a_usage_error(text: str) -> None:
    canonical, message = parsed(parse_syslog, text)
    assert message.isprintable()
    assert canonical is None or parse_syslog(canonical) == canonical


def test_words_are_taken_as_they_are_and_others_refused_with_the_list() -> None:
    assert [parse_window(word) for word in WINDOWS] == list(WINDOWS)
    assert [parse_theme(word) for word in THEMES] == list(THEMES)
    with pytest.raises(UsageError, match=r"`2m` is not known; write 1m, 5m, 15m or 1h"):
        parse_window("2m")
    with pytest.raises(UsageError, match=r"write auto, dark, light, ansi or ansi-light"):
        parse_theme("Dark")


def test_empty_texts_and_impossible_paths_are_refused() -> None:
    for text in ("", "  "):
        with pytest.raises(UsageError, match="is empty"):
            parse_path(text)
        with pytest.raises(UsageError, match="is empty"):
            parse_text(text)
    with pytest.raises(UsageError, match="no file name can have"):
        parse_path("a\0b")
    with pytest.raises(UsageError, match="no file name can have"):
        parse_path("a\ud800b")
    assert parse_path("/var/log/\udcff.log") == "/var/log/\udcff.log"


def test_a_message_shows_no_control_character_of_the_value() -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration("1m\x1b[2J\u202e" + "x" * 500)
    assert "\\x1b" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_no_duration_is_infinite() -> None:
    assert math.isfinite(parse_duration("36500d"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.1", "network:192.0.2.1/32"),
        (" network:2001:DB8::/32 ", "network:2001:db8::/32"),
        ("GET /v1/users/{int}", "route:GET /v1/users/{int}"),
        ("api.example.com POST /login", "route:api.example.com POST /login"),
        ("route:GET /v1/*", "route:GET /v1/*"),
        ("agent:Pingdom*", "agent:Pingdom*"),
        ("user: alice@example.com", "user:alice@example.com"),
        ("principal:192.0.2.1 chrome", "principal:192.0.2.1 chrome"),
    ],
)
def test_target_is_what_a_rule_is_about(text: str, canonical: str) -> None:
    assert parse_target(text) == canonical
    assert parse_target(canonical) == canonical
    assert parse_member(text) == canonical
    assert parse_member(f"{text} until 2026-12-01") == f"{canonical} until 2026-12-01T00:00:00Z"
    assert parse_member(f"{text} until 2026-12-01T18:00:00+01:00") == f"{canonical} until 2026-12-01T18:00:00+01:00"


@pytest.mark.parametrize(
    ("parse", "text", "says"),
    [
        (parse_target, "partner", "is no target"),
        (parse_target, "", "is no target"),
        (parse_target, "cookie:abc", "is no target"),
        (parse_target, "agent:*", "would fit everybody"),
        (parse_target, "user:", "would fit everybody"),
        (parse_target, "10.1.0.0/8", "bits set behind its prefix"),
        (parse_member, "10.0.0.0/8 until soon", "is not a day or time"),
        (parse_member, "10.0.0.0/8 until 2026-13-01", "is not a point in time"),
        (parse_member, "10.0.0.0/8 until 2026-12-01T18:00:00", "has no time zone"),
    ],
)
def test_what_is_no_target_is_refused(parse: Callable[[str], str], text: str, says: str) -> None:
    value, message = parsed(parse, text)
    assert value is None
    assert says in message
