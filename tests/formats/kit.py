"""Parsers with test settings, and short ways to what a line becomes."""

from collections.abc import Sequence

from apiwatch.formats import LineParser, Unparsed
from apiwatch.model import Request

RECEIVED = 1_795_489_900.0
TIME = 1_795_489_854.0
CLOCK = "24/Nov/2026:03:10:54 +0000"


def parser(format: str = "auto", log_format: str | None = None, trusted: Sequence[str] = ()) -> LineParser:  # noqa: A002
    """A parser with a fixed salt."""
    return LineParser(format=format, log_format=log_format, trusted_proxy=trusted, salt=b"salt")


def entry(
    line: str | bytes, *, log_format: str | None = None, trusted: Sequence[str] = ()
) -> Request | Unparsed | None:
    """What one line becomes."""
    raw = line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape")
    return parser(log_format=log_format, trusted=trusted).parse([raw], 1, RECEIVED)[0]


def request(line: str | bytes, *, log_format: str | None = None, trusted: Sequence[str] = ()) -> Request:
    """The record of one line."""
    found = entry(line, log_format=log_format, trusted=trusted)
    assert isinstance(found, Request), found
    return found
