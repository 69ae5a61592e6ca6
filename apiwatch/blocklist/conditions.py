"""Conditions of block entries as text in the syntax of others: comments, names, regular expressions, and back."""

import re

from apiwatch.errors import GuardError
from apiwatch.model.condition import Condition, parse_condition
from apiwatch.text import one_line

__all__ = [
    "agent_of",
    "host_of",
    "host_regex",
    "literal",
    "path_of",
    "path_regex",
    "percent",
    "portable",
    "read_portable",
    "unpercent",
]

_UNQUOTED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-")
_PORTABLE = _UNQUOTED | frozenset(".:@=+,")
_LITERAL = re.compile(r"(?:[A-Za-z0-9/_-]|\\x[0-9a-f]{2})+", re.ASCII)


def portable(condition: Condition) -> str:
    """A condition in letters that are nothing special in any syntax but `%`, for comments and names.

    >>> portable(Condition(path="/users", agent='x "y"'))
    'path=/users agent=x%20%22y%22'
    """
    return " ".join(
        f"{name}={percent(value)}"
        for name, value in (("host", condition.host), ("path", condition.path), ("agent", condition.agent))
        if value
    )


def percent(text: str) -> str:
    """A part of a condition without any special letter but `%`."""
    return "".join(char if char in _PORTABLE else f"%{ord(char):02X}" for char in text)


def unpercent(text: str) -> str:
    """What `percent` was made of."""
    return re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def read_portable(text: str) -> Condition:
    """What `portable` was made of; GuardError for anything else."""
    made = parse_condition(unpercent(text))
    if portable(made) != text:
        raise GuardError(f"`{one_line(text, 80)}` is no condition that apiwatch writes")
    return made


def literal(text: str) -> str:
    r"""A regular expression (PCRE, RE2) for exactly a text: letters, digits, `/`, `_`, `-`, and the rest as `\xHH`.

    So it has no meaning in the syntax around it either, unless a backslash has.

    >>> literal('/a.b "')
    '/a\\x2eb\\x20\\x22'
    """
    return "".join(char if char in _UNQUOTED else f"\\x{ord(char):02x}" for char in text)


def host_regex(host: str) -> str:
    """For a Host header, which may have a port, a dot at the end, and capital letters."""
    return rf"^(?i:{literal(host)})\x2e?(?::[0-9]*)?\z"


def path_regex(path: str, query: bool = False) -> str:
    """For a path; with `query`, for what may have a query behind it."""
    return rf"^{literal(path)}(?:{'[/?]' if query else '/'}|\z)"


def host_of(regex: str) -> str:
    """What `host_regex` was made of; GuardError for anything else."""
    return _inside(regex, host_regex("|"))


def path_of(regex: str, query: bool = False) -> str:
    """What `path_regex` was made of; GuardError for anything else."""
    return _inside(regex, path_regex("|", query))


def agent_of(regex: str) -> str:
    """What `literal` was made of; GuardError for anything else."""
    return _inside(regex, literal("|"))


def _inside(regex: str, shape: str) -> str:
    before, _, after = shape.partition(literal("|"))
    middle = regex[len(before) : len(regex) - len(after)]
    if regex != before + middle + after or not _LITERAL.fullmatch(middle):
        raise GuardError(f"`{one_line(regex, 80)}` is no pattern that apiwatch writes")
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), middle)
