"""Ending what is in force: entries of the block queue and of the allow-list."""

from collections.abc import Sequence

from apiwatch.store.protocol import Control
from apiwatch.store.views import AllowEntry, BlockEntry
from apiwatch.text import plain
from apiwatch.tui.deeds.base import Deed, LeftOut, Subject
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["Disallow", "Withdraw"]

_NAME = 60


class _Ending(Deed):
    """A deed without anything to type."""

    means = ""
    """What it does and what not."""

    def __init__(self, entries: Sequence[BlockEntry | AllowEntry], rows: Sequence[Row], live: str) -> None:
        fit = {each.id: each for each in entries if each.state == live}
        left_out = [LeftOut(plain(_about(each), _NAME), f"is {each.state}") for each in entries if each.state != live]
        left_out += [LeftOut(plain(row.name or row.key, _NAME), "is no such entry") for row in rows]
        super().__init__([Subject(_about(each), plain(_about(each), _NAME)) for each in fit.values()], left_out)
        self._ids = {_about(each): each.id for each in fit.values()}

    @property
    def fields(self) -> tuple[Field, ...]:
        """Nothing: it is only asked."""
        return ()

    def lines(self, width: int) -> list[Line]:
        """What it means, and for which."""
        return [*wrap(self.means, width, style="dim"), *super().lines(width)]

    def refusal(self, values: tuple[str, ...]) -> str:
        """Nothing can be wrong."""
        return ""


class Withdraw(_Ending):
    """Take networks out of the block queue. Values: none."""

    kind, confirm, done, doing = "unblock", "withdraw", "withdrew", "withdrawing"
    noun = ("", "networks")
    means = "Firewalls change when the next export is applied."

    def __init__(self, rows: Sequence[Row]) -> None:
        entries = [entry for row in rows if isinstance(entry := getattr(row, "entry", None), BlockEntry)]
        others = [row for row in rows if not isinstance(getattr(row, "entry", None), BlockEntry)]
        super().__init__(entries, others, "queued")

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One end; somebody else's that came first is as good."""
        await control.unblock(self._ids[subject.key], actor, now)


class Disallow(_Ending):
    """Take entries off the allow-list. Values: none."""

    kind, confirm, done, doing = (
        "disallow",
        "take off the allow-list",
        "took off the allow-list:",
        "taking off the list",
    )
    noun = ("", "entries")
    means = "What they do from now on is judged like what everybody does."

    def __init__(self, rows: Sequence[Row]) -> None:
        entries = [entry for row in rows if isinstance(entry := getattr(row, "entry", None), AllowEntry)]
        others = [row for row in rows if not isinstance(getattr(row, "entry", None), AllowEntry)]
        super().__init__(entries, others, "live")

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One end; somebody else's that came first is as good."""
        await control.disallow(self._ids[subject.key], actor, now)


def _about(entry: BlockEntry | AllowEntry) -> str:
    return entry.key if isinstance(entry, BlockEntry) else entry.target
