"""Lines of every format, cut, damaged and mixed: nothing raises, and neither cuts of a stream nor a restart change a
record."""

from collections.abc import Sequence
from functools import partial

from hypothesis import example, given, settings
from hypothesis import strategies as st

from apiwatch.formats import LineParser, Unparsed
from apiwatch.formats.registry import FAMILIES
from apiwatch.model import Request
from tests.formats.kit import RECEIVED
from tests.formats.writers import WRITERS, ZONE, Sample, Writer, samples
from tests.formats.writers.columns import IIS_HEADER, IIS_HEADER_SHORT, iis, iis_short

calm = partial(settings, deadline=None)

NAMES = ("auto", *(family.formats[0].name for family in FAMILIES))
"""A name of each family: a family reads all its formats whichever is asked for."""

PIECES = (
    b'"', b"\\", b"\\x", b"[", b"]", b"{", b"}", b"|", b" ", b"\t", b"\0", b"\xff", b"\xed\xa0\x80", b"\r", b"=",
    b":", b"-", b"9" * 20, b"9" * 5_000, "\u0663".encode(), "\u00b2".encode(), b"1e999", b"-1", b"NaN", b"null", b"[]",
    b"{}", b" - ", b", ", b'","', b"99/Xyz/9999:99:99:99", b"\xe2\x80\xae",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, line: bytes) -> bytes:
    """A line with a piece replaced, doubled or left out, or cut off."""
    start = draw(st.integers(0, len(line)))
    end = draw(st.integers(start, min(len(line), start + 24)))
    piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6), st.just(b""), st.just(line[start:end] * 2)))
    return line[:start] + piece + (b"" if draw(st.integers(0, 4)) == 0 else line[end:])


def sound(lines: Sequence[bytes], reader: LineParser) -> None:
    """Every line gets its entry, and a record holds nothing that a screen or a store could not take."""
    found = reader.parse(lines, 5, RECEIVED)
    assert len(found) == len(lines)
    for number, record in enumerate(found, 5):
        if record is None:
            continue
        assert record.line == number
        if isinstance(record, Unparsed):
            assert 0 <= record.matched <= len(record.text)
            assert record.text.isprintable()
            continue
        texts = (record.client, record.peer, record.method, record.target, record.path, record.query, record.referer)
        assert all(text is None or text.isprintable() for text in (*texts, record.user_agent, record.host, record.user))
        assert record.bytes is None or 0 <= record.bytes < 1 << 63
        assert 0 <= record.status <= 999
        assert record.duration_s is None or 0 <= record.duration_s < 1e18
        assert abs(record.utc_offset) < 86_400


@given(sample=samples, data=st.data())
@calm(max_examples=12)
def test_damaged_lines_of_every_format_never_raise(sample: Sample, data: st.DataObject) -> None:
    readers = [LineParser(format=name, time_zone=ZONE, trusted_proxy=["203.0.113.0/24"]) for name in NAMES]
    for writer in WRITERS:
        line = data.draw(damaged(writer.line(sample).encode()))
        header = [] if writer.header is None else [data.draw(damaged(writer.header.encode()))]
        for reader in readers:
            sound([*header, line], reader)


@given(st.lists(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), max_size=20))
@calm(max_examples=40)
def test_arbitrary_bytes_never_raise(lines: list[bytes]) -> None:
    for name in NAMES:
        sound(lines, LineParser(format=name))


FRAGMENTS = (
    "203.0.113.7",
    "2001:db8::1",
    "-",
    " - ",
    '"',
    " ",
    '\\"',
    "[24/Nov/2026:03:10:54 +0000] ",
    '[-] "',
    "\t",
    "\u3000",
    '"GET / HTTP/1.1" 200 6',
    "bob b.",
    "HTTP/1.1",
    "GET /x",
    "200",
    "612",
    "1.2 ms",
    "[httpd] ",
    "api.example.com",
    "{",
    "}",
    "|",
    "2026-11-24 03:10:54",
    'Started GET "/a"',
    " for ",
    " at 2026-11-24 03:10:54 +0000",
    "Completed 200 OK in 1ms",
    '[GIN] 2026/11/24 - 03:10:54 | 200 | 1ms | 203.0.113.7 | GET "/a"',
    'INFO:     203.0.113.7:5 - "',
    '"a" "b" "c" "d"',
    '[2026-11-24T03:10:54.741Z] "GET /x HTTP/1.1" 401 - 0 612 12 10 ',
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join))
@example('203.0.113.7" - [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 6')
@calm(max_examples=200)
def test_fragments_of_lines_never_raise(line: str) -> None:
    sound([line.encode()], LineParser())


def read(
    lines: Sequence[bytes], cuts: Sequence[int], restarts: bool, name: str = "auto"
) -> tuple[list[Request | Unparsed | None], str]:
    """All entries, and the format of the last, of lines that come in batches; perhaps with a restart behind each."""
    reader = LineParser(format=name, salt=b"salt", time_zone=ZONE)
    found: list[Request | Unparsed | None] = []
    start = 0
    for end in (*sorted(cuts), len(lines)):
        found += reader.parse(lines[start:end], start + 1, RECEIVED)
        start = end
        if restarts:
            state = reader.state()
            reader = LineParser(format=name, salt=b"salt", time_zone=ZONE)
            reader.restore(state)
    return found, reader.format


def stays_the_same(lines: Sequence[bytes], data: st.DataObject, name: str = "auto") -> None:
    whole = read(lines, [], False, name)
    cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=5))
    assert read(lines, cuts, False, name) == whole
    assert read(lines, cuts, True, name) == whole
    assert read(lines, range(len(lines)), True, name) == whole


mixed_writers = st.lists(st.sampled_from(WRITERS), min_size=1, max_size=4)


@given(mixed_writers, st.lists(samples, min_size=1, max_size=4), st.data())
@calm(max_examples=40)
def test_batches_and_restarts_change_nothing_while_a_log_changes_its_format(
    writers: list[Writer], requests: list[Sample], data: st.DataObject
) -> None:
    lines: list[bytes] = []
    for writer in writers:
        lines += [] if writer.header is None else [writer.header.encode()]
        lines += [writer.line(sample).encode() for sample in requests]
    stays_the_same(lines, data)


@given(st.lists(samples, min_size=1, max_size=3))
@calm(max_examples=10)
def test_batches_and_restarts_change_nothing_in_any_format(requests: list[Sample]) -> None:
    for writer in WRITERS:
        lines = [] if writer.header is None else [writer.header.encode()]
        lines += [writer.line(writer.tame(sample)).encode() for sample in requests]
        whole = read(lines, [], False, writer.format)
        assert read(lines, range(len(lines)), True, writer.format) == whole
        assert whole[1] == writer.format


@given(samples, samples, st.data())
@calm(max_examples=30)
def test_columns_that_change_in_the_middle_of_a_file(first: Sample, second: Sample, data: st.DataObject) -> None:
    day = f"#Date: {second.utc:%F %T}"
    lines = [
        *(IIS_HEADER, iis(first)),
        *(day, IIS_HEADER_SHORT, iis_short(second)),
        *(IIS_HEADER, iis(first)),
    ]
    raw = [line.encode() for line in lines]
    found, _ = read(raw, [], False)
    records = [entry for entry in found if isinstance(entry, Request)]
    assert [(record.client, record.status) for record in records] == [
        (sample.client, sample.status) for sample in (first, second, first)
    ]
    assert records[1].bytes == second.size
    assert records[1].host == second.host
    stays_the_same(raw, data)
