"""What a format family is for the line parser: a `Matcher`, and the public description of each of its formats."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from apiwatch.formats.build import Builder
from apiwatch.model import Request

__all__ = ["SHOWN", "Family", "FormatInfo", "Matcher", "Skipped", "Unparsed"]


SHOWN = 4_096
"""So much of a line that is not understood is looked at to say where understanding stopped: no more of it is shown."""


class Skipped:
    """A line that is known not to be a request: an error-log line, an application's message."""


class Unparsed(NamedTuple):
    """A line that no format understands."""

    line: int
    """1-based number of the line."""
    text: str
    """The line as `plain` text, cut to a limit."""
    matched: int
    """Characters of the line that the best format understood."""
    format: str
    """Name of that format; '' when no format understood anything."""


class FormatInfo(NamedTuple):
    """A format as the user meets it."""

    name: str
    """What `--format` takes and what records carry."""
    title: str
    example: str
    """A line of it; of a format with a header, the header line and a line."""
    also: tuple[str, ...] = ()
    """What else writes the same lines; `--format` takes these names too."""


class Matcher(ABC):
    """One format family at work on one source."""

    family: ClassVar[str]

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the format of the line that was understood last."""

    @abstractmethod
    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """The record of one line; `Skipped`; None when it is not of this family."""

    @abstractmethod
    def progress(self, text: str) -> tuple[int, str]:
        """How many characters of a line that is not of this family were understood, and as which format."""

    def header(self, text: str) -> None:  # noqa: B027
        """Take notice of a line that starts with `#`: it may say what the lines behind it hold."""

    def run(
        self,
        texts: Sequence[str],
        start: int,
        first: int,
        received: float,
        out: list[Request | Unparsed | None],
    ) -> int:
        """Append the records of the lines from index `start` on, up to the first that is not a record of this family.

        `first` is the number of line 0. Returns the index of that line.
        """
        for index in range(start, len(texts)):
            record = self.one(texts[index], first + index, received)
            if not isinstance(record, Request):
                return index
            out.append(record)
        return len(texts)

    def save(self) -> list[int | str]:
        """What detection has learned, for `load` on a new matcher of the same family."""
        return []

    def load(self, saved: list[int | str]) -> None:  # noqa: B027
        """Continue from what `save` gave; anything else is ignored."""


class Family(NamedTuple):
    """A registry entry: formats that share one matcher."""

    name: str
    make: Callable[[Builder], Matcher]
    formats: tuple[FormatInfo, ...]
