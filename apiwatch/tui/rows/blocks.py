"""Rows of the block queue."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import Application, BlockEntry
from apiwatch.tui.cells import clock, count, span, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["BlockRow"]


class BlockRow(Row):
    """A network in the block queue."""

    columns = (
        Column("NETWORK", "network, with its prefix length", 18, 24, 30, middle=True),
        Column("EXPIRES", "time that is left", 9, right=True),
        Column("STATE", "queued, in force, failed, expired or withdrawn", 9, drop=1),
        Column(
            "DROPPED", "packets and requests that it has stopped; - where nothing counts them", 7, right=True, drop=4
        ),
        Column("IN", "firewalls that hold it, as they were last read", 10, drop=5),
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
    def condition(self) -> str:
        """Which of its requests."""
        return self.entry.condition

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
    def state(self) -> Piece:
        """What has become of it."""
        entry = self.entry
        if entry.state != "queued":
            return Piece(entry.state, "warn" if entry.live_in else "dim")
        if entry.live_in:
            return Piece("in force", "good")
        failed = any(each.error for each in entry.applications)
        return Piece("failed" if failed else "queued", "bad" if failed else "")

    @property
    def reason(self) -> str:
        """As it was queued."""
        return self.entry.reason

    @property
    def about(self) -> str:
        """Which requests it is about, if not all, and why."""
        return f"only {self.entry.condition}  {self.entry.reason}" if self.entry.condition else self.entry.reason

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        entry = self.entry
        style = "" if entry.state == "queued" else "dim"
        return (
            Piece(entry.net, style or "strong"),
            Piece(self.expiry, style),
            self.state,
            Piece(count(entry.dropped) if entry.dropped is not None else "-", style),
            Piece(", ".join(entry.live_in) or "-", style),
            Piece(entry.actor, style),
            Piece(clock(entry.created), style),
            Piece(self.about, style),
        )

    def headline(self) -> Line:
        """Who, and since when."""
        return line(Piece(self.entry.key, "strong"), f"  by {self.entry.actor} at {stamp(self.entry.created)}")

    def summary(self) -> Line:
        """What it is about."""
        return line(f"expires {self.expiry}  {self.entry.reason}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        state = self.state.text
        if held := ", ".join(self.entry.live_in):
            state = f"in force in {held}" if self.entry.state == "queued" else f"{state}, still in force in {held}"
        drawn: list[Line] = [line(Piece(self.entry.key, "strong"), f"  {state}, expires {self.expiry}")]
        for each in self.entry.applications:
            drawn += self._application(each, width)
        drawn += wrap(f"by {self.entry.actor} at {stamp(self.entry.created)}: {self.entry.reason}", width)
        return drawn

    def _application(self, found: Application, width: int) -> list[Line]:
        where = f"{found.target} on {found.host}"
        if found.error:
            return wrap(f"{where}: {found.error}", width, style="bad")
        left = f"until {stamp(found.expires)}" if found.expires else "for good"
        dropped = f", {count(found.dropped)} dropped" if found.dropped is not None else ""
        seen = f"read {span(self.now - found.verified_at)} ago" if found.verified_at else "not read back yet"
        return wrap(f"{where}: {left}{dropped}; {seen}", width, style="good" if found.verified_at else "warn")
