"""Rows of routes."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import RouteView
from apiwatch.tui.cells import age, count, crowd, percent, rate, stamp, took
from apiwatch.tui.columns import Column
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pictures.spark import spark
from apiwatch.tui.rows.base import SPARK_CELLS, Row, failed, outcomes, severity_piece

__all__ = ["RouteRow", "times"]


class RouteRow(Row):
    """A route with what became of the requests for it; its host is named where there are several `hosts`."""

    columns = (
        Column("SEV", "severity of the worst open alert about it", 7),
        Column("REQ/s", "requests per second in the window", 5, right=True),
        Column("USUAL", "how many times its usual rate at this hour; - where that is not known", 5, right=True, drop=2),
        Column("REQS", "requests in all", 5, right=True, drop=5),
        Column("CLI", "distinct clients, counted up to 300", 4, right=True, drop=3),
        Column("MISS", "share of requests for what does not exist", 4, right=True),
        Column("DENY", "share of refused requests", 4, right=True),
        Column("ERR", "share of requests that broke", 4, right=True, drop=4),
        Column("P95", "time below which 95 % of the answers in the window took", 5, right=True, drop=9),
        Column("LAST", "age of the last request", 4, right=True, drop=6),
        Column("ROLE", "what it is for: login, reset, lookup ...", 8, drop=7),
        Column("LAST HOUR", "requests per minute, from 0 to its peak", SPARK_CELLS, drop=8),
        Column("ROUTE", "method and path; {} stands for a value", 24, middle=True),
    )
    __slots__ = ("_glyphs", "_hosts", "view", "window_s")

    def __init__(self, view: RouteView, now: float, window_s: float, glyphs: Glyphs, *, hosts: int = 2) -> None:
        super().__init__(now)
        self.view = view
        self.window_s = window_s
        self._glyphs = glyphs
        self._hosts = hosts

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return f"{self.view.host}\x1f{self.view.route}"

    @property
    def opens(self) -> Scope:
        """The route."""
        return Scope(host=self.view.host, route=self.view.route)

    @property
    def name(self) -> str:
        """Host and route."""
        return f"{self.view.host} {self.view.route}".strip()

    @property
    def everybody(self) -> str:
        """Whoever asks for it, if it is one path; what is below that path is closed as well."""
        view = self.view
        path = view.route.partition(" ")[2]
        if "{" in path or not path.startswith("/") or path == "/":
            return ""
        return f"host={view.host} path={path}" if view.host else f"path={path}"

    @property
    def unusual(self) -> float:
        """Requests in the window over the usual number of them; 0 where that is not known."""
        return self.view.window.requests / self.view.usual if self.view.usual > 0 else 0.0

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        mix = view.window if view.window.requests else view.mix
        bad = "warn" if failed(mix) * 2 > mix.requests else ""
        return (
            severity_piece(view.severity),
            Piece(rate(view.window.requests / self.window_s) if view.first_seen else "-"),
            times(self.unusual),
            Piece(count(view.mix.requests)),
            Piece(crowd(view.clients)),
            Piece(percent(mix.miss, mix.requests), bad),
            Piece(percent(mix.deny, mix.requests), bad),
            Piece(percent(mix.err, mix.requests), bad),
            Piece(took(view.p95 or None)),
            Piece(age(self.now - view.last_seen)),
            Piece(view.roles or "-"),
            Piece(spark(view.spark, SPARK_CELLS, self._glyphs), "accent"),
            Piece(self.name if self._hosts > 1 else view.route, "warn" if view.notes else ""),
        )

    @property
    def reason(self) -> str:
        """What it is."""
        return f"manual: route {self.name}"

    def text(self) -> str:
        """What a filter looks through."""
        return " ".join((super().text(), self.view.host, self.view.route, self.view.roles, self.view.origin))

    def headline(self) -> Line:
        """Which route."""
        return line(Piece(self.name, "strong"))

    def summary(self) -> Line:
        """What became of its requests."""
        view = self.view
        alerts = f"{view.alerts} open alert{'s' if view.alerts != 1 else ''}; " if view.alerts else ""
        return line(f"{alerts}{count(view.mix.requests)} requests in all: {outcomes(view.mix)}; template {view.origin}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        view = self.view
        drawn: list[Line] = []
        if view.alerts:
            alerts = f"  {view.alerts} open alert{'s' if view.alerts != 1 else ''} about it"
            drawn.append(line(severity_piece(view.severity), alerts))
        if view.first_seen:
            drawn += wrap(f"window: {count(view.window.requests)} requests  {outcomes(view.window)}", width)
        if view.usual > 0:
            drawn += wrap(f"usual at this hour: {rate(view.usual)} in such a window, now x{self.unusual:.1f}", width)
        if view.p95:
            drawn += wrap(f"95 % of the answers in the window took less than {took(view.p95)}", width)
        drawn += wrap(f"in all: {count(view.mix.requests)} requests  {outcomes(view.mix)}", width)
        first = f"first {stamp(view.first_seen)}; " if view.first_seen else ""
        drawn += wrap(f"{first}last {age(self.now - view.last_seen)} ago", width)
        told = f"template {view.origin}" + (f"; for {view.roles}" if view.roles else "")
        drawn += wrap(told, width, style="dim")
        for note in view.notes:
            drawn += wrap(note, width, first="NOTE   ", rest="       ", style="warn")
        return drawn


def times(ratio: float) -> Piece:
    """How many times the usual value: 'x5.8'; '-' where that is not known."""
    if ratio <= 0:
        return Piece("-", "dim")
    text = f"x{ratio:.1f}" if ratio < 99.5 else f"x{min(ratio, 9999):.0f}"
    return Piece(text, "bad" if ratio >= 5 else "warn" if ratio >= 2 else "")
