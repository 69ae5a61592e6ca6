"""What the real products write comes back field for field, whoever wrote into the texts."""

from functools import partial

from hypothesis import given, settings

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
