"""What all deeds have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from apiwatch.errors import ApiwatchError, UsageError
from apiwatch.store.protocol import Control
from apiwatch.text import plain
from apiwatch.tui.echo import Mark
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line, Piece, line, wrap

__all__ = ["NOTE", "Deed", "LeftOut", "Outcome", "Subject", "lasting", "lasting_refusal"]

NOTE = 500
"""Longest note or reason that is written, in characters."""

_SHOWN = 6


class Subject(Struct, frozen=True):
    """One thing that is acted on."""

    key: str
    """What the action will name: the id of an alert, a network, `kind:value`."""
    name: str
    """How it is shown."""


class LeftOut(Struct, frozen=True):
    """A row that the deed does not fit."""

    name: str
    why: str


class Outcome(Struct, frozen=True):
    """What was written, as far as this dashboard knows; others see it when the state file shows it."""

    marks: tuple[Mark, ...]
    """What was written, in this order: `echo.confirmed` tells when a read contains it."""
    waiting: str
    """What to say until then; '' when nothing was written."""
    seen: str
    """What to say then."""
    failure: str
    """Why it stopped, with what was done until then; '' when all of it was done."""


class Deed(ABC):
    """A deed on the rows that it was made for. Make it, ask (`screens.prompts.ask_for`), and do it with the values."""

    confirm: ClassVar[str]
    """The word for Enter."""
    kind: ClassVar[str]
    """`ActionKind` that it writes."""
    done: ClassVar[str]
    """Past tense of it, for what is said: 'acked'."""
    doing: ClassVar[str]
    """Present participle of it: 'acking'."""
    noun: ClassVar[tuple[str, str]] = ("alert", "alerts")

    def __init__(self, subjects: Sequence[Subject], left_out: Sequence[LeftOut]) -> None:
        self.subjects = tuple(subjects)
        self.left_out = tuple(left_out)

    @property
    def nothing(self) -> str:
        """Why there is nothing to do; '' when there is something, and only then it may be asked and done."""
        if self.subjects:
            return ""
        first = f": {self.left_out[0].name} {self.left_out[0].why}" if self.left_out else ""
        return f"nothing to {self.confirm}{first}"

    @property
    def title(self) -> str:
        """The first line of the question."""
        return f"{self.confirm.capitalize()} {self.what}"

    @property
    def what(self) -> str:
        """The subjects in a few words."""
        if len(self.subjects) == 1:
            return f"{self.noun[0]} {self.subjects[0].name}".strip()
        return f"{len(self.subjects)} {self.noun[1]}"

    def told(self, values: tuple[str, ...]) -> str:
        """What was acted on, in a few words, once the values are known."""
        return self.what

    @property
    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """What to type."""

    def lines(self, width: int) -> list[Line]:
        """What it is about: the subjects if there are many, and what is left out, with the reasons."""
        drawn: list[Line] = []
        if len(self.subjects) > 1:
            drawn += [line("  ", subject.name) for subject in self.subjects[:_SHOWN]]
            if len(self.subjects) > _SHOWN:
                drawn.append(line(Piece(f"  and {len(self.subjects) - _SHOWN} more", "dim")))
        if self.left_out:
            drawn.append(line(Piece(f"left out: {len(self.left_out)}", "warn")))
            for each in self.left_out[:_SHOWN]:
                drawn += wrap(f"{each.name} {each.why}", width, first="  ", rest="    ", style="dim")
        return drawn

    @abstractmethod
    def refusal(self, values: tuple[str, ...]) -> str:
        """What is wrong with the values, in one sentence; '' when they will do."""

    @abstractmethod
    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """Write one action. Raises StoreError when it could not be written."""

    def key(self, subject: Subject, values: tuple[str, ...]) -> str:
        """What the action about a subject names."""
        return subject.key

    def marks(self, values: tuple[str, ...], now: float) -> tuple[Mark, ...]:
        """What will be written, in this order, each once; for `echo.Hearing.expect` before it is done."""
        return tuple(self._planned(values, now))

    def _planned(self, values: tuple[str, ...], now: float) -> dict[Mark, Subject]:
        return {Mark(self.kind, self.key(subject, values), now): subject for subject in self.subjects}

    async def do(self, control: Control, values: tuple[str, ...], actor: str, now: float) -> Outcome:
        """Write all of it, each subject in a short transaction of its own; stop at the first that cannot be written."""
        written: list[Mark] = []
        failure = ""
        for mark, subject in self._planned(values, now).items():
            try:
                await self.write(control, subject, values, actor, now)
            except ApiwatchError as error:
                of = f"{self.done} {len(written)} of {len(self.subjects)}" if written else f"not {self.done}"
                failure = f"{of}: {error}"
                break
            written.append(mark)
        count = f"{len(written)} {self.noun[1] if len(written) > 1 else 'of them'}" if failure else self.told(values)
        return Outcome(
            tuple(written),
            f"{self.doing} {count}..." if written else "",
            f"{self.done} {count}{self.ending(values)}" if written else "",
            failure,
        )

    def ending(self, values: tuple[str, ...]) -> str:
        """What to add when it is seen: until when."""
        return ""


def lasting(text: str) -> float:
    """Seconds of a duration as the command line takes it. Raises UsageError, also below a second."""
    from apiwatch.blocklist import parse_ttl

    return float(parse_ttl(text))


def lasting_refusal(text: str) -> str:
    """What is wrong with a duration; ''."""
    try:
        lasting(text)
    except UsageError as error:
        return plain(str(error), 300)
    return ""
