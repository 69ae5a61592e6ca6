"""Untrusted text: the one function through which log text reaches a screen, a file or a store."""

import unicodedata

__all__ = ["LIMIT", "one_line", "plain"]

LIMIT = 2048
"""Longest text that `plain` returns, in characters."""

_MAX_MARKS = 4
_MARK_CATEGORIES = frozenset({"Mn", "Me"})
_RANGES = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer vowels without a shape
    (0x180B, 0x180F),  # Mongolian selectors
    (0x20E3, 0x20E3),  # keycap
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0100, 0xE01EF),
)
_UNCERTAIN = frozenset(chr(code) for first, last in _RANGES for code in range(first, last + 1))
"""Printable, but invisible, or of a width on which terminals disagree: columns would not stand below each other."""


def plain(text: str, limit: int = LIMIT) -> str:
    """Text that a terminal shows as it is: unprintable characters spelled out, at most `limit` characters long.

    Spelled are control characters (C0, DEL, C1), bidirectional overrides, zero-width and tag characters, lone
    surrogates (undecodable bytes of the log), private use, unusual blanks, the fifth and later combining mark of a run,
    and what is invisible or joins its neighbours in some terminals only: fillers, variation selectors, halves of flags,
    skin tones. The result is valid Unicode without NUL.

    >>> plain("a\\x1b[2Jb\\u202e")
    'a\\\\x1b[2Jb\\\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text if len(text) <= limit else text[: limit - 1] + "~"
    pieces: list[str] = []
    length = marks = 0
    for char in text[: limit + 1]:
        marks = marks + 1 if unicodedata.category(char) in _MARK_CATEGORIES else 0
        piece = char
        if not char.isprintable() or char in _UNCERTAIN or marks > _MAX_MARKS:
            piece = _spelled(char)
        length += len(piece)
        if length > limit:
            return "".join(pieces)[: limit - 1] + "~"
        pieces.append(piece)
    return "".join(pieces)


def one_line(text: str, width: int) -> str:
    """`plain` text cut to `width` characters, with `~` for what is cut off.

    >>> one_line("abcdef", 4)
    'abc~'
    """
    return plain(text, max(width, 1))


def _spelled(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
