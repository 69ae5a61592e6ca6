"""The escapes that format strings have in configurations; nginx and Apache have the same ones."""

import re

__all__ = ["unescaped"]

_ESCAPE = re.compile(r"\\([\"'\\trn])")
_WHITE = {"t": "\t", "r": "\r", "n": "\n"}


def unescaped(text: str) -> str:
    r"""The text with quotes, backslashes, tabs and line ends for `\"`, `\'`, `\\`, `\t`, `\r` and `\n`.

    >>> unescaped(r'\"%r\" \x')
    '"%r" \\x'
    """
    return _ESCAPE.sub(lambda found: _WHITE.get(found[1], found[1]), text)
