"""Rows of clients that share a network, a user agent or a user."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import GroupView
from apiwatch.tui.cells import age, agent, count, percent, rate
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.rows.base import Row, outcomes, severity_piece

__all__ = ["AgentRow", "GroupRow", "NetworkRow", "UserRow"]

_COUNTED = (
    Column("CLIENTS", "clients of it that were active in the window", 7, right=True),
    Column("ALERT", "clients of it with an open alert", 5, right=True, drop=3),
    Column("REQ/s", "requests per second in the window, of its last hour at most", 5, right=True),
    Column("REQS", "requests in the window, in its last hour at most", 5, right=True, drop=4),
    Column("FAIL", "share of requests that were missing, refused, limited or broken", 4, right=True, drop=2),
    Column("LAST", "age of the last request", 4, right=True, drop=1),
    Column("BYTES", "bytes sent in the window", 5, right=True, drop=5),
    Column("OUTCOMES", "what became of the requests in the window", 0, 18, 30),
)
_SEVERITY = Column("SEV", "severity of the worst open alert of its clients", 7)


class GroupRow(Row):
    """Clients that share something, with what they did together in the window."""

    __slots__ = ("view", "window_s")

    def __init__(self, view: GroupView, now: float, window_s: float) -> None:
        super().__init__(now)
        self.view = view
        self.window_s = window_s

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return self.view.value

    @property
    def name(self) -> str:
        """What `c` copies."""
        return self.view.value

    @property
    def reason(self) -> str:
        """Why one would block it."""
        view = self.view
        return f"manual: {view.clients} clients together, {view.window.requests} requests in the window"

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view, mix = self.view, self.view.window
        return (
            severity_piece(view.severity),
            Piece(view.value, "strong" if view.alerted else ""),
            Piece(count(view.clients)),
            Piece(count(view.alerted) if view.alerted else "-"),
            Piece(rate(mix.requests / self.window_s)),
            Piece(count(mix.requests)),
            Piece(percent(mix.failed, mix.requests)),
            Piece(age(self.now - view.last_seen)),
            Piece(count(mix.bytes)),
            Piece(outcomes(mix)),
        )

    def headline(self) -> Line:
        """What they share."""
        return line(Piece(self.view.value, "strong"))

    def summary(self) -> Line:
        """What they did."""
        view = self.view
        clients = f"{count(view.clients)} client{'s' if view.clients != 1 else ''}"
        return line(f"{clients}, {count(view.alerted)} with an open alert  window: {outcomes(view.window) or 'none'}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        return [
            self.summary(),
            line(f"{count(self.view.window.requests)} requests, last {age(self.now - self.view.last_seen)} ago"),
            line(Piece("Enter opens everything about these clients", "dim")),
        ]


class NetworkRow(GroupRow):
    """A /24 or /64."""

    columns = (_SEVERITY, Column("NETWORK", "/24, of IPv6 /64", 18, 20, 24, middle=True), *_COUNTED)
    __slots__ = ()

    @property
    def opens(self) -> Scope:
        """The network."""
        return Scope(net=self.view.value)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The network, for a block."""
        return (self.view.value,)


class AgentRow(GroupRow):
    """A user agent."""

    columns = (
        _SEVERITY,
        Column("USER AGENT", "user agent that its clients used most", 22, 26, 48, middle=True),
        *_COUNTED,
    )
    __slots__ = ()

    @property
    def opens(self) -> Scope:
        """Who sends it."""
        return Scope(agent=self.view.value)

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        severity, value, *rest = super().cells()
        return (severity, Piece(agent(value.text), value.style), *rest)

    @property
    def everybody(self) -> str:
        """Whoever sends it."""
        return f"agent={self.view.value}"


class UserRow(GroupRow):
    """A user name."""

    columns = (_SEVERITY, Column("USER", "user that its clients were most", 18, 20, 30, middle=True), *_COUNTED)
    __slots__ = ()

    @property
    def opens(self) -> Scope:
        """Everything about the user."""
        return Scope(user=self.view.value)
