"""Regular expressions that are compiled when they are first used.

Most formats of logs are none of a given log's: a collector that starts would compile a hundred expressions, and use
ten of them.
"""

import re
from typing import AnyStr, cast

__all__ = ["late"]

_METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


def late(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, but the work is done at the first use; whoever asks for one of its methods uses it.

    >>> late("a+").fullmatch("aa") is not None
    True
    """
    return cast("re.Pattern[AnyStr]", _Late(expression, flags))


class _Late:
    """Stands for a pattern. Its methods become attributes, so that a use costs what one of the pattern costs."""

    __slots__ = ("_expression", "_flags", *_METHODS)

    def __init__(self, expression: str | bytes, flags: int) -> None:
        self._expression = expression
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        compiled = re.compile(self._expression, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
