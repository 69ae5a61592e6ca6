"""Syslog headers of the RFCs, of products, and of nobody."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.sources.headers import peel

LINE = b'192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET /a?b=1 HTTP/1.1" 200 12 "-" "curl/8"'
IPV6 = b'2001:db8::7 - - [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 12'
JSON = b'{"status":200,"uri":"/a"}'
CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "formats" / "open.jsonl"

HEADERS = [
    b"<34>Oct 11 22:14:15 mymachine su: ",
    b"<13>Feb  5 17:32:18 192.0.2.99 myproc[10]: ",
    b"<165>Aug 24 05:34:00 mymachine myproc[10]: ",
    b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf",
    b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - ",
    b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource='
    b'"Application" eventID="1011"][examplePriority@32473 class="high"] ',
    b"<190>Nov 24 03:10:54 vm nginx: ",
    b"<190>Nov 24 03:10:54 api: ",
    b"<134>Nov 24 03:11:03 haproxy[32068]: ",
    b"<142>1 2026-11-24T03:11:03.139331+00:00 - haproxy 32068 - - ",
    b"<13>Nov 24 03:11:03 web1 root: ",
    b'<13>1 2026-11-24T03:11:03.139331+00:00 web1 root - - [timeQuality tzKnown="1" isSynced="0"] ',
    b"<30>Nov 24 03:11:03 UDMPRO,a2ed,udm-1.10 nginx: ",
    b"<30>Jun  2 06:55:39 2022 web1 nginx: ",
    b"<13>2026-11-24T03:11:03.139331+01:00 web1 nginx: ",
    b"<13>2026-11-24T03:11:03Z web1 nginx[7]: ",
    b"<13>Nov 04 03:11:03.123 web1 nginx: ",
    b"<13>Nov  4 03:11:03 web1 nginx[7] ",
    b"<13>Nov 24 03:11:03 web1 nginx ",
    b"<13>Nov 24 03:11:03 2001:db8::1 nginx: ",
    b"<191>2 - - - - - - ",
    b"<13>1 2026-11-24T03:11:03.139331+00:00 web1 nginx - - -  ",
    b"<13>Nov 24 03:11:03 web1 nginx:  ",
    b'<13>1 - web1 app - - [a b="\\]\\"\\\\"] ',
    b"<0>",
    b"<191>",
    b"Jun  3 19:49:39 192.0.2.1 proxy[1297]: ",
    b"Nov 24 03:10:54 vm nginx: ",
    b"",
]


@pytest.mark.parametrize("message", [LINE, IPV6, JSON])
@pytest.mark.parametrize("header", HEADERS)
def test_headers_are_taken_off(header: bytes, message: bytes) -> None:
    assert peel(header + message) == message


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\0", b"\n\0"])
def test_what_senders_put_behind_a_message_is_taken_off(end: bytes) -> None:
    assert peel(HEADERS[6] + LINE + end) == LINE
    assert peel(LINE + end) == LINE


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"<",
        b"<192>1 2026-11-24T03:11:03Z web1 app - - - x",
        b"<1234>x",
        b"<b>bold</b>",
        b"<13",
        b"Nov 24 03:11:03",
        b"Now is the time: x",
        b'2026-11-24T03:11:03Z "GET / HTTP/1.1" 200',
        b'1795489854.722 192.0.2.7 "GET / HTTP/1.1" 200',
        b'example.com:80 192.0.2.7 - - [07/Dec/2026:11:05:07 +0100] "GET / HTTP/1.1" 200 571',
    ],
)
def test_what_is_no_header_stays(message: bytes) -> None:
    assert peel(message) == message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"<13>1 2026-11-24T03:11:03Z web1 app - - -", b""),
        (b"<13>Nov 24 03:11:03 web1 nginx:", b""),
        (b"<13>1 2026-11-24T03:11:03Z web1 app - - [unclosed", b"1 2026-11-24T03:11:03Z web1 app - - [unclosed"),
        (b"<13>1 2026-11-24T03:11:03Z web1 app - -", b"1 2026-11-24T03:11:03Z web1 app - -"),
        (b"<13>  two blanks", b"  two blanks"),
        (b"<13>" + LINE + b": x", LINE + b": x"),
    ],
)
def test_headers_without_message_and_broken_ones(message: bytes, expected: bytes) -> None:
    assert peel(message) == expected


NAME = st.text("!#$%&'()*+,-./0aZ~", min_size=1, max_size=32).map(str.encode)
VALUE = st.binary(max_size=30).map(
    lambda value: value.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"]", b"\\]")
)
ELEMENT = st.tuples(NAME, st.lists(st.tuples(NAME, VALUE), max_size=3)).map(
    lambda one: b"[" + one[0] + b"".join(b' %b="%b"' % pair for pair in one[1]) + b"]"
)
MESSAGE = st.binary(max_size=200).map(lambda text: text.lstrip(b" \xef\xbb\xbf").rstrip(b"\r\n\0"))


@given(
    priority=st.integers(0, 191),
    names=st.tuples(NAME, NAME, NAME, NAME),
    elements=st.lists(ELEMENT, max_size=3),
    message=MESSAGE,
)
def test_any_header_of_rfc_5424_is_taken_off(
    priority: int, names: tuple[bytes, bytes, bytes, bytes], elements: list[bytes], message: bytes
) -> None:
    data = b"".join(elements) or b"-"
    header = b"<%d>1 2026-11-24T03:11:03.1Z %b %b %b %b %b" % (priority, *names, data)
    assert peel(header + b" " + message) == message
    assert peel(header) == b""


@given(st.binary(max_size=300), st.sampled_from(HEADERS))
def test_no_message_makes_it_fail_or_grow(message: bytes, header: bytes) -> None:
    peeled = peel(header + message)
    assert (header + message).rstrip(b"\r\n\0").endswith(peeled)


@pytest.mark.parametrize("filler", [b"[", b"]", b"\\", b"[]", b"[a]", b'"', b"a b", b":", b"Nov 24 ", b"0" * 7 + b" "])
@pytest.mark.parametrize("header", [b"<13>", HEADERS[4][:-2], HEADERS[4][:-2] + b"[", HEADERS[6], HEADERS[6][:-2]])
def test_a_long_hostile_message_takes_time_in_proportion_to_its_length(header: bytes, filler: bytes) -> None:
    message = header + filler * (1_000_000 // len(filler))
    assert message.endswith(peel(message))


def test_no_line_of_the_corpus_is_harmed() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of log lines is not beside this checkout")
    with CORPUS.open() as file:
        lines = [json.loads(line)["raw"].encode().rstrip(b"\r\n\0") for line in file]
    assert lines
    for line in lines:
        assert peel(HEADERS[6] + line) == line
        assert peel(HEADERS[9] + line) == line
        if line[:1] != b"<" and line[3:4] != b" ":
            assert peel(line) == line
