"""Why an alert exists, and the original lines of an alert or a client."""

from collections.abc import Callable, Sequence

from apiwatch.store.protocol import Reader
from apiwatch.store.views import AlertView, EvidenceView
from apiwatch.tui.line import line
from apiwatch.tui.pages import lines_page, why_page
from apiwatch.tui.rows import AlertRow, Row
from apiwatch.tui.screens.page import PageScreen
from apiwatch.tui.session import Session

__all__ = ["AlertScreen", "LinesScreen"]


class AlertScreen(PageScreen):
    """The explanation of one alert."""

    KEYS = (("?", "help"), ("Esc", "back"), ("Enter", "client"), *PageScreen.KEYS[2:3], *PageScreen.KEYS[4:])
    DEAD = frozenset({"why"})

    def __init__(self, session: Session, alert_id: str, origin: str) -> None:
        super().__init__(session, origin, f"why: {alert_id}")
        self._alert = alert_id
        self._view: AlertView | None = None

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > why"

    @property
    def row(self) -> Row | None:
        """The alert."""
        return AlertRow(self._view, self.session.clock()) if self._view else None

    @property
    def known_alerts(self) -> tuple[AlertView, ...]:
        """The alert."""
        return (self._view,) if self._view else ()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The alert and its lines."""
        view = await reader.alert(self._alert)
        evidence = await reader.evidence(self._alert)
        return lambda: self._show(view, evidence, now)

    def _show(self, view: AlertView | None, evidence: list[EvidenceView], now: float) -> None:
        if view is None:
            self.document.show("alert", lambda _width: [line("the state file no longer holds this alert")])
            return
        self.note_echo([view], ())
        self._view = view
        glyphs = self.session.glyphs
        self.document.show(f"why: {view.alert.id}", lambda width: why_page(view, evidence, width, now, glyphs))


class LinesScreen(PageScreen):
    """Original lines in full."""

    KEYS = (("?", "help"), ("Esc", "back"), ("Enter", "client"), *PageScreen.KEYS[2:4], *PageScreen.KEYS[5:])
    DEAD = frozenset({"lines"})

    def __init__(self, session: Session, row: Row, origin: str, alerts: Sequence[AlertView]) -> None:
        self._title = f"original lines of {f'alert {row.alert_id}' if row.alert_id else row.client}"
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
        """Lines of the alert, else of all alerts of the client."""
        if self._row.alert_id:
            evidence = await reader.evidence(self._row.alert_id)
        else:
            detail = await reader.client(self._row.client, now)
            evidence = list(detail.evidence) if detail else []
        return lambda: self.document.show(f"{self._title}, {len(evidence)}", lambda width: lines_page(evidence, width))
