"""What the real products write comes back field for field, whoever wrote into the texts."""

from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address

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
