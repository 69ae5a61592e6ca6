"""Lists of one line per network between fixed lines: what most targets' files are."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from apiwatch.blocklist.comments import comment, heading
from apiwatch.blocklist.networks import Network, canonical, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.target import Target, unexpected
from apiwatch.errors import GuardError
from apiwatch.text import one_line

__all__ = ["NET", "Lines", "one_of", "quoted"]

NET = r"(?P<net>[0-9A-Fa-f:./]+)"
"""For `Lines.row`."""


class Lines(Target):
    """A heading as a comment, then what `_lines` gives; read back line by line."""

    remark: ClassVar[str] = "#"
    """How a comment begins that takes the whole line."""
    row: ClassVar[re.Pattern[str]]
    """A line that blocks a network, its group `net`."""
    fixed: ClassVar[re.Pattern[str]]
    """Any other line but the heading: what frames the list, and what stays open."""

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        self._fits(plan)
        allowed = [parse_network(text) for text in allow]
        return "\n".join([f"{self.remark} {heading(plan)}", *self._lines(plan, allowed), ""])

    @abstractmethod
    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterable[str]: ...

    def _fits(self, plan: Plan) -> None:
        """GuardError when the target cannot hold the plan: a list is never cut, and never widened."""
        self._require_room(plan, "export for nftables")
        for row in plan.rows:
            if not self.caps.cidr and row.network.prefixlen < row.network.max_prefixlen:
                raise GuardError(
                    f"{self.name} takes single addresses only, and {_queued(row, plan)} is a network; "
                    "withdraw it, or export for nftables"
                )

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            if row := self.row.fullmatch(line):
                found.append(self._network(row))
            elif not line.startswith(f"{self.remark} apiwatch rev ") and not self.fixed.fullmatch(line):
                raise unexpected(line)
        return found

    def _network(self, row: re.Match[str]) -> str:
        return canonical(row["net"])

    def _comment(self, row: Row, before: str = "", after: str = "") -> str:
        """Its comment between what surrounds one; '' when it has none."""
        text = comment(row, self.caps.comment)
        return f"{before}{text}{after}" if text else ""


def _queued(row: Row, plan: Plan) -> str:
    """The entry behind a row, which may be a piece of it: what can be withdrawn."""
    entry = next(
        (each for each in plan.entries if each.id in row.ids and parse_network(each.net).num_addresses > 1), None
    )
    return row.net if entry is None else f"{entry.net} (entry {one_line(entry.id, 40)})"


def quoted(limit: int, quote: str = '"') -> str:
    """Pattern of a quoted comment."""
    return f"{quote}[^{quote}]{{1,{limit}}}{quote}"


def one_of(lines: Iterable[str], pattern: str) -> re.Pattern[str]:
    """For `Lines.fixed`: an empty line, one of these lines, or one of the pattern."""
    return re.compile("|".join(("", *map(re.escape, dict.fromkeys(lines)), pattern)), re.ASCII)
