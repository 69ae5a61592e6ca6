import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.formats import Unparsed, time_of
from apiwatch.formats.addresses import Addresses
from apiwatch.formats.build import Builder
from apiwatch.formats.clf.matcher import ClfMatcher
from apiwatch.formats.credentials import redact
from apiwatch.model import Request
from tests.formats.kit import CLOCK, RECEIVED, TIME, parser, request

SAMPLES = [
    f'203.0.113.7 - alice [{CLOCK}] "GET /a?x=1 HTTP/1.1" 200 612 "https://example.com/" "curl/8"',
    f'203.0.113.8 - - [{CLOCK}] "GET /b HTTP/1.1" 404 -',
    f'203.0.113.7 - - [{CLOCK}] "\\x16\\x03" 400 0 "-" "-"',
    f'example.com:443 203.0.113.7 - - [{CLOCK}] "GET / HTTP/2.0" 200 612 "-" "x" "198.51.100.7"',
    f'203.0.113.7 - - [{CLOCK}] "GET / HTTP/1.1" 200 612 "-" "x" 3 "r" "http://192.0.2.1" 2ms',
    '{"time":"2026-11-24T03:10:54Z","remote_addr":"203.0.113.7","request":"GET / HTTP/1.1","status":200}',
    '{"time":1795489854,"client_ip":"203.0.113.7","method":"GET","path":"/","status":200,"duration":12}',
    '{"time":1795489854,"client_ip":"203.0.113.7","method":"GET","path":"/","status":200,"duration":0.5}',
    '{"level":"info","ts":1795489854.5,"logger":"http.log.access","request":{"remote_ip":"203.0.113.7","method":"GET",'
    '"uri":"/"},"status":200}',
    '{"level":"info","ts":1795489854.5,"msg":"started"}',
    '{"log":"203.0.113.7 - - [24/Nov/2026:03:10:54 +0000] \\"GET / HTTP/1.1\\" 200 1\\n","stream":"stdout"}',
    f'Nov 24 03:11:03 web1 nginx: 203.0.113.7 - - [{CLOCK}] "GET / HTTP/1.1" 200 612 "-" "x"',
    f'[{CLOCK}] 200 - GET https h.example.com "/d" [Client 203.0.113.7] [Length 20] [Gzip -] "x" "-"',
    f'[{CLOCK}] h.example.com 203.0.113.7 0.002 "GET / HTTP/1.1" 401 77 935 - Kuma/1.2',
    f"time:{CLOCK}\thost:203.0.113.7\treq:GET / HTTP/1.1\tstatus:200\tsize:3",
    "",
    "# comment",
    "2026/11/24 16:41:26 [error] 31#31: *3 open() failed",
    "nonsense",
]
calm = partial(settings, deadline=None)
"""Other work on the machine must not fail a test."""

bytes_lines = st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode()))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real line with a piece cut out or replaced."""
    line = draw(st.sampled_from(SAMPLES)).encode()
    start = draw(st.integers(0, len(line)))
    end = draw(st.integers(start, min(len(line), start + 20)))
    return (
        line[:start]
        + draw(st.one_of(st.just(b""), st.binary(max_size=8), st.sampled_from([b'"', b"\\", b" - "])))
        + line[end:]
    )


mixed = st.lists(st.one_of(st.sampled_from(SAMPLES).map(str.encode), damaged(), bytes_lines), max_size=30)


@given(mixed)
@calm(max_examples=40)
def test_nothing_raises_and_every_line_gets_its_entry(lines: list[bytes]) -> None:
    found = parser(trusted=["192.0.2.0/24"]).parse(lines, 5, RECEIVED)
    assert len(found) == len(lines)
    for number, record in enumerate(found, 5):
        assert record is None or record.line == number
        if isinstance(record, Unparsed):
            assert 0 <= record.matched <= len(record.text)
            assert record.text.isprintable()
        elif record is not None:
            texts = (record.client, record.path, record.query, record.target, record.user_agent, record.referer)
            assert all(text is None or text.isprintable() for text in texts)
            assert record.bytes is None or 0 <= record.bytes < 1 << 63
            assert 0 <= record.status <= 999
    assert all(when is None or when >= 0 for when in map(time_of, lines))


def cut(lines: Sequence[bytes], cuts: Sequence[int], snapshots: bool) -> tuple[list[object], str]:
    reader = parser()
    found: list[object] = []
    start = 0
    for end in [*sorted(cuts), len(lines)]:
        found += reader.parse(lines[start:end], start + 1, RECEIVED)
        if snapshots:
            saved = reader.state()
            reader = parser()
            reader.restore(saved)
        start = end
    return found, reader.format


@given(mixed, st.data())
@calm(max_examples=50)
def test_cuts_and_snapshots_change_nothing(lines: list[bytes], data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=6))
    whole = cut(lines, [], False)
    assert cut(lines, cuts, False) == whole
    assert cut(lines, cuts, True) == whole
    assert cut(lines, range(len(lines)), True) == whole


@given(mixed)
@calm(max_examples=50)
def test_what_was_read_before_does_not_change_a_line(lines: list[bytes]) -> None:
    """Only a duration without unit depends on earlier lines: its unit is settled on the first of them."""
    lines = [line for line in lines if b'"duration":' not in line]
    alone = [parser().parse([line], 1, RECEIVED)[0] for line in lines]
    reader = parser()
    reader.parse(lines, 1, RECEIVED)
    again = reader.parse(lines, 1, RECEIVED)
    for one, other in zip(alone, again, strict=True):
        if isinstance(one, Request):
            assert isinstance(other, Request)
            fields = [getattr(one, name) for name in Request.__struct_fields__ if name != "line"]
            assert fields == [getattr(other, name) for name in Request.__struct_fields__ if name != "line"]
        else:
            assert type(one) is type(other)


@given(st.lists(damaged(), max_size=20))
@calm(max_examples=40)
def test_the_short_way_reads_what_the_long_way_reads(lines: list[bytes]) -> None:
    matcher, other = (ClfMatcher(Builder(Addresses(), b"salt")) for _ in range(2))
    for line in lines:
        text = line.decode("utf-8", "surrogateescape")
        out: list[Request | Unparsed | None] = []
        matcher.run([text], 0, 1, RECEIVED, out)
        assert (out[0] if out else None) == other.one(text, 1, RECEIVED)
        assert not out or matcher.name == other.name


words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\'), min_size=1, max_size=20)
offsets = st.integers(-12 * 4, 14 * 4).map(lambda quarter: quarter * 900)
targets = st.text(st.sampled_from("abcXYZ019/-_.~%"), max_size=40).map("/".__add__)


addresses = st.one_of(
    st.ip_addresses(v=4), st.integers(1, 1 << 90).map(lambda low: IPv6Address((0x20010DB8 << 96) + low))
)


@st.composite
def made(draw: st.DrawFn) -> Request:
    """A record such as a server may write."""
    path = draw(targets)
    query = draw(st.one_of(st.just(""), st.integers(0, 999).map("x={}".format)))
    address = str(draw(addresses))
    agent = draw(words)
    referer = draw(st.one_of(st.none(), targets.map("https://example.com".__add__)))
    return Request(
        float(draw(st.integers(1, 4_000_000_000))), address, address, draw(st.sampled_from(["GET", "POST", "PURGE"])),
        f"{path}?{query}" if query else path, path, query, draw(st.integers(100, 599)),
        draw(st.one_of(st.none(), st.integers(0, 1 << 50))), referer, None if agent == "-" else agent,
        None, draw(st.one_of(st.none(), st.sampled_from(["alice", "b ob", "-x", "- y"]))), None, None, 1, draw(offsets),
    )  # fmt: skip


@given(made())
@calm(max_examples=40)
def test_a_record_written_as_combined_comes_back(record: Request) -> None:
    zone = timezone(timedelta(seconds=record.utc_offset))
    moment = datetime.fromtimestamp(record.time, UTC).astimezone(zone)
    clock = f"{moment:%d/}{moment:%b}{moment:/%Y:%H:%M:%S %z}"
    line = (
        f'{record.client} - {record.user or "-"} [{clock}] "{record.method} {record.target} HTTP/1.1" {record.status} '
        f'{"-" if record.bytes is None else record.bytes} "{record.referer or "-"}" "{record.user_agent or "-"}"'
    )
    assert request(line) == record
    assert time_of(line.encode()) == record.time


@given(made())
@calm(max_examples=40)
def test_a_record_written_as_json_comes_back(record: Request) -> None:
    zone = timezone(timedelta(seconds=record.utc_offset))
    moment = datetime.fromtimestamp(record.time, UTC).astimezone(zone).isoformat()
    fields = {
        "time_iso8601": moment, "remote_addr": record.client, "remote_user": record.user, "status": record.status,
        "request": f"{record.method} {record.target} HTTP/2.0", "body_bytes_sent": record.bytes,
        "http_referer": record.referer or "", "http_user_agent": record.user_agent,
    }  # fmt: skip
    assert request(json.dumps(fields)) == record
    assert time_of(json.dumps(fields).encode()) == record.time


@pytest.mark.parametrize("line", SAMPLES[:5] + SAMPLES[11:15])
def test_any_line_tells_its_time(line: str) -> None:
    assert time_of(line.encode()) == TIME


@given(st.text(max_size=200))
@calm(max_examples=40)
def test_redaction_is_final(text: str) -> None:
    assert redact(redact(text)) == redact(text)
