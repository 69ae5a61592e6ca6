"""Lists with a section for what is blocked everywhere, and one for each condition; read back line by line.

A section of a condition is marked by a comment that holds it in letters which are special nowhere. What else a file
says is compared with what would be written for these conditions, so that a mark cannot claim what the lines do not do.
"""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from apiwatch.blocklist.conditions import portable, read_portable
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import unexpected
from apiwatch.blocklist.targets.lines import Lines
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["ALLOWED", "CONDITIONS", "Sections", "mark"]

CONDITIONS = 50
"""Different conditions of one list that servers compare without getting noticeably slower."""

ALLOWED = -1
"""Place of the exceptions in `Sections.frame`, where they do not stand in the sections."""

_MARK = re.compile(r"\s*#\| (?P<only>.+)", re.ASCII)


def mark(condition: Condition) -> str:
    """A comment line that no comment of a row looks like."""
    return f"#| {portable(condition)}"


class Sections(Lines):
    """A frame of lines with places for the rows: 0 for what is blocked everywhere, N for the Nth condition."""

    marks: ClassVar[re.Pattern[str]] = _MARK
    """Lines of the frame that tell a condition, its group `only`."""
    remarks: ClassVar[re.Pattern[str]] = re.compile(r"\s*#(?!\|).*|", re.ASCII)
    """Lines that say nothing to the target."""

    @abstractmethod
    def frame(self, conditions: Sequence[Condition]) -> Iterable[str | int]:
        """All lines but rows, exceptions and remarks, with the places of the sections."""
        ...

    @abstractmethod
    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterable[str]:
        """Rows at a place, with the exceptions where the target can say them there."""
        ...

    def patterns(self, place: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """What blocks a network at a place, its group `net`, and what stays open there."""
        return self.row, self.fixed

    def head(self, plan: Plan) -> Iterable[str]:
        """Lines above the frame: remarks."""
        return ()

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        yield from self.head(plan)
        conditions = (ALWAYS, *plan.conditions())
        for each in self.frame(conditions[1:]):
            if isinstance(each, str):
                yield each
            else:
                rows = () if each == ALLOWED else plan.under(conditions[each])
                yield from self.entered(rows, allowed, each)

    def _parsed(self, text: str) -> Sequence[str]:
        lines = [line for line in text.splitlines() if not self.remarks.fullmatch(line)]
        return self.read(lines)

    def read(self, lines: Sequence[str]) -> list[str]:
        """Keys of the rows between the lines of a frame, without remarks; GuardError for any other line."""
        if not lines:
            return []
        marked = (told["only"] for line in lines if (told := self.marks.fullmatch(line)))
        conditions = (ALWAYS, *(read_portable(only) for only in marked))
        found: list[str] = []
        at = 0
        for each in self.frame(conditions[1:]):
            if isinstance(each, str):
                if at == len(lines) or lines[at] != each:
                    raise unexpected(lines[at] if at < len(lines) else "")
                at += 1
                continue
            row, exception = self.patterns(each)
            while at < len(lines):
                if blocks := row.fullmatch(lines[at]):
                    found.append(key_of(parse_network(self._network(blocks)), conditions[each]))
                elif not exception.fullmatch(lines[at]):
                    break
                at += 1
        if at < len(lines):
            raise unexpected(lines[at])
        return found
