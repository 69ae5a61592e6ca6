"""What a text format of one product is: how it is recognised, and how its lines are read."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.matcher import Skipped
from apiwatch.formats.times import Moment, epoch_number, iso_time
from apiwatch.model import Auth, Request
from apiwatch.patterns import late

__all__ = [
    "ASKED",
    "QUOTED",
    "Build",
    "Product",
    "Read",
    "Reader",
    "When",
    "built",
    "clf",
    "epoch",
    "fields",
    "iso",
    "pattern",
    "wall",
]

QUOTED = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
"""The inside of a quoted field in which a quote is written `\\"` or `\\x22`."""

ASKED = rf'"(?:(?P<method>[^ ]++) (?P<target>[^ ]++) [A-Z]+/\d(?:\.\d)?|(?P<request>{QUOTED}))"'
"""A quoted request line in which nothing may be escaped: a target without blanks ends where the version begins."""

Read = Request | type[Skipped] | None
"""What a line is: a record; known to be no request; None: not of this format."""

Build = Callable[[Builder, re.Match[str], int, float], Read]
"""(builder, match, number of the line, time of receipt) -> what the line is."""

When = Callable[[Builder, str], Moment | None]
"""Reads the time of a line."""


class Reader(ABC):
    """One format at work on one source."""

    @abstractmethod
    def read(self, text: str, line: int, received: float) -> Read:
        """What the line is."""

    @abstractmethod
    def progress(self, text: str) -> int:
        """How many characters of a line that is not of this format were understood."""


class Product(NamedTuple):
    """A format as a registry entry."""

    name: str
    title: str
    example: str
    start: re.Pattern[str]
    """How every line of it begins: a cheap look before the whole line is read."""
    make: Callable[[Builder], Reader]


class _PatternReader(Reader):
    def __init__(self, builder: Builder, pieces: tuple[str, ...], build: Build) -> None:
        self._builder = builder
        self._pieces = pieces
        self._build = build
        self._pattern = _compiled(pieces)
        self._prefixes: list[re.Pattern[str]] = []

    def read(self, text: str, line: int, received: float) -> Read:
        found = self._pattern.fullmatch(text)
        return self._build(self._builder, found, line, received) if found is not None else None

    def progress(self, text: str) -> int:
        if not self._prefixes:
            self._prefixes = [_compiled(self._pieces[:count]) for count in range(len(self._pieces) - 1, 0, -1)]
        return next((found.end() for prefix in self._prefixes if (found := prefix.match(text)) is not None), 0)


def pattern(name: str, title: str, example: str, start: str, pieces: tuple[str, ...], build: Build) -> Product:
    """A format that one regular expression describes: `pieces` put together, each whole by itself, so that it can be
    told where in a line understanding stops. `start` is an expression for the beginning of its lines."""
    return Product(name, title, example, late(start, re.ASCII), lambda builder: _PatternReader(builder, pieces, build))


def _compiled(pieces: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("".join(pieces), re.DOTALL | re.ASCII)


def built(when: When | None, per_second: float = 1e3) -> Build:
    """Build records from groups that are named as in `fields`; `when` reads the group `time`, None: time of receipt."""

    def build(builder: Builder, found: re.Match[str], line: int, received: float) -> Read:
        moment = (received, 0) if when is None else when(builder, found["time"])
        return None if moment is None else fields(builder, found.groupdict(), line, moment, per_second)

    return build


def fields(
    builder: Builder,
    groups: dict[str, str | None],
    line: int,
    moment: Moment,
    per_second: float = 1e3,
    stated: Auth = Auth.UNKNOWN,
) -> Request:
    """The record of the groups client, method, target, request, status, bytes, referer, agent, host, user, forwarded,
    and duration (in units of which `per_second` make a second); any of them may be missing or None."""
    get = groups.get
    return builder.request(
        moment,
        get("client") or "",
        builder.wanted(get("method"), get("target"), get("request")),
        _number(get("status")) or 0,
        line,
        forwarded=get("forwarded"),
        size=_number(get("bytes")),
        referer=get("referer"),
        user_agent=get("agent"),
        host=get("host"),
        user=get("user"),
        duration_s=_duration(get("duration"), per_second),
        stated=stated,
    )


def clf(builder: Builder, text: str) -> Moment | None:
    """`24/Nov/2026:03:10:54 +0000`."""
    return builder.times.clf(text)


def iso(builder: Builder, text: str) -> Moment | None:
    """ISO 8601; UTC when there is no offset."""
    return iso_time(text)


def epoch(builder: Builder, text: str) -> Moment | None:
    """Seconds since the epoch, with a fraction."""
    seconds = epoch_number(float(text))
    return None if seconds is None else (seconds, 0)


def wall(builder: Builder, text: str) -> Moment | None:
    """A date and time without zone."""
    return builder.clock.read(text)


def _number(text: str | None) -> int | None:
    """None for `-`, for a negative number, and for what no store can hold."""
    if text is None or not text.isdigit():
        return None
    number = int(text)
    return number if number <= MAX_INT else None


def _duration(text: str | None, per_second: float) -> float | None:
    """Seconds; a negative number stands for a phase that was not reached."""
    if not text or text.startswith("-"):
        return None
    return float(text.removeprefix("+")) / per_second
