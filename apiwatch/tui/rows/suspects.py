"""Rows of tests that lean towards suspicion: enumeration and log-in failures."""

from apiwatch.store.scope import Scope
from apiwatch.store.views import SuspectView
from apiwatch.tui.cells import age, clock, count, percent
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["AuthRow", "EnumerationRow"]


class _SuspectRow(Row):
    """A test that leans towards suspicion."""

    __slots__ = ("view",)

    def __init__(self, view: SuspectView, now: float) -> None:
        super().__init__(now)
        self.view = view

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        view = self.view
        return "\x1f".join((view.detector, view.principal, view.host, view.route, view.parameter))

    @property
    def client(self) -> str:
        """Address that Enter opens."""
        return self.view.client

    @property
    def opens(self) -> Scope:
        """Its client; its alert where it is about many."""
        return Scope(client=self.view.client) if self.view.client else Scope(alert=self.view.alert_id)

    @property
    def alert_id(self) -> str:
        """Alert that keys act on."""
        return self.view.alert_id

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return f"{self.view.detector}: {self.view.note}"

    @property
    def test(self) -> Piece:
        """How far the test is: 100 % is the threshold."""
        if self.view.alert_id:
            return Piece("ALERT !", "high")
        return Piece(f"{min(99, int(100 * self.view.evidence)):3d}%", "medium" if self.view.evidence >= 0.5 else "dim")

    @property
    def how(self) -> str:
        """Name of the test without its family."""
        return self.view.detector.partition(".")[2] or self.view.detector

    def text(self) -> str:
        """What a filter looks through."""
        return f"{super().text()} {self.view.detector} {self.view.note}"

    @property
    def who(self) -> str:
        """The address, or the principal when there is none."""
        return self.view.client or self.view.principal

    def headline(self) -> Line:
        """Who, and since when."""
        view = self.view
        return line(Piece(self.who, "strong"), f"  {view.detector}  from {clock(view.first_seen)}")

    def summary(self) -> Line:
        """What it is about."""
        view = self.view
        return line(f"{view.note or view.detector}  on {f'{view.host} {view.route}'.strip()}")

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        view = self.view
        state = "has raised an alert" if view.alert_id else f"at {percent(view.evidence, 1)} of the threshold"
        drawn: list[Line] = [
            line(self.test, f"  {state}  last {age(self.now - view.last_seen)} ago"),
        ]
        drawn += wrap(f"{view.host} {view.route}".strip(), width, first="ROUTE  ", rest="       ")
        drawn += wrap(view.note or view.detector, width, first="WHY    ", rest="       ")
        counted = (
            f"{count(view.hits)} of {count(view.observations)} observations are hits; "
            f"objects {count(view.objects)}, ok {count(view.successes)}, failed {count(view.failures)}"
        )
        return drawn + wrap(counted, width, first="       ", rest="       ")


class EnumerationRow(_SuspectRow):
    """A client that seems to walk or guess objects."""

    columns = (
        Column("TEST", "how near the test is to its threshold; ALERT ! above it", 7),
        Column("CLIENT", "address", 15, 18, 22, middle=True),
        Column("HOW", "test, without its family", 10, wide=16, drop=1),
        Column("IDS", "distinct object ids tried", 5, right=True),
        Column("FOUND", "ids that exist", 5, right=True, drop=2),
        Column("MISS", "ids that do not", 5, right=True, drop=4),
        Column("LAST", "age of the last request", 4, right=True, drop=3),
        Column("ROUTE", "route it happens on", 20),
    )
    __slots__ = ()

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        return (
            self.test,
            Piece(self.who, "strong"),
            Piece(self.how),
            Piece(count(view.objects)),
            Piece(count(view.successes)),
            Piece(count(view.failures)),
            Piece(age(self.now - view.last_seen)),
            Piece(view.route),
        )


class AuthRow(_SuspectRow):
    """A client that fails to log in."""

    columns = (
        Column("TEST", "how near the test is to its threshold; ALERT ! above it", 7),
        Column("CLIENT", "address", 15, 18, 22, middle=True),
        Column("HOW", "test, without its family", 11, wide=19, drop=2),
        Column("FAIL", "failed log-ins", 5, right=True),
        Column("OK", "successful log-ins", 4, right=True),
        Column("USERS", "users tried", 5, right=True, drop=1),
        Column("LAST", "age of the last request", 4, right=True, drop=3),
        Column("ROUTE", "route it happens on", 0, 16),
    )
    __slots__ = ()

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        return (
            self.test,
            Piece(self.who, "strong"),
            Piece(self.how),
            Piece(count(view.failures)),
            Piece(count(view.successes), "bad" if view.successes and view.alert_id else ""),
            Piece(count(view.objects)),
            Piece(age(self.now - view.last_seen)),
            Piece(view.route),
        )
