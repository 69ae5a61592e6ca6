"""Rows of what operators said: the allow-list, and everything they did."""

from apiwatch.model import ALERT_KINDS
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import ActionView, AllowEntry
from apiwatch.tui.cells import age, clock, count, span, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["ActionRow", "AllowRow"]

_SCOPES = {"network": "net", "user": "user", "agent": "agent"}
"""Kinds of entries that are a scope."""


class AllowRow(Row):
    """An entry of the allow-list."""

    columns = (
        Column("WHO", "kind and value: these raise no alerts", 18, 24, 40, middle=True),
        Column("STATE", "live, expired or removed", 7),
        Column("EXPIRES", "time that is left", 9, right=True, drop=1),
        Column("ALERTS", "alerts that it has kept from opening", 6, right=True, drop=3),
        Column("BY", "who said so", 12, 16, drop=2),
        Column("SINCE", "when (UTC)", 9, drop=4),
        Column("REASON", "why", 12),
    )
    __slots__ = ("entry",)

    def __init__(self, entry: AllowEntry, now: float) -> None:
        super().__init__(now)
        self.entry = entry

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return self.entry.id

    @property
    def client(self) -> str:
        """Address that Enter opens."""
        kind, _, value = self.entry.target.partition(":")
        address, _, length = value.partition("/")
        return address if kind == "network" and length in ("", "32" if "." in address else "128") else ""

    @property
    def opens(self) -> Scope:
        """The client, network, user or agent."""
        if self.client:
            return Scope(client=self.client)
        kind, _, value = self.entry.target.partition(":")
        return Scope(**{_SCOPES[kind]: value}) if kind in _SCOPES else EVERYTHING

    @property
    def expiry(self) -> str:
        """Time that is left."""
        entry = self.entry
        if entry.state != "live":
            return "-"
        return "never" if entry.expires is None else span(entry.expires - self.now)

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        entry = self.entry
        style = "" if entry.state == "live" else "dim"
        return (
            Piece(entry.target, style or "strong"),
            Piece(entry.state, style),
            Piece(self.expiry, style),
            Piece(count(entry.alerts), style),
            Piece(entry.actor, style),
            Piece(clock(entry.created), style),
            Piece(entry.reason, style),
        )

    def headline(self) -> Line:
        """Who."""
        return line(Piece(self.entry.target, "strong"), f"  by {self.entry.actor} at {stamp(self.entry.created)}")

    def summary(self) -> Line:
        """Until when, and why."""
        return line(f"{self.entry.state}, expires {self.expiry}; {self.entry.reason}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        entry = self.entry
        kept = f"has kept {count(entry.alerts)} alerts and {count(entry.signals)} signals quiet"
        return [*wrap(f"{entry.state}, expires {self.expiry}; {kept}", width), *wrap(entry.reason, width)]


class ActionRow(Row):
    """One thing an operator did."""

    columns = (
        Column("WHEN", "when (UTC)", 9, drop=1),
        Column("AGO", "how long ago", 4, right=True, drop=4),
        Column("BY", "who", 10, 14, 20, drop=2),
        Column("DID", "what", 11),
        Column("TO", "alert, network or allow-list entry that it was about", 16, 18, 30, middle=True),
        Column("UNTIL", "when it ends (UTC)", 9, drop=3),
        Column("NOTE", "what was said", 12),
    )
    __slots__ = ("view",)

    def __init__(self, view: ActionView, now: float) -> None:
        super().__init__(now)
        self.view = view

    @property
    def key(self) -> str:
        """What the cursor holds on to."""
        return self.view.id

    @property
    def alert_id(self) -> str:
        """The alert that it was about, if it was one."""
        return self.view.subject if self.view.kind in ALERT_KINDS else ""

    @property
    def opens(self) -> Scope:
        """The alert that it was about."""
        return Scope(alert=self.alert_id)

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        return (
            Piece(clock(view.time)),
            Piece(age(self.now - view.time)),
            Piece(view.actor, "strong"),
            Piece(view.kind),
            Piece(view.subject),
            Piece(clock(view.expires) if view.expires else "-"),
            Piece(view.note),
        )

    def headline(self) -> Line:
        """Who did what."""
        return line(Piece(self.view.actor, "strong"), f"  {self.view.kind} {self.view.subject}")

    def summary(self) -> Line:
        """What was said."""
        return line(self.view.note or "no note")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        view = self.view
        until = f", until {stamp(view.expires)}" if view.expires else ""
        return [*wrap(f"{stamp(view.time)}{until}", width), *wrap(view.note or "no note", width)]
