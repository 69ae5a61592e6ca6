"""Text for the screen: of every character all terminals take as many cells as are counted for it."""

import unicodedata
from contextvars import ContextVar

from apiwatch.text import LIMIT, plain

__all__ = ["ascii_only", "measured"]

ascii_only: ContextVar[bool] = ContextVar("ascii_only", default=False)
"""Nothing beyond ASCII may be drawn: the application sets it for all that it draws."""

_MARKS = (
    (0x0900, 0x1CFF),
    (0x302E, 0x302F),
    (0xA800, 0xABFF),
    (0x11000, 0x11FFF),
    (0x16100, 0x161FF),
    (0x16F00, 0x16FFF),
    (0x1D100, 0x1D1FF),
)
"""Blocks with spacing combining marks: of no width for some, of one cell or two for others."""

_WIDE = (
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x3248, 0x324F),
    (0x4DC0, 0x4DFF),
    (0x1D300, 0x1D356),
    (0x1D360, 0x1D376),
)
"""Signs that were narrow before Unicode 16, and numbers in circles, which the C library takes for wide."""

_DOUBTFUL = frozenset(
    [chr(code) for first, last in _WIDE for code in range(first, last + 1)]
    + [
        chr(code)
        for first, last in _MARKS
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)) == "Mc"
    ]
)


def measured(text: str, limit: int = LIMIT) -> str:
    """`plain` text, with what terminals disagree about spelled out; in ASCII mode all that is not ASCII.

    What is cut, padded or measured has to be this: spelled out later it would be longer than its place.

    >>> measured("\\u0939\\u093f")
    'ह\\\\u093f'
    """
    text = plain(text, limit)
    if text.isascii():
        return text
    if ascii_only.get():
        text = _spelled(text)
    elif not _DOUBTFUL.isdisjoint(text):
        text = "".join([_spelled(char) if char in _DOUBTFUL else char for char in text])
    return text if len(text) <= limit else text[: limit - 1] + "~"


def _spelled(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")
