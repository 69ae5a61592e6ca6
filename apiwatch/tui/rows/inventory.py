"""Rows of the inventory: routes that are declared, and routes that are not."""

from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import InventoryView
from apiwatch.tui.cells import age, count, crowd, percent, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row, failed, outcomes

__all__ = ["InventoryRow"]


class InventoryRow(Row):
    """A route, and what the OpenAPI files say about it; its host is named where there are several `hosts`."""

    columns = (
        Column("STATE", "shadow: not declared; unused: declared, never seen; old: deprecated; ok; -: no file", 7),
        Column("REQS", "requests in all", 5, right=True),
        Column("CLI", "distinct clients, counted up to 300", 4, right=True, drop=2),
        Column("FAIL", "share of requests that were missing, refused, limited or broken", 4, right=True, drop=3),
        Column("FIRST", "when somebody first asked for it (UTC)", 16, drop=4),
        Column("LAST", "age of the last request", 4, right=True, drop=5),
        Column("BY", "who asked first", 15, 18, 22, middle=True, drop=6),
        Column("FINDING", "what the inventory tests say", 20, drop=7),
        Column("ROUTE", "method and path; {} stands for a value", 24, middle=True),
    )
    __slots__ = ("_hosts", "view")

    def __init__(self, view: InventoryView, now: float, *, hosts: int = 2) -> None:
        super().__init__(now)
        self.view = view
        self._hosts = hosts

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return f"{self.view.host}\x1f{self.view.route}"

    @property
    def client(self) -> str:
        """Who asked first."""
        return self.view.first_client

    @property
    def opens(self) -> Scope:
        """The route, once somebody asked for it."""
        return Scope(host=self.view.host, route=self.view.route) if self.view.requests else EVERYTHING

    @property
    def name(self) -> str:
        """Host and route."""
        return f"{self.view.host} {self.view.route}".strip()

    @property
    def alert_id(self) -> str:
        """Alert of the inventory family about it."""
        return self.view.alert_id

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return f"manual: asked first for {self.name}"

    @property
    def state(self) -> Piece:
        """The state as a word."""
        view = self.view
        if view.deprecated and view.requests:
            return Piece("old !", "high")
        if view.declared is False:
            return Piece("shadow!", "medium")
        if not view.requests:
            return Piece("unused", "dim")
        return Piece("ok" if view.declared else "-", "good" if view.declared else "dim")

    @property
    def trouble(self) -> int:
        """Order of the states: what needs to be looked at first."""
        rank = {"old !": 4, "shadow!": 3, "unused": 1}.get(self.state.text, 0)
        return 5 if self.view.alert_id else rank

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        return (
            self.state,
            Piece(count(view.requests)),
            Piece(crowd(view.clients)),
            Piece(percent(failed(view.mix), view.mix.requests)),
            Piece(stamp(view.first_seen)[:16]),
            Piece(age(self.now - view.last_seen) if view.last_seen else "-"),
            Piece(view.first_client or "-"),
            Piece(view.finding or "-", "warn" if view.finding else "dim"),
            Piece(self.name if self._hosts > 1 else view.route),
        )

    def headline(self) -> Line:
        """Which route."""
        return line(Piece(self.name, "strong"))

    def summary(self) -> Line:
        """What is known of it."""
        return line(self.view.finding or self._said)

    @property
    def _said(self) -> str:
        view = self.view
        if view.declared is None:
            said = "no OpenAPI file is about this host; --openapi FILE gives one"
        elif view.declared:
            said = "declared" + (", and deprecated" if view.deprecated else "")
        else:
            said = "asked for, and not declared"
        return said if view.requests else f"{said}, never seen"

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        view = self.view
        drawn = wrap(f"{self._said}; template {view.origin}{f'; for {view.roles}' if view.roles else ''}", width)
        if view.finding:
            drawn += wrap(view.finding, width, first="ALERT  ", rest="       ", style="warn")
        if view.requests:
            drawn += wrap(f"{count(view.requests)} requests in all: {outcomes(view.mix)}", width)
            first = f" by {view.first_client}" if view.first_client else ""
            drawn += wrap(f"first {stamp(view.first_seen)}{first}; last {age(self.now - view.last_seen)} ago", width)
            day = view.window
            statuses = (("2xx", day.s2xx), ("3xx", day.s3xx), ("4xx", day.s4xx), ("5xx", day.s5xx))
            shares = "  ".join(f"{name} {percent(number, day.requests)}" for name, number in statuses if number)
            drawn += wrap(f"last 24 hours: {count(day.requests)} requests  {shares}", width)
        return drawn
