"""The original lines of an alert or a client, in full."""

from collections.abc import Callable, Sequence

from apiwatch.store.protocol import Reader
from apiwatch.store.views import AlertView
from apiwatch.text import plain
from apiwatch.tui.pages import lines_page
from apiwatch.tui.rows import Row
from apiwatch.tui.screens.page import PageScreen
from apiwatch.tui.session import Session

__all__ = ["LinesScreen"]

_LONGEST = 60
_ALERTS = 20
"""Worst alerts whose lines are put together."""


class LinesScreen(PageScreen):
    """Original lines in full."""

    DEAD = frozenset({"lines"})

    def __init__(self, session: Session, row: Row, origin: str, alerts: Sequence[AlertView]) -> None:
        about = f"alert {row.alert_id}" if row.alert_id else row.client or plain(row.name, _LONGEST)
        self._title = f"original lines of {about}"
        super().__init__(session, origin, self._title)
        self._row = row
        self._alerts = tuple(alerts)

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > lines"

    @property
    def row(self) -> Row | None:
        """The row whose lines they are."""
        return self._row

    @property
    def known_alerts(self) -> tuple[AlertView, ...]:
        """Alerts of the screen one came from."""
        return self._alerts

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """Lines of the alert, else of all alerts of the client, else of those that have to do with the row."""
        if self._row.alert_id:
            evidence = await reader.evidence(self._row.alert_id)
        elif self._row.client:
            client = self._row.client
            detail = await reader.client(client, now)
            evidence = list(detail.evidence) if detail else []
            # Alerts about many clients keep lines of the others, too.
            evidence = [line for line in evidence if client in line.text] or evidence
        else:
            alerts = await reader.alerts(include_closed=True, limit=_ALERTS, scope=self._row.opens)
            found = {
                (line.time, line.source, line.line): line
                for view in alerts
                for line in await reader.evidence(view.alert.id)
            }
            evidence = [found[place] for place in sorted(found)]
        return lambda: self.document.show(f"{self._title}, {len(evidence)}", lambda width: lines_page(evidence, width))
