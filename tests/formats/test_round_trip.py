"""What the real products write comes back field for field, whoever wrote into the texts."""

from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address

import pytest
from hypothesis import example, given, settings

from apiwatch.formats import FORMATS, LineParser, Unparsed
from apiwatch.model import Request
from tests.formats.kit import RECEIVED
from tests.formats.writers import FORGED, SECRET, WRITERS, ZONE, Sample, Writer, differences, samples

calm = partial(settings, deadline=None)


def read(writer: Writer, line: str, reader: LineParser) -> Request | Unparsed | None:
    """What a line of a writer becomes, behind its header."""
    before = [writer.header.encode()] if writer.header is not None else []
    return reader.parse([*before, line.encode()], 1, RECEIVED)[-1]


def test_every_format_has_a_writer() -> None:
    assert {info.name for info in FORMATS} == {writer.format for writer in WRITERS}


@given(samples)
@calm(max_examples=30)
def test_every_field_comes_back_whoever_wrote_the_line(sample: Sample) -> None:
    wrong: list[tuple[object, ...]] = []
    for writer in WRITERS:
        told = writer.tame(sample)
        line = writer.line(told)
        for name in ("auto", writer.format):
            reader = LineParser(format=name, salt=b"salt", time_zone=ZONE)
            record = read(writer, line, reader)
            if not isinstance(record, Request):
                wrong.append((writer.label, name, line, record))
            elif found := differences(writer, told, record, RECEIVED):
                wrong.append((writer.label, name, line, found))
            elif reader.format != writer.format or SECRET in repr(record):
                wrong.append((writer.label, name, line, reader.format, record))
    assert not wrong


@given(samples)
@calm(max_examples=30)
def test_no_text_of_a_client_becomes_the_client(sample: Sample) -> None:
    """Also where the product escapes nothing, so that a line can be read in more than one way."""
    wrong: list[tuple[object, ...]] = []
    for writer in WRITERS:
        line = writer.line(sample)
        for name in ("auto", writer.format):
            record = read(writer, line, LineParser(format=name, time_zone=ZONE))
            if isinstance(record, Request) and (record.client not in {sample.client, ""} or FORGED in record.peer):
                wrong.append((writer.label, name, line, record.client))
    assert not wrong


ENVELOPES = (
    "Nov 24 03:10:54 gw app[12]: ", "<134>Nov 24 03:10:54 gw app[12]: ", "<134>1 2026-11-24T03:10:54Z gw app 12 - - ",
    "2026-11-24T03:10:54.123Z stdout F ", "app_1  | ",
)  # fmt: skip


@given(samples)
@calm(max_examples=15)
def test_no_envelope_becomes_the_client(sample: Sample) -> None:
    wrong: list[tuple[object, ...]] = []
    for writer in WRITERS:
        for envelope in ENVELOPES:
            line = envelope + writer.line(sample)
            record = read(writer, line, LineParser(time_zone=ZONE))
            if isinstance(record, Request) and record.client not in {sample.client, ""}:
                wrong.append((writer.label, line, record.client))
    assert not wrong


MUTE = ("ltsv", "presto", "zeek_http")
"""Separated by tabs: the products escape them, or know no texts of clients that hold any."""
NAMES_ESCAPED = ("squid", "aws_s3")
"""Users that these write hold no blanks."""

PLAIN = Sample(
    moment=1_795_489_854_000_000, offset=0, address=IPv4Address("203.0.113.7"), port=4711, method="GET",
    target="/orders/7?x=1", status=200, size=612, agent="curl/8.5", referer=None, user=None, host="b.example",
    duration=0,
)  # fmt: skip


@given(samples)
@example(replace(PLAIN, target='/orders/7?"', referer='https://a.example/"'))
@example(replace(PLAIN, target="/orders/7\u3000?x=\x85"))
@example(replace(PLAIN, agent="\t"))
@example(replace(PLAIN, user='q"b b.'))
@calm(max_examples=30)
def test_no_text_of_a_client_hides_its_request(sample: Sample) -> None:
    """Also where the product escapes nothing: who could make a line unreadable would be seen by no detector."""
    wrong: list[tuple[object, ...]] = []
    for writer in WRITERS:
        line = writer.line(replace(sample, user="alice") if writer.format in NAMES_ESCAPED else sample)
        record = read(writer, line, LineParser(time_zone=ZONE))
        status = sample.status if "status" in writer.carries else 0
        if writer.format not in MUTE and not (isinstance(record, Request) and record.status == status):
            wrong.append((writer.label, line, record))
    assert not wrong


_AT = "[24/Nov/2026:03:10:54 +0000]"


@pytest.mark.parametrize(
    ("line", "target", "status"),
    [
        (
            f'203.0.113.7 - [-] "GET /fake HTTP/1.1" 200 1 "-" "x" {_AT} "POST /login HTTP/1.1" 401 6 "-" "c"',
            "/login",
            401,
        ),
        (f'203.0.113.7 - x" 200 1 {_AT} "POST /login HTTP/1.1" 401 6 "-" "c"', "/login", 401),
        (f'203.0.113.7 - a [-] " {_AT} "POST /login HTTP/1.1" 401 6 "-" "c"', "/login", 401),
        (
            'Started POST "/login" for 203.0.113.7 at 2026-11-24 03:10:54 +0000 Processing by X#y as JSON Parameters: '
            '{"u"=>"Completed 200 OK in 1ms"} Completed 401 Unauthorized in 12ms (Views: 0.2ms)',
            "/login",
            401,
        ),
        (f'INFO:     203.0.113.7:54321 - "{"A" * 33} /orders/7 HTTP/1.1" 200 OK', "/orders/7", 200),
        ('[GIN] 2026/11/24 - 03:10:54 | 401 | 1ms | 203.0.113.7 | GET "/a\\"/../x?y=1"', '/a\\"/../x?y=1', 401),
    ],
    ids=["dropped-time", "quote", "stamp", "rails-parameters", "long-method", "gin-quote"],
)
def test_what_a_client_wrote_stands_for_nothing_else(line: str, target: str, status: int) -> None:
    record = LineParser().parse([line.encode()], 1, RECEIVED)[0]
    assert isinstance(record, Request)
    assert (record.client, record.target, record.status) == ("203.0.113.7", target, status)


def test_a_list_of_addresses_with_a_quote_names_nobody_and_hides_nothing() -> None:
    listed = '"a"b, 203.0.113.7"'
    line = f'[2026-11-24T03:10:54.741Z] "GET /x HTTP/1.1" 401 - 0 6 12 10 {listed} "c" "id" "b.example" "192.0.2.1:8"'
    record = LineParser().parse([line.encode()], 1, RECEIVED)[0]
    assert isinstance(record, Request)
    assert (record.client, record.target, record.status) == ("", "/x", 401)


@pytest.mark.parametrize(
    "line",
    [
        "Nov 24 03:10:54 gw sshd[1]: Failed password for invalid user x GET /forged HTTP/1.1 200 612 - 1 ms",
        f'203.0.113.7 - - {_AT} "GET / GET /forged HTTP/1.1 200 612 - 1.234 ms',
    ],
    ids=["another-program", "cut"],
)
def test_no_request_is_made_of_what_is_none(line: str) -> None:
    assert not isinstance(LineParser().parse([line.encode()], 1, RECEIVED)[0], Request)
