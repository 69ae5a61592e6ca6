"""Rows of alerts."""

from apiwatch.model import SEVERITIES
from apiwatch.store.scope import Scope
from apiwatch.store.views import AlertView
from apiwatch.tui.cells import age, clock, count, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row, severity_piece

__all__ = ["AlertRow"]

_FADED = ("acknowledged", "muted", "closed")


class AlertRow(Row):
    """An alert."""

    columns = (
        Column("SEV", "severity", 7),
        Column("SCORE", "how sure, from 0 to 100", 5, right=True, drop=2),
        Column("CLIENT", "address, +N for more addresses of the same alert", 15, 18, 22, middle=True),
        Column("REQS", "suspicious requests so far", 5, right=True, drop=3),
        Column("LAST", "age of the last request", 4, right=True, drop=4),
        Column("SINCE", "when it began (UTC)", 9, drop=6),
        Column("DETECTOR", "test that raised it", 23, drop=7),
        Column("WHY", "what it does", 30),
    )
    __slots__ = ("view",)

    def __init__(self, view: AlertView, now: float) -> None:
        super().__init__(now)
        self.view = view

    @property
    def key(self) -> str:
        """What marks and the cursor hold on to."""
        return self.view.alert.id

    @property
    def client(self) -> str:
        """Address that Enter opens."""
        return self.view.alert.client

    @property
    def opens(self) -> Scope:
        """Its client; the alert itself where it is about many, or about none."""
        alert = self.view.alert
        return Scope(client=alert.client) if alert.client and alert.clients_total <= 1 else Scope(alert=alert.id)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses that a block would be about."""
        alert = self.view.alert
        return alert.clients or ((alert.client,) if alert.client else ())

    @property
    def alert_id(self) -> str:
        """Alert that keys act on."""
        return self.view.alert.id

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return f"{self.view.alert.detector}: {self.view.alert.title}"

    @property
    def severity(self) -> str:
        """The word."""
        return SEVERITIES[self.view.alert.severity]

    @property
    def who(self) -> str:
        """The address, or the principal when there is none, and how many more."""
        alert = self.view.alert
        name = alert.client or alert.principal
        return f"{name} +{alert.clients_total - 1}" if alert.clients_total > 1 else name

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        alert, more = self.view.alert, self.view.got_in_since
        faded = self.view.state in _FADED and not more
        style = "dim" if faded else ""
        state = {"acknowledged": "[ack] ", "muted": "[muted] ", "closed": "[closed] "}.get(self.view.state, "")
        state += "[back, was benign] " if self.view.benign_until and self.view.state == "open" else ""
        state += f"[{count(more)} more {'found' if alert.family == 'recon' else 'got in'}] " if more else ""
        return (
            severity_piece(self.severity, faded=faded),
            Piece(str(alert.score), style),
            Piece(self.who, style or "strong"),
            Piece(count(alert.count), style),
            Piece(age(self.now - alert.last_seen), style),
            Piece(clock(alert.first_seen), style),
            Piece(alert.detector, style),
            Piece(state + alert.title, style),
        )

    def headline(self) -> Line:
        """Who, and since when."""
        alert = self.view.alert
        return line(Piece(self.who, "strong"), f"  {alert.detector}  from {clock(alert.first_seen)}")

    def summary(self) -> Line:
        """What it is about."""
        return line(self.view.alert.title)

    def details(self, width: int) -> list[Line]:
        """Several lines, most important first."""
        alert = self.view.alert
        told = alert.explanation
        where = f"{alert.host} {alert.route}".strip()
        drawn: list[Line] = [
            line(
                severity_piece(self.severity),
                f"  score {alert.score}  {count(alert.count)} suspicious requests"
                f"  last {age(self.now - alert.last_seen)} ago",
            ),
            *wrap(alert.title, width, style="strong"),
        ]
        if self.view.acknowledged_by:
            note = f": {self.view.acknowledged_note}" if self.view.acknowledged_note else ""
            drawn += wrap(f"acknowledged by {self.view.acknowledged_by}{note}", width, style="good")
        if more := self.view.got_in_since:
            times = f"{count(more)} more time{'' if more == 1 else 's'}"
            what = "something was found" if alert.family == "recon" else "somebody got in"
            drawn += wrap(f"{what} {times} since; d shows the lines", width, style="bad")
        if self.view.muted_until:
            drawn += wrap(f"muted by {self.view.muted_by} until {stamp(self.view.muted_until)}", width, style="warn")
        if self.view.note and self.view.note != self.view.acknowledged_note:
            drawn += wrap(f"note of {self.view.noted_by}: {self.view.note}", width)
        if where and alert.route not in alert.title:
            drawn += wrap(where, width, first="WHERE  ", rest="       ")
        drawn += wrap(told.why, width, first="WHY    ", rest="       ")
        for number in told.numbers:
            text = f"{number.name}: {number.value}; limit {number.threshold}; usual {number.baseline}"
            drawn += wrap(text, width, first="       ", rest="         ")
        for doubt in told.counter_evidence:
            drawn += wrap(doubt, width, first="BUT    ", rest="       ", style="dim")
        if told.samples:
            drawn.append(line("RAW    ", Piece(told.samples[-1], "dim")))
        return drawn
