"""Which formats could read a line, for explaining the choice."""

from apiwatch.formats.addresses import Addresses
from apiwatch.formats.build import Builder
from apiwatch.formats.envelopes import peel
from apiwatch.formats.registry import FAMILIES
from apiwatch.model import Request

__all__ = ["candidates"]


def candidates(line: bytes) -> list[str]:
    """Names of the formats that read a line by itself, in the order in which they are tried.

    A line whose meaning hangs on a header before it is read by none.
    """
    builder = Builder(Addresses(), b"")
    text: str | None = line.decode("utf-8", "surrogateescape")
    while text:
        matchers = [family.make(builder) for family in FAMILIES]
        found = [matcher.name for matcher in matchers if isinstance(matcher.one(text, 1, 0.0), Request)]
        if found:
            return found
        text = peel(text)
    return []
