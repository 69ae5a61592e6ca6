"""Rows of clients."""

from apiwatch.store.views import ClientView
from apiwatch.tui.cells import age, clock, count, percent, rate, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.glyphs import ASCII, Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pictures.spark import spark
from apiwatch.tui.rows.base import SPARK_CELLS, Row, failed, outcomes, severity_piece

__all__ = ["ClientRow"]


class ClientRow(Row):
    """A client with what it did in the window."""

    columns = (
        Column("SEV", "severity of its worst open alert", 7),
        Column("SCORE", "suspicion from 0 to 100, fading by half in 30 minutes", 5, right=True, drop=1),
        Column("CLIENT", "address", 15, 18, 22, middle=True),
        Column("REQ/s", "requests per second in the window", 5, right=True),
        Column("REQS", "requests in the window", 5, right=True, drop=4),
        Column("FAIL", "share of requests that were missing, refused, limited or broken", 4, right=True, drop=2),
        Column("LAST", "age of the last request", 4, right=True, drop=3),
        Column("BYTES", "bytes sent in the window", 5, right=True, drop=6),
        Column("ALL", "requests in all", 5, right=True, drop=5),
        Column("FIRST", "first seen (UTC)", 9, drop=7),
        Column("LAST HOUR", "requests per minute, from 0 to its peak", SPARK_CELLS, drop=8),
        Column("OUTCOMES", "what became of the requests in the window", 0, 18, 30),
    )
    __slots__ = ("_glyphs", "view", "window_s")

    def __init__(self, view: ClientView, now: float, window_s: float, glyphs: Glyphs = ASCII) -> None:
        super().__init__(now)
        self.view = view
        self.window_s = window_s
        self._glyphs = glyphs

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return self.view.client

    @property
    def client(self) -> str:
        """Address that Enter opens."""
        return self.view.client

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return f"manual: client with score {self.view.score}, {self.view.window.requests} requests in the window"

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view, mix = self.view, self.view.window
        return (
            severity_piece(view.severity),
            Piece(str(view.score)),
            Piece(view.client, "strong" if view.score else ""),
            Piece(rate(mix.requests / self.window_s)),
            Piece(count(mix.requests)),
            Piece(percent(failed(mix), mix.requests)),
            Piece(age(self.now - view.last_seen)),
            Piece(count(mix.bytes)),
            Piece(count(view.requests)),
            Piece(clock(view.first_seen)),
            Piece(spark(view.spark, SPARK_CELLS, self._glyphs), "accent"),
            Piece(outcomes(mix)),
        )

    def headline(self) -> Line:
        """Who, and since when."""
        return line(Piece(self.view.client, "strong"), f"  from {clock(self.view.first_seen)}")

    def summary(self) -> Line:
        """What it is about."""
        view = self.view
        alerts = f"{view.alerts} open alert{'s' if view.alerts != 1 else ''}" if view.alerts else "no open alert"
        return line(f"{alerts}  {count(view.requests)} requests in all  window: {outcomes(view.window) or 'none'}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        view = self.view
        drawn: list[Line] = [
            line(
                severity_piece(view.severity),
                f"  score {view.score}  {view.alerts} open alert{'s' if view.alerts != 1 else ''}"
                f"  {count(view.requests)} requests in all",
            ),
            line(f"first {stamp(view.first_seen)}  last {age(self.now - view.last_seen)} ago"),
            line(f"window: {count(view.window.requests)} requests  {outcomes(view.window)}"),
        ]
        if view.near:
            drawn += wrap(f"near: same {', same '.join(view.near)}", width)
        if view.principal and view.principal != view.client:
            drawn += wrap(f"counted as {view.principal}", width)
        drawn.append(line(Piece("Enter opens everything about this client", "dim")))
        return drawn
