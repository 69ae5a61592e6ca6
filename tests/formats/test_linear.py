"""No line takes longer than its length explains: catastrophic backtracking would stop a collector on one request."""

import re
import time
from collections.abc import Iterator

import pytest

from apiwatch.formats import FORMATS, LineParser
from apiwatch.model import Request
from tests.formats.kit import CLOCK, RECEIVED

UNITS = (
    '"', "\\", '\\"', " ", "\t", "[", "]", "] ", "{", "}", "|", "/", "a", "1", "=", ":", ",", "-", ".", "%", "?", "@",
    "(", '" "', ' "', "- ", "1/", "a=1&", "x=1 ", "x: ", "::", "1.1.1.1, ", '{"a":', '":"', '",', "\u00e9", "\x1b[0m",
    "://", "HTTP/1.1 ", "\\x", f"[{CLOCK}] ",
)  # fmt: skip
SHORT = 8_000
LONG = 1_000_000
FLOOR_S = 0.01
"""A line of 8 000 characters, none of which is looked at more than a few times, takes less; a quadratic one more."""
ATTEMPTS = 3
"""Time of a busy machine may be charged to a measurement; a quadratic line is slow in each of them."""
SLOWEST_S = 1.0
"""Processor time for a line of 1 MB."""

ALWAYS = (" ", '"', '\\"')
"""What is repeated at every place; of `UNITS` one in `STEP`."""
STEP = 41

STRINGS = {
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"':
        f'203.0.113.7 - alice [{CLOCK}] "GET /a?x=1 HTTP/1.1" 200 612 "https://example.com/" "curl/8.5"',
    "$remote_addr $http_x_forwarded_for - $remote_user [$time_local] $request_method $status - $http_user_agent":
        f"203.0.113.7 1.1.1.1, 2.2.2.2 - alice [{CLOCK}] GET 200 - curl/8.5 (x)",
    "[$time_local] $http_referer $upstream_addr $upstream_status - $status $host$request_uri|$http_user_agent":
        f"[{CLOCK}] - 192.0.2.1:80, 192.0.2.2:80 502, 200 - 200 h.example/a|curl/8",
    '{"a":"$remote_addr","r":"$request","s":$status,"u":"$http_user_agent","f":"$http_x_forwarded_for"}':
        '{"a":"203.0.113.7","r":"GET / HTTP/1.1","s":200,"u":"curl/8","f":"1.1.1.1, 2.2.2.2"}',
    "$http_user_agent - $http_referer  $remote_addr $request_time $uri$is_args$args $status":
        "curl/8 - -  203.0.113.7 0.012 /a?x=1 200",
    "%v:%p %h %u %{%d/%b/%Y %T}t %m %U%q %>s %O %D [%{X}i] - %{Y}i":
        "h.example:443 203.0.113.7 alice 24/Nov/2026 03:10:54 GET /a?x=1 200 612 1200 [x y] - z",
    "%{X-Forwarded-For}i %{Cookie}i, %h %r %>s": "- a=1, 203.0.113.7 GET 200",
}  # fmt: skip
"""A format string and a line of it."""
_PLACE = re.compile(r"(?<=[\s\"\[{|:=])\S|[\s\"\[\]}|]")


def spent(reader: LineParser, line: bytes) -> float:
    """Seconds of processor time, which other work on the machine does not change much."""
    start = time.process_time()
    reader.parse([line], 1, RECEIVED)
    return time.process_time() - start


def starts(example: str) -> Iterator[tuple[str, str]]:
    """(start, rest) of a line, cut where its fields begin and end."""
    for found in _PLACE.finditer(example):
        yield example[: found.start()], example[found.start() :]
    yield example, ""


def filled(start: str, unit: str, rest: str, size: int) -> bytes:
    return (start + unit * (size // len(unit)) + rest).encode()


def reader_of(example: str, name: str = "auto") -> LineParser:
    """A parser that has seen the header and a line of a format."""
    reader = LineParser(format=name, salt=b"salt")
    reader.parse([line.encode() for line in example.split("\n")], 1, RECEIVED)
    return reader


def check_growth(reader: LineParser, start: str, unit: str, rest: str) -> None:
    """A line is short work, or one of twice the length takes at most three times as long."""
    once, twice = (filled(start, unit, rest, size) for size in (SHORT, 2 * SHORT))
    measured: list[tuple[float, float]] = []
    while (seconds := min(spent(reader, once) for _ in range(3 if measured else 1))) > FLOOR_S:
        measured.append((seconds, min(spent(reader, twice) for _ in range(3))))
        hopeless = seconds > 10 * FLOOR_S
        if not hopeless and measured[-1][1] <= 3 * seconds:
            return
        if len(measured) == ATTEMPTS:
            pytest.fail(f"{start!r} + {unit!r} * n + {rest!r}: seconds for n and 2 n: {measured}")


def check_everywhere(reader: LineParser, example: str, turn: int, tried: set[str]) -> int:
    """Check every place of a line that was not tried yet, each with other units; returns the next turn."""
    places = list(starts(example))
    # JSON is decoded before anything else is looked at: its places are much alike.
    for start, rest in (*places[:: 20 if example[0] == "{" else 1], places[-1]):
        if start in tried:
            continue
        tried.add(start)
        token = re.match(r"\w+ ?|.", rest)
        for unit in (*ALWAYS, *UNITS[turn % STEP :: STEP], *([token[0]] if token is not None else [])):
            check_growth(reader, start, unit, rest if turn % 2 else "")
        turn += 1
    return turn


def test_time_grows_as_the_line_does_whatever_is_repeated_wherever() -> None:
    tried: set[str] = set()
    turn = 0
    for info in FORMATS:
        turn = check_everywhere(reader_of(info.example), info.example.rpartition("\n")[2], turn, tried)


@pytest.mark.parametrize(("string", "line"), STRINGS.items())
def test_time_grows_as_the_line_does_with_format_strings(string: str, line: str) -> None:
    reader = LineParser(log_format=string, salt=b"salt")
    assert isinstance(reader.parse([line.encode()], 1, RECEIVED)[0], Request)
    for turn in range(2):
        check_everywhere(reader, line, turn, set())


@pytest.mark.parametrize("index", range(0, len(FORMATS), 4))
def test_a_line_of_a_megabyte_is_no_obstacle(index: int) -> None:
    for step, info in enumerate(FORMATS[index : index + 4], start=index):
        places = list(starts(info.example.rpartition("\n")[2]))
        for turn, name in enumerate(("auto", info.name, "auto")):
            start, rest = places[(step * 5 + turn * 11) % len(places)]
            unit = UNITS[(step * 7 + turn * 3) % len(UNITS)]
            line = filled(start, unit, rest if turn else "", LONG)
            assert spent(reader_of(info.example, name), line) < SLOWEST_S, f"{name}: {start!r} + {unit!r} * n"


@pytest.mark.parametrize("string", STRINGS)
def test_a_line_of_a_megabyte_is_no_obstacle_to_format_strings(string: str) -> None:
    reader = LineParser(log_format=string, salt=b"salt")
    for unit in (" ", '"', "a", "- ", f"[{CLOCK}] "):
        assert spent(reader, filled(f"203.0.113.7 - alice [{CLOCK}] ", unit, "", LONG)) < SLOWEST_S, unit
