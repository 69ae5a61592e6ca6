"""nginx's configuration language: words, quotes, comments and blocks (https://nginx.org/en/docs/dev/, ngx_conf_file.c).

Nothing is evaluated: variables stay as they are written.
"""

import re
from typing import NamedTuple

from apiwatch.errors import InputError
from apiwatch.formats.configs.escapes import unescaped
from apiwatch.patterns import late

__all__ = ["Directive", "directives"]

_DEEPEST = 64
_LUA = late(r"--\[\[.*?\]\]|--[^\n]*|\[\[.*?\]\]|\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|[{}]", re.DOTALL)
_SPACE = late(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE = late(r"(?:\$\{|\\.|[^\s;{\\])++", re.DOTALL)
_QUOTED = {quote: late(rf"{quote}((?:[^{quote}\\]|\\.)*+){quote}", re.DOTALL) for quote in "'\""}


class Directive(NamedTuple):
    """`NAME ARGUMENTS;`, or `NAME ARGUMENTS { BLOCK }`."""

    name: str
    arguments: tuple[str, ...]
    block: "tuple[Directive, ...] | None"
    """None when there is no block."""
    file: str
    line: int

    @property
    def where(self) -> str:
        """FILE:LINE."""
        return f"{self.file}:{self.line}"


def directives(text: str, file: str) -> tuple[Directive, ...]:
    """The directives of a file, includes not followed. Raises InputError, naming the line, for what is not closed."""
    reader = _Reader(text, file)
    found = reader.block(0)
    if reader.at < len(text):
        raise reader.fault(reader.at, "there is a `}` without its `{`")
    return found


class _Reader:
    """A place in a text."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._counted = (0, 1)
        self.at = 0

    def block(self, depth: int) -> tuple[Directive, ...]:
        """Directives up to the `}` of the block, which stays, or to the end of the text."""
        found: list[Directive] = []
        text = self._text
        if depth > _DEEPEST:
            raise self.fault(self.at, f"blocks are nested more than {_DEEPEST} deep")
        while True:
            self._skip()
            if self.at >= len(text) or text[self.at] == "}":
                return tuple(found)
            start, line = self.at, self._line(self.at)
            words = self._words(start)
            mark = text[self.at]
            self.at += 1
            block: tuple[Directive, ...] | None = None
            if mark == "{":
                if words and words[0].endswith("_by_lua_block"):
                    self._skip_lua(start)
                    block = ()
                else:
                    block = self.block(depth + 1)
                if self.at >= len(text):
                    raise self.fault(start, "the block that begins here has no `}`")
                self.at += 1
            if words:
                found.append(Directive(words[0], tuple(words[1:]), block, self._file, line))

    def fault(self, at: int, what: str) -> InputError:
        """The error at a place."""
        return InputError(f"{self._file}:{self._line(at)}: {what}; `nginx -t` says more")

    def _words(self, start: int) -> list[str]:
        text = self._text
        words: list[str] = []
        while True:
            self._skip()
            if self.at >= len(text) or text[self.at] == "}":
                raise self.fault(start, "the directive that begins here does not end with `;`")
            char = text[self.at]
            if char in ";{":
                return words
            found = _QUOTED.get(char, _BARE).match(text, self.at)
            if found is None:
                raise self.fault(self.at, "the string that begins here has no closing quote")
            self.at = found.end()
            word = found[1] if char in _QUOTED else found[0]
            words.append(unescaped(word))

    def _skip(self) -> None:
        """Move on to what is neither blank nor comment."""
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found is not None else self.at

    def _skip_lua(self, start: int) -> None:
        depth = 1
        for found in _LUA.finditer(self._text, self.at):
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if not depth:
                self.at = found.start()
                return
        raise self.fault(start, "the Lua block that begins here has no `}`")

    def _line(self, at: int) -> int:
        before, line = self._counted
        if at < before:
            before, line = 0, 1
        self._counted = (at, line + self._text.count("\n", before, at))
        return self._counted[1]
