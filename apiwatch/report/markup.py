"""Untrusted text in Markdown: only ever inside code, where no viewer makes a link, a tag or a picture of it.

The rules are those of CommonMark 0.31: a code span ends at the first run of as many backticks as it began with, a
fenced block at the first line with at least as many; nothing in them is interpreted, be it HTML or a link.
"""

import re
from collections.abc import Iterable

from apiwatch.text import plain

__all__ = ["code", "fenced", "heading", "item", "wrapped"]

_RUN = re.compile(r"`+")
_SPAN = 300
_LEAST_FENCE = 3


def code(text: str, limit: int = _SPAN) -> str:
    """Text as a code span of one line; '-' for no text.

    >>> code("a`b"), code("")
    ('``a`b``', '-')
    """
    clean = plain(text, limit)
    if not clean.strip():
        return "-"
    runs = {len(run) for run in _RUN.findall(clean)}
    fence = "`" * next(length for length in range(1, len(clean) + 2) if length not in runs)
    pad = " " if clean[0] in "` " or clean[-1] in "` " else ""
    return f"{fence}{pad}{clean}{pad}{fence}"


def fenced(lines: Iterable[str]) -> list[str]:
    """Lines as a block of code whose fence is longer than any run of backticks in it."""
    clean = [plain(text) for text in lines]
    longest = max((len(run) for text in clean for run in _RUN.findall(text)), default=0)
    fence = "`" * max(_LEAST_FENCE, longest + 1)
    return [f"{fence}text", *clean, fence, ""]


def heading(level: int, text: str) -> list[str]:
    """A heading; `text` is our own words and code spans."""
    return [f"{'#' * level} {text}", ""]


def item(name: str, text: str) -> str:
    """One entry of a list; both are our own words and code spans."""
    return f"- **{name}**: {text}"


def wrapped(label: str, text: str, width: int = 100) -> list[str]:
    """A sentence in lines of a fenced block, the first behind a label of at most 9 characters."""
    lines, current = [], ""
    for word in plain(text).split():
        if current and len(current) + 1 + len(word) > width - 10:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    lines.append(current)
    return [f"{label if at == 0 else '':9} {part}".rstrip() for at, part in enumerate(lines)]
