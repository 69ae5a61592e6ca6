"""Real lines, damaged in every way: the parser raises nothing, answers for every line and lets nothing odd through."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.formats import LineParser, Unparsed, time_of
from apiwatch.formats.envelopes import Envelopes
from tests.formats.corpus import CORPUS, records
from tests.formats.kit import RECEIVED, parser

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")

calm = partial(settings, deadline=None)
"""Other work on the machine must not fail a test."""

ODD = [
    b'"', b"\\", b"[", b"]", b"{", b"}", b" ", b"\t", b"\0", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\x1b[0m",
    b":", b", ", b"%", b"\\x", b"\\ud800", b"\xef\xbb\xbf", b"\r", b"\n", b"<13>", b"| ", b"9" * 30, b"1e999", b"NaN",
    b"\xd9\xa1", b"\xc2\xb2", b'{"log":', b"[[", b'":"', b"null", b"@", b"#", b"/", b"?", b"token=", b"a:b@", b"- - ",
]  # fmt: skip
LINES: list[bytes] = [record["raw"].encode() for record in records()] if CORPUS.is_dir() else [b""]
FORMATS = sorted({record["log_format"] for record in records() if "log_format" in record}) if CORPUS.is_dir() else [""]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    line: bytes = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        end = min(len(line), start + draw(st.sampled_from([0, 1, 3, 20, 100])))
        piece: bytes = draw(
            st.one_of(
                st.just(b""),
                st.sampled_from(ODD),
                st.binary(max_size=4),
                st.just(line[start:end] * 2),
                st.sampled_from(LINES).map(lambda other: other[:60]),
            )
        )
        line = line[:start] + piece * draw(st.sampled_from([1, 1, 1, 2, 50])) + line[end:]
    return line


def check(reader: LineParser, lines: list[bytes]) -> None:
    found = reader.parse(lines, 1, RECEIVED)
    assert len(found) == len(lines)
    for record in found:
        if isinstance(record, Unparsed):
            assert 0 <= record.matched <= len(record.text)
            assert record.text.isprintable()
        elif record is not None:
            texts = (
                record.client, record.peer, record.method, record.target, record.path, record.query, record.referer,
                record.user_agent, record.host, record.user,
            )  # fmt: skip
            assert all(text is None or text.isprintable() for text in texts)
            assert 0 <= record.status <= 999
            assert record.bytes is None or 0 <= record.bytes < 1 << 63
            assert record.duration_s is None or 0 <= record.duration_s < float("inf")
            assert record.time < 1e12


@given(st.lists(damaged(), max_size=20))
@calm(max_examples=50)
def test_damaged_lines(lines: list[bytes]) -> None:
    check(parser(trusted=["10.0.0.0/8"]), lines)
    assert all(when is None or when >= 0 for when in map(time_of, lines))
    envelopes = Envelopes()
    for line in lines:
        peeled = envelopes.peel(line.decode("utf-8", "surrogateescape"))
        if peeled is not None:
            envelopes.join(peeled)


@given(st.sampled_from(FORMATS), st.lists(damaged(), max_size=10))
@calm(max_examples=30)
def test_damaged_lines_with_a_format_string(log_format: str, lines: list[bytes]) -> None:
    check(parser(log_format=log_format), lines)
