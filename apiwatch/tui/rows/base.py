"""What all rows have: a key, cells, a line and lines about them, and what keys on them act on."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct

from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import Mix
from apiwatch.tui.cells import percent, rank, severity_word
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece

__all__ = ["SPARK_CELLS", "Row", "Sort", "failed", "outcomes", "severity_piece"]


SPARK_CELLS = 12
"""Cells of the picture of the last hour."""


class Sort(Struct, frozen=True):
    """An order of a list. `key` gives what is sorted, downwards unless `ascends`; None keeps the order of the store."""

    name: str
    label: str
    key: Callable[["Row"], tuple[Any, ...]] | None
    stored: str = ""
    """Name of the order in the store's query, so that it ranks all rows and not only the ones shown."""
    ascends: bool = False


class Row(ABC):
    """One row. Its key stays the same for as long as it means the same thing."""

    columns: ClassVar[tuple[Column, ...]]
    __slots__ = ("now",)

    def __init__(self, now: float) -> None:
        self.now = now

    @property
    @abstractmethod
    def key(self) -> str:
        """What marks and the cursor hold on to."""

    @abstractmethod
    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""

    @abstractmethod
    def headline(self) -> Line:
        """Who it is, with the address in full, and since when: the title of what is said about the row."""

    @abstractmethod
    def summary(self) -> Line:
        """What the row is about in one line, without what `headline` says."""

    @abstractmethod
    def details(self, width: int) -> list[Line]:
        """The row in several lines, most important first."""

    @property
    def client(self) -> str:
        """The one address that it is about; '' when there is none."""
        return ""

    @property
    def opens(self) -> Scope:
        """What Enter opens; everything: nothing."""
        return Scope(client=self.client) if self.client else EVERYTHING

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses that a block would be about."""
        return (self.client,) if self.client else ()

    @property
    def name(self) -> str:
        """What `c` copies."""
        return self.client

    @property
    def alert_id(self) -> str:
        """Alert that `d`, `l` and `a` act on; '' when there is none."""
        return ""

    @property
    def condition(self) -> str:
        """Which requests the block is about that `b` renews; '': all."""
        return ""

    @property
    def everybody(self) -> str:
        """Condition under which a block would be about everybody, where it has no addresses; '': it cannot be."""
        return ""

    @property
    def reason(self) -> str:
        """Why one would block it, in a few words."""
        return ""

    def text(self) -> str:
        """What a filter looks through."""
        return " ".join((*(cell.text for cell in self.cells()), *self.addresses))


def severity_piece(severity: str, *, faded: bool = False) -> Piece:
    """Severity as word, mark and colour."""
    return Piece(severity_word(severity), "dim" if faded or rank(severity) < 0 else severity)


def failed(mix: Mix) -> int:
    """Requests that did not get what they asked for: missing, refused, limited, broken."""
    return mix.miss + mix.deny + mix.limited + mix.err


def outcomes(mix: Mix) -> str:
    """Outcomes of a mix in words, largest first, those under 1 % left out."""
    named = [("ok", mix.ok), ("miss", mix.miss), ("deny", mix.deny), ("limit", mix.limited), ("err", mix.err)]
    shown = sorted(((n, name) for name, n in named if mix.requests and n * 100 >= mix.requests), reverse=True)
    return "  ".join(f"{name} {percent(n, mix.requests)}" for n, name in shown)
