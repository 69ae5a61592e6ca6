"""Apache's LogFormat: directives, and what each of them writes (reference: formats, section 7)."""

import re

from apiwatch.formats.configs.escapes import unescaped
from apiwatch.formats.custom.parts import (
    ADDRESS,
    CLF_TIME,
    FREE,
    HOST,
    NUMBER,
    SIZE,
    STATUS,
    Part,
    literal,
    strftime_parts,
)
from apiwatch.patterns import late

__all__ = ["apache_parts"]

_LETTERS = {
    "h": ("client", ADDRESS, ""),
    "a": ("client", ADDRESS, ""),
    "A": ("", ADDRESS, ""),
    "r": ("request", FREE, ""),
    "m": ("method", r"[^ \t\"]*+", ""),
    "U": ("path", r"[^? \t\"]*+", ""),
    "q": ("query", r"(?:\?[^ \t\"]*+)?+", ""),
    "s": ("status", STATUS, ""),
    "b": ("bytes", SIZE, ""),
    "B": ("bytes", SIZE, ""),
    "O": ("bytes", SIZE, ""),
    "I": ("", SIZE, ""),
    "D": ("duration", r"\d{1,15}|-", "us"),
    "F": ("duration", r"\d{1,15}|-", "ms"),
    "u": ("user", FREE, ""),
    "v": ("host", HOST, ""),
    "V": ("host", HOST, ""),
    "p": ("", r"\d{1,5}|-", ""),
    "H": ("", r"[^ \t\"]*+", ""),
}
_HEADERS = {
    "referer": "referer",
    "user-agent": "agent",
    "host": "host",
    "x-forwarded-for": "forwarded",
    "forwarded": "forwarded",
    "authorization": "credential",
    "x-api-key": "credential",
    "cookie": "cookie",
}
_DIRECTIVE = late(
    r"%(?P<percent>%)|%[<>]?(?:!?\d{3}(?:,\d{3})*)?[<>]?(?:\{(?P<name>[^}]*)\})?[<>]?(?P<letter>\^?[A-Za-z]{1,2}(?<=\^..)|[A-Za-z])"
)
_LINE = late(
    r"\s*(?:LogFormat|CustomLog|TransferLog)\s+(?:[^\s\"]+\s+)?\"((?:[^\"\\]|\\.)*)\".*", re.DOTALL | re.IGNORECASE
)


def apache_parts(text: str, client_header: str | None = None) -> list[Part]:
    r"""The parts of a format string or a LogFormat line; quotes may be written `\"` as in a configuration file.

    The value of `client_header` gets the role `named`.
    """
    found = _LINE.fullmatch(text)
    if found is not None:
        text = found[1]
    text = unescaped(text)
    parts: list[Part] = []
    position = 0
    for directive in _DIRECTIVE.finditer(text):
        _add_literal(parts, text[position : directive.start()])
        position = directive.end()
        if directive["percent"]:
            _add_literal(parts, "%")
        else:
            if client_header and directive["letter"] == "i" and (directive["name"] or "").lower() == client_header:
                parts.append(Part("named", FREE))
                continue
            for part in _directive(directive["letter"], directive["name"]):
                if part.role == "=":
                    _add_literal(parts, part.pattern)
                else:
                    parts.append(part)
    _add_literal(parts, text[position:])
    return parts


def _add_literal(parts: list[Part], text: str) -> None:
    if text:
        if parts and parts[-1].role == "=":
            text = parts.pop().pattern + text
        parts.append(literal(text))


def _directive(letter: str, name: str | None) -> list[Part]:
    if letter == "t":
        return _time(name)
    if letter == "i" and name is not None:
        role = _HEADERS.get(name.lower(), "")
        return [Part(role, HOST if role == "host" else FREE)]
    if letter == "a" and name == "c":
        return [Part("peer", ADDRESS)]
    if letter == "T":
        return [Part("duration", NUMBER, name if name in {"ms", "us"} else "s")]
    if letter == "p":
        return [Part("", r"\d{1,5}|-")]
    known = _LETTERS.get(letter) if name is None or letter in "ham" else None
    return [Part(*known)] if known is not None else [Part("", FREE)]


def _time(name: str | None) -> list[Part]:
    if name is None:
        return [literal("["), Part("time", CLF_TIME), literal("]")]
    name = name.removeprefix("begin:").removeprefix("end:")
    if not name:
        return [literal("["), Part("time", CLF_TIME), literal("]")]
    return strftime_parts(name)
