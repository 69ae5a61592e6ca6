"""`i`: a selection in pictures."""

from collections.abc import Callable

from apiwatch.store.protocol import Reader
from apiwatch.store.scope import Scope
from apiwatch.store.views import MinuteView, Mix
from apiwatch.tui.pages import histogram_page
from apiwatch.tui.pictures import minutes_of
from apiwatch.tui.scopes import scope_crumb
from apiwatch.tui.screens.page import PageScreen
from apiwatch.tui.session import Session

__all__ = ["HistogramScreen"]

_LINES = 1000
_ALERTS = 50
"""Worst alerts that are marked."""


class HistogramScreen(PageScreen):
    """Minutes, outcomes, statuses and gaps of what a scope holds."""

    DEAD = frozenset({"open", "why", "lines", "acknowledge", "block", "quiet"})

    def __init__(self, session: Session, scope: Scope, origin: str) -> None:
        super().__init__(session, origin, f"in pictures: {scope_crumb(scope)}")
        self._scope = scope

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > in pictures"

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The client's minutes, and the newest requests of the scope."""
        detail = await reader.client(self._scope.client, now) if self._scope.client else None
        tail = await reader.tail(_LINES, self._scope)
        scope = self._scope
        known = scope.client or scope.user or scope.alert or scope.route
        points = await reader.points(scope) if known else ()
        timeline, total = (detail.timeline, detail.total) if detail else ((), Mix())
        if detail is None:
            timeline = await self._minutes(reader)
        alerts = await reader.alerts(include_closed=True, limit=_ALERTS, scope=scope)
        glyphs, name = self.session.glyphs, f"in pictures: {scope_crumb(self._scope)}"
        return lambda: self.document.show(
            name,
            lambda width: histogram_page(
                timeline,
                total,
                tail.lines,
                width,
                now,
                glyphs,
                points=points,
                alerts=alerts,
                whole=tail.kept == tail.seen,
            ),
        )

    async def _minutes(self, reader: Reader) -> tuple[MinuteView, ...]:
        """The minutes of a route, else of the clients of the scope together."""
        scope, session = self._scope, self.session
        if not scope.route:
            return (await reader.together(scope, session.at)).timeline
        health = session.overview.health if session.overview else None
        end = session.at or (health.watermark if health else session.clock())
        routes = await reader.routes(limit=1, scope=Scope(host=scope.host, route=scope.route), at=session.at)
        return minutes_of(routes[0].spark, int(end // 60)) if routes else ()
