"""What a view is: panels, each a list of rows that a query of the store gives."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import Struct

from apiwatch.store.filters import ANY, Filter, List
from apiwatch.store.filters.match import Record
from apiwatch.store.protocol import Reader
from apiwatch.store.scope import Scope
from apiwatch.store.views import AlertView, BlockEntry, MinuteView, Overview
from apiwatch.tui.columns import Column
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.rows import Row, Sort
from apiwatch.tui.snapshot import seconds_of

__all__ = ["LIMIT", "NOT_THEN", "TOTALS_NOW", "Found", "Panel", "Query", "View", "by", "words"]

NOT_THEN = "of now, not of then"
"""What the title of a list says in the past, when the store keeps only the present of it."""

TOTALS_NOW = "REQS and LAST as of now"
"""The same, when only some columns are of then."""

LIMIT = 200
"""Rows that a list asks the store for."""


class Query(Struct, frozen=True):
    """What a panel is asked."""

    reader: Reader
    overview: Overview | None
    """The head, read just before."""
    scope: Scope
    window_minutes: int
    now: float
    """The viewer's clock."""
    at: float
    """Event time in which the window ends; 0: now."""
    glyphs: Glyphs
    day: tuple[MinuteView, ...] = ()
    """The minutes of the last 24 hours, for the summary of everything."""
    where: Filter = ANY
    """Filter of the list, for lists that the store narrows."""
    sort: str = ""
    """Name of the order in the store, '' for its usual one."""

    @property
    def end(self) -> float:
        """Event time in which the window ends; 0 when nothing is known yet."""
        health = self.overview.health if self.overview else None
        return self.at or (health.watermark if health else 0.0)

    def seconds(self, most: int = 1 << 30) -> float:
        """Seconds that the counts of the window are of, or of its last minutes where no more are counted."""
        return seconds_of(min(self.window_minutes, most), self.overview, self.at)


class Found(Struct, frozen=True):
    """What a panel answers."""

    rows: tuple[Row, ...] = ()
    total: int = 0
    """Rows that the store knows of; more than `rows` when it stopped at `LIMIT`."""
    among: int = 0
    """Number of the busiest clients among which the rows were found; 0: among all."""
    alerts: tuple[AlertView, ...] = ()
    """Alerts that were read, for the reasons of blocks."""
    blocks: tuple[BlockEntry, ...] = ()
    calm: str = ""
    """Why the list is empty, where it is not for the reason that its panel gives."""
    past: str = ""
    """A sentence about what the list held last, for when it is empty."""
    note: str = ""
    """What else its title says."""


class Panel(Struct, frozen=True):
    """One list."""

    name: str
    title: str
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    """Orders to choose from; the first is the usual one."""
    read: Callable[[Query], Awaitable[Found]]
    over: List
    """What its filter may ask for."""
    calm: str
    """What the empty list says when all is well; `{window}` stands for `the last 5m`."""
    record: Callable[[Row], Record] | None = None
    """Fields of a row for the filter; None where the store narrows."""
    holds: bool = True
    """Its order stands still while somebody works in it; rows that left stay until it is let go."""
    acts: bool = True
    """Its rows are about clients: they can be marked, and keys act on them."""
    detail_least: int = 2
    """Rows of the detail where there is little room."""


class View(Struct, frozen=True):
    """What a number key shows: one or more panels, which `v` steps through."""

    key: int
    """Its digit."""
    name: str
    title: str
    short: str
    """Title where there is little room."""
    panels: tuple[Panel, ...]


_R = TypeVar("_R", bound=Row)


def words(row: Row) -> Record:
    """Fields of a row that has none: all its texts, for free words."""
    return {"*": tuple(cell.text for cell in row.cells())}


def by(kind: type[_R], key: Callable[[_R], tuple[Any, ...]]) -> Callable[[Row], tuple[Any, ...]]:
    """The key of an order of rows of a kind."""
    return lambda row: key(row) if isinstance(row, kind) else ()
