"""Cutting a filter into words: blanks part them, quotes protect blanks and signs."""

from msgspec import Struct

__all__ = ["Word", "words_of"]

_QUOTES = "\"'"
_BLANKS = " \t\n\r\u00a0"


class Word(Struct, frozen=True):
    """One word with its place in the text. `signs` is `text` with a NUL for every quoted character."""

    text: str
    signs: str
    start: int
    end: int
    closed: bool = True
    """False: its last quote has no end."""

    def rest(self, count: int) -> "Word":
        """The word without its first `count` characters; its place stays."""
        return Word(self.text[count:], self.signs[count:], self.start, self.end, self.closed)

    def alternatives(self) -> list[str]:
        """Its parts between unquoted bars."""
        parts, begin = [], 0
        for at, sign in enumerate(self.signs):
            if sign == "|":
                parts.append(self.text[begin:at])
                begin = at + 1
        return [*parts, self.text[begin:]]


def words_of(text: str) -> list[Word]:
    """The words of a text in order.

    A quote opens at the start of a word or behind a sign, and stands for itself elsewhere: `o'brien` is a word.

    >>> [word.text for word in words_of('route:"a b" o\\'brien')]
    ['route:a b', "o'brien"]
    """
    found: list[Word] = []
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        word = _word(text, at)
        found.append(word)
        at = word.end
    return found


def _word(text: str, start: int) -> Word:
    chars: list[str] = []
    signs: list[str] = []
    quote = ""
    at = start
    while at < len(text):
        char = text[at]
        if quote:
            if char == quote:
                quote = ""
            else:
                chars.append(char)
                signs.append("\0")
        elif char in _BLANKS:
            break
        elif char in _QUOTES and (not signs or signs[-1] in ":=<>|!-"):
            quote = char
        else:
            chars.append(char)
            signs.append(char)
        at += 1
    return Word("".join(chars), "".join(signs), start, at, closed=not quote)
