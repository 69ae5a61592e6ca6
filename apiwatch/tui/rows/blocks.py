"""Rows of the block queue."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import BlockEntry
from apiwatch.tui.cells import clock, span, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["BlockRow"]


class BlockRow(Row):
    """A network in the block queue."""

    columns = (
        Column("NETWORK", "network, with its prefix length", 18, 24, 30, middle=True),
        Column("EXPIRES", "time that is left", 9, right=True),
        Column("STATE", "queued, expired or withdrawn", 9, drop=1),
        Column("BY", "who queued it", 12, 16, drop=2),
        Column("SINCE", "when it was queued (UTC)", 9, drop=3),
        Column("REASON", "why", 20),
    )
    __slots__ = ("entry",)

    def __init__(self, entry: BlockEntry, now: float) -> None:
        super().__init__(now)
        self.entry = entry

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return self.entry.id

    @property
    def client(self) -> str:
        """Address that Enter opens."""
        return self.entry.net.partition("/")[0]

    @property
    def opens(self) -> Scope:
        """The client; the network where it is one."""
        address, _, length = self.entry.net.partition("/")
        alone = length == ("128" if ":" in address else "32")
        return Scope(client=address) if alone else Scope(net=self.entry.net)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The whole network."""
        return (self.entry.net,)

    @property
    def alert_id(self) -> str:
        """The first alert that it was queued for."""
        return next(iter(self.entry.alert_ids), "")

    @property
    def expiry(self) -> str:
        """Time that is left."""
        entry = self.entry
        if entry.state != "queued":
            return "-"
        return "never" if entry.expires is None else f"{span(entry.expires - self.now)}"

    @property
    def reason(self) -> str:
        """As it was queued."""
        return self.entry.reason

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        entry = self.entry
        style = "" if entry.state == "queued" else "dim"
        return (
            Piece(entry.net, style or "strong"),
            Piece(self.expiry, style),
            Piece(entry.state, style),
            Piece(entry.actor, style),
            Piece(clock(entry.created), style),
            Piece(entry.reason, style),
        )

    def headline(self) -> Line:
        """Who, and since when."""
        return line(Piece(self.entry.net, "strong"), f"  by {self.entry.actor} at {stamp(self.entry.created)}")

    def summary(self) -> Line:
        """What it is about."""
        return line(f"expires {self.expiry}  {self.entry.reason}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        drawn: list[Line] = [line(Piece(self.entry.net, "strong"), f"  {self.entry.state}, expires {self.expiry}")]
        drawn += wrap(f"by {self.entry.actor} at {stamp(self.entry.created)}: {self.entry.reason}", width)
        return drawn
