"""The pieces of a compiled format: literal text and directives, and the regular expression that they make together.

No piece can match a text in two ways once its neighbour is known (possessive quantifiers, narrow classes), so that
matching takes time linear in the line.
"""

import json
import re
from calendar import timegm
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from apiwatch.errors import UsageError
from apiwatch.formats.times import MONTHS, Moment

__all__ = [
    "ADDRESS",
    "CLF_TIME",
    "EPOCH",
    "FREE",
    "HOST",
    "ISO_TIME",
    "LIST",
    "NUMBER",
    "SIZE",
    "STATUS",
    "Part",
    "compiled",
    "json_unescaped",
    "literal",
    "strftime_moment",
    "strftime_parts",
    "whole_targets",
]

ADDRESS = r"(?:\[[0-9A-Fa-f:.%]{2,64}\](?::\d{1,5})?|[^\s\"'()<>{}\[\],;|]{1,255})"
CLF_TIME = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:[.,]\d{1,9})? (?:[+-]\d\d:?\d\d|[A-Z]{1,4})|-"
ISO_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
EPOCH = r"\d{9,19}(?:\.\d{1,9})?"
STATUS = r"\d{3}|-"
SIZE = r"\d{1,19}|-"
NUMBER = r"\d{1,15}(?:\.\d{1,9})?|-"
LIST = r"[^\s,\"\]]*+(?:(?:,| :) [^\s,\"\]]++)*+"
"""What nginx writes about upstreams: one value for each that was asked."""
HOST = r"[^\s/\"?]{0,255}"
FREE = ""
"""Whatever stands up to the next literal."""

_QUOTED = r"[^\"\\]*+(?:\\.[^\"\\]*+)*+"
_WORD = re.compile(r"\[\^((?:[^\]\\]|\\.)+)\]\*\+")
_STRFTIME = {
    "Y": r"\d{4}", "m": r"\d\d", "d": r"\d\d", "H": r"\d\d", "M": r"\d\d", "S": r"\d\d", "e": r"[ \d]\d", "y": r"\d\d",
    "b": r"[A-Z][a-z]{2}", "h": r"[A-Z][a-z]{2}", "z": r"[+-]\d\d:?\d\d|Z", "s": r"\d{9,11}", "j": r"\d{3}",
    "Z": r"[A-Za-z]{1,5}", "a": r"[A-Z][a-z]{2}", "A": r"[A-Z][a-z]{4,8}", "B": r"[A-Z][a-z]{2,8}", "p": r"[AP]M",
    "I": r"\d\d", "f": r"\d{1,9}", "L": r"\d{3}", "N": r"\d{9}",
}  # fmt: skip
_COMPOSED = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "R": "%H:%M", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y"}
_FRACTIONS = {"msec_frac": 3, "usec_frac": 6, "f": 0, "L": 3, "N": 9}
_EPOCHS = {"s": 1.0, "sec": 1.0, "msec": 1e3, "usec": 1e6}


class Part(NamedTuple):
    """Literal text (role '='), or a directive."""

    role: str
    """Field of the record; '' is matched and ignored."""
    pattern: str
    """Regular expression without groups; `FREE` for any text. Of a literal: its text."""
    extra: str = ""
    """Unit of a duration; of a time `%` and the token, when it is made of tokens."""


def literal(text: str) -> Part:
    """Text that stands in every line."""
    return Part("=", text)


def whole_targets(parts: Sequence[Part]) -> list[Part]:
    """The parts with a path and the query right behind it as one target.

    A decoded path may hold blanks and quotes; only what stands behind the whole target tells where it ends.
    """
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if part.role == "path":
            part = Part("path", FREE)
        elif last is not None and last.role in {"path", "target"} and part.role in {"query", "is_args"}:
            found[-1] = Part("target", FREE)
            continue
        found.append(part._replace(role="") if part.role == "is_args" else part)
    return found


def compiled(parts: Sequence[Part]) -> tuple[re.Pattern[str], list[tuple[str, str]]]:
    """The matcher of parts, and (role, extra) of each of its groups. Raises UsageError for parts that cannot be told
    apart: two texts of any length without anything between them."""
    pattern: list[str] = []
    roles: list[tuple[str, str]] = []
    parts = _ended(parts)
    for index, part in enumerate(parts):
        if part.role == "=":
            pattern.append(_literal_pattern(part.pattern))
            continue
        body = part.pattern or _free(parts, index)
        if part.role == "":
            pattern.append(f"(?:{body})")
        else:
            pattern.append(f"({body})")
            roles.append((part.role, part.extra))
    return re.compile("".join(pattern), re.DOTALL | re.ASCII), roles


def _ended(parts: Sequence[Part]) -> list[Part]:
    """The parts, of which words (a method, a protocol) end at the literal that follows, also when that is no blank."""
    found = list(parts)
    for index, (part, following) in enumerate(pairwise(parts)):
        if part.role != "=" and part.pattern != LIST and following.role == "=" and not following.pattern[0].isspace():
            word = _WORD.match(part.pattern)
            if word is not None:
                ended = f"[^{word[1]}{re.escape(following.pattern[0])}]*+{part.pattern[word.end() :]}"
                found[index] = part._replace(pattern=ended)
    return found


def _free(parts: Sequence[Part], index: int) -> str:
    """The pattern of any text at a place: quoted text, or all up to what follows."""
    if index + 1 >= len(parts):
        return r".*+"
    following = parts[index + 1]
    if following.role != "=":
        if not following.pattern:
            raise UsageError(
                "two fields of the log format stand side by side without anything between them: put a blank there"
            )
        return rf"(?:(?!{following.pattern}).)*+"
    if (
        index
        and parts[index - 1].role == "="
        and parts[index - 1].pattern.endswith('"')
        and following.pattern[0] == '"'
    ):
        return _QUOTED
    stop = _stop(parts, index + 1)
    if stop == r"[ \t]++":
        return r"[^ \t]*+"
    # A run of blanks is stepped over as a whole: what follows it is the same for each of its blanks.
    first, step = (r" \t", r"[ \t]++") if following.pattern[0].isspace() else (re.escape(following.pattern[0]),) * 2
    # Not possessive: Python before 3.11.5 matches a possessive repetition of more than one piece wrongly (CPython
    # gh-106052). Giving back is cheap, since what follows has just been found not to match there.
    return rf"[^{first}]*+(?:(?!{stop}){step}[^{first}]*+)*"


def _stop(parts: Sequence[Part], index: int) -> str:
    """What tells that a free text has ended: everything up to the next free text, or to the end of the line.

    With less, text that a client chose could end its field early, and the line would be understood no more.
    """
    found: list[str] = []
    for part in parts[index:]:
        if part.role == "=":
            found.append(_literal_pattern(part.pattern))
        elif part.pattern == FREE or part.pattern == LIST:
            return "".join(found)
        else:
            found.append(f"(?:{part.pattern})")
    return "".join(found) + r"\Z"


def _literal_pattern(text: str) -> str:
    """Blanks match any run of blanks and tabs: some servers double them around absent values."""
    return "".join(r"[ \t]++" if piece.isspace() else re.escape(piece) for piece in re.findall(r"[ \t]+|[^ \t]+", text))


def strftime_parts(text: str) -> list[Part]:
    """The parts of a strftime format, with Apache's `msec_frac` and its like as whole tokens."""
    if text in {"sec", "msec", "usec"}:
        return [Part("time", r"\d{9,19}", "%" + text)]
    if text in {"msec_frac", "usec_frac"}:
        return [Part("time", r"\d{3,6}", "%" + text)]
    for token, meaning in _COMPOSED.items():
        text = text.replace("%" + token, meaning)
    parts: list[Part] = []
    position = 0
    for found in re.finditer(r"%[-_0^#EO]?([A-Za-z%])", text):
        if found.start() > position:
            parts.append(literal(text[position : found.start()]))
        position = found.end()
        letter = found[1]
        if letter == "%":
            parts.append(literal("%"))
        elif letter not in _STRFTIME:
            raise UsageError(f"the log format has a time in %{letter}, which is not known; use %d/%b/%Y:%H:%M:%S %z")
        else:
            parts.append(Part("time", _STRFTIME[letter], "%" + letter))
    if position < len(text):
        parts.append(literal(text[position:]))
    return parts


def strftime_moment(values: Sequence[tuple[str, str]]) -> Moment | None:
    """The moment that strftime tokens make together; without zone it is UTC. None when they make none."""
    found = dict(values)
    fraction = 0.0
    for token, width in _FRACTIONS.items():
        if token in found:
            fraction = int(found[token]) / 10 ** (width or len(found[token]))
    for token, divisor in _EPOCHS.items():
        if token in found:
            return int(found[token]) / divisor + fraction, 0
    month = MONTHS.get((found.get("b") or found.get("h") or found.get("B") or "")[:3]) or int(found.get("m", "0"))
    hour = int(found.get("H") or found.get("I") or "0")
    if "p" in found and "H" not in found:
        hour = hour % 12 + (12 if found["p"] == "PM" else 0)
    year = int(found["Y"]) if "Y" in found else 2000 + int(found.get("y", "-2000"))
    zone = found.get("z", "Z").replace(":", "")
    offset = 0 if zone == "Z" else (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60) * (-1 if zone[0] == "-" else 1)
    try:
        moment = datetime(
            year, month, int(found.get("d") or found.get("e") or "0"), hour, int(found.get("M", "0")),
            min(int(found.get("S", "0")), 59), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return timegm(moment.timetuple()) - offset + fraction, offset


def json_unescaped(text: str) -> str:
    """A value that was written as the inside of a JSON string."""
    if "\\" not in text:
        return text
    try:
        value = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    return value if isinstance(value, str) else text
