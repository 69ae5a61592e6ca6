"""Rows of the live view: requests as they arrive."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import LineView
from apiwatch.times import utc_of
from apiwatch.tui.cells import age, amount, stamp, took
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["LineRow"]

_OUTCOMES = {"ok": "", "miss": "warn", "deny": "bad", "limit": "warn", "err": "bad", "neutral": "dim"}


class LineRow(Row):
    """A request."""

    columns = (
        Column("TIME", "when (UTC)", 12),
        Column("CLIENT", "address", 15, 18, 22, middle=True),
        Column("METHOD", "method", 6, drop=2),
        Column("ST", "status", 3),
        Column("OUT", "what became of it: ok, miss, deny, limit, err", 5, drop=3),
        Column("TOOK", "time that the answer took", 6, right=True, drop=4),
        Column("BYTES", "bytes sent", 5, right=True, drop=5),
        Column("USER", "user", 10, wide=16, drop=6),
        Column("TARGET", "what was asked for", 20),
    )
    __slots__ = ("view",)

    def __init__(self, view: LineView, now: float) -> None:
        super().__init__(now)
        self.view = view

    @property
    def key(self) -> str:
        """What the cursor holds on to."""
        return f"{self.view.source}\x1f{self.view.line}"

    @property
    def client(self) -> str:
        """Who asked."""
        return self.view.client

    @property
    def opens(self) -> Scope:
        """The client."""
        return Scope(client=self.view.client)

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return f"manual: {self.view.method} {self.view.route}"

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        style = _OUTCOMES.get(view.outcome, "")
        return (
            Piece(f"{utc_of(view.time):%H:%M:%S.%f}"[:12]),
            Piece(view.client, "strong"),
            Piece(view.method),
            Piece(str(view.status), style),
            Piece(view.outcome, style),
            Piece(took(view.duration_s)),
            Piece(amount(view.bytes) if view.bytes is not None else "-"),
            Piece(view.user or "-"),
            Piece(view.target),
        )

    def headline(self) -> Line:
        """Who asked for what."""
        return line(Piece(self.view.client, "strong"), f"  {self.view.method} {self.view.host}{self.view.target}")

    def summary(self) -> Line:
        """What became of it."""
        view = self.view
        return line(f"{view.status} {view.outcome}  {took(view.duration_s)}  UA {view.user_agent or '-'}")

    def details(self, width: int) -> list[Line]:
        """All fields."""
        view = self.view
        fields = (
            ("TIME", f"{stamp(view.time)}, {age(self.now - view.time)} ago"),
            ("TARGET", f"{view.method} {view.host}{view.target}"),
            ("ROUTE", view.route),
            ("ANSWER", f"{view.status} {view.outcome}, took {took(view.duration_s)}, {amount(view.bytes or 0)}B"),
            ("USER", view.user or "-"),
            ("AGENT", view.user_agent or "-"),
            ("FROM", f"{view.source}:{view.line}"),
        )
        return [row for name, text in fields for row in wrap(text, width, first=f"{name:<7}", rest=" " * 7)]
