"""Rows of sources."""

from collections.abc import Sequence

from apiwatch.model import FIELDS_MISSING
from apiwatch.store.troubles import UNPARSED_FROM, lag_of, troubles_of
from apiwatch.store.views import HealthView, SourceView, UnparsedView
from apiwatch.tui.cells import age, count, percent, size, stamp
from apiwatch.tui.columns import Column
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows.base import Row
from apiwatch.tui.unparsed import unparsed_lines

__all__ = ["SourceRow"]

_STATE_STYLES = {
    "following": "good",
    "reading": "accent",
    "ended": "dim",
    "waiting": "warn",
    "rotated": "warn",
    "gone": "bad",
    "denied": "bad",
    "error": "bad",
}


class SourceRow(Row):
    """A file, a stream or a socket, with what became of its lines."""

    columns = (
        Column("STATE", "following, reading (behind its end), waiting, rotated, gone, denied, ended, error", 9),
        Column("SOURCE", "file, standard input or socket", 20, 28, 36, middle=True),
        Column("KIND", "file, stdin or syslog", 6, drop=10),
        Column("FORMAT", "format of its latest lines", 8, wide=14, drop=1),
        Column("LINES", "lines read, in all", 5, right=True, drop=2),
        Column("REQS", "lines that are requests", 5, right=True),
        Column("UNP", "share of lines that match no format", 4, right=True),
        Column("SKIP", "lines that are known to be no request", 5, right=True, drop=6),
        Column("LATE", "requests logged too late for their minute", 5, right=True, drop=7),
        Column("CUT", "lines cut at limits.line_bytes", 5, right=True, drop=8),
        Column("DROP", "lines lost: no room for them, or broken", 5, right=True, drop=5),
        Column("LAG", "age of its newest request while input is unread", 4, right=True, drop=3),
        Column("UNREAD", "bytes that are not read yet", 6, right=True, drop=9),
        Column("LAST", "age of its newest request", 4, right=True, drop=4),
        Column("WHAT", "what is wrong, or what it says", 0),
    )
    __slots__ = ("lag", "troubles", "unparsed", "view")

    def __init__(
        self, view: SourceView, health: HealthView | None, now: float, unparsed: Sequence[UnparsedView] = ()
    ) -> None:
        super().__init__(now)
        self.view = view
        self.unparsed = tuple(unparsed)
        """The first lines that no format understood."""
        self.lag = lag_of(view, health)
        """Seconds."""
        self.troubles = troubles_of(view, health)

    @property
    def key(self) -> str:
        """What the cursor holds on to."""
        return self.view.name

    @property
    def name(self) -> str:
        """What `c` copies."""
        return self.view.name

    @property
    def wrong(self) -> int:
        """Things to be mended."""
        return sum(trouble.wrong for trouble in self.troubles)

    @property
    def unparsed_share(self) -> float:
        """Share of lines that match no format, of those that are not skipped."""
        read = self.view.unparsed + self.view.requests
        return self.view.unparsed / read if read else 0.0

    @property
    def state(self) -> Piece:
        """The state as a word."""
        return Piece(self.view.state, _STATE_STYLES.get(self.view.state, ""))

    def cells(self) -> tuple[Piece, ...]:
        """One piece per column."""
        view = self.view
        lost = "bad" if view.dropped else ""
        return (
            self.state,
            Piece(view.name, "strong" if self.wrong else ""),
            Piece(view.kind),
            Piece(view.format or "-"),
            Piece(count(view.lines)),
            Piece(count(view.requests)),
            Piece(
                percent(view.unparsed, view.unparsed + view.requests),
                "bad" if self.unparsed_share >= UNPARSED_FROM else "",
            ),
            Piece(count(view.skipped)),
            Piece(count(view.late)),
            Piece(count(view.cut)),
            Piece(count(view.dropped), lost),
            Piece(age(self.lag), "warn" if self.lag >= 1 else ""),
            Piece(size(view.backlog_bytes)),
            Piece(age(self.now - view.last_time) if view.last_time else "-"),
            self._what(),
        )

    def text(self) -> str:
        """What a filter looks through."""
        return " ".join((super().text(), self.view.message, *(trouble.text for trouble in self.troubles)))

    def _what(self) -> Piece:
        if self.troubles:
            first = self.troubles[0]
            return Piece(first.text, "bad" if first.wrong else "warn")
        return Piece(self.view.message, "dim")

    def headline(self) -> Line:
        """Which source."""
        return line(Piece(self.view.name, "strong"))

    def summary(self) -> Line:
        """The worst, else its numbers."""
        return line(self._what() if self.troubles else self._lines())

    def _lines(self) -> str:
        view = self.view
        share = percent(view.unparsed, view.unparsed + view.requests)
        return (
            f"{count(view.lines)} lines: {count(view.requests)} requests, {count(view.unparsed)} unparsed ({share}), "
            f"{count(view.skipped)} no request"
        )

    def details(self, width: int) -> list[Line]:
        """Its numbers, what is wrong, and what it says."""
        view = self.view
        drawn: list[Line] = [line(self.state, f"  {view.kind}  {view.format or 'format not known yet'}")]
        drawn += wrap(self._lines(), width)
        drawn += wrap(f"late {count(view.late)}, cut {count(view.cut)}, dropped {count(view.dropped)}", width)
        last = f"{stamp(view.last_time)}, {age(self.now - view.last_time)} ago" if view.last_time else "never"
        drawn += wrap(
            f"lag {age(self.lag)}, {size(view.backlog_bytes)}B unread; newest request {last}"
            if view.backlog_bytes
            else f"nothing unread; newest request {last}",
            width,
        )
        for trouble in self.troubles:
            if trouble.text.startswith(FIELDS_MISSING):
                continue
            style = "bad" if trouble.wrong else "warn"
            drawn += wrap(
                trouble.text, width, first="WRONG  " if trouble.wrong else "NOTE   ", rest="       ", style=style
            )
        said = view.message.partition(FIELDS_MISSING)[0].removesuffix("; ")
        if said and not any(said in trouble.text for trouble in self.troubles):
            drawn += wrap(said, width, first="SAYS   ", rest="       ")
        for rejected in self.unparsed:
            drawn += unparsed_lines(rejected, width, named=False)
        return drawn

    def blind(self, width: int) -> list[Line]:
        """What cannot be seen in its log, for want of fields."""
        return [
            shown
            for trouble in self.troubles
            if trouble.text.startswith(FIELDS_MISSING)
            for shown in wrap(trouble.text, width, first="NOTE   ", rest="       ")
        ]
