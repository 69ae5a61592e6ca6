"""`i`: a selection in pictures."""

from collections.abc import Callable

from apiwatch.store.protocol import Reader
from apiwatch.store.scope import Scope
from apiwatch.store.views import Mix
from apiwatch.tui.pages import histogram_page
from apiwatch.tui.scopes import scope_crumb
from apiwatch.tui.screens.page import PageScreen
from apiwatch.tui.session import Session

__all__ = ["HistogramScreen"]

_LINES = 1000


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
        glyphs, name = self.session.glyphs, f"in pictures: {scope_crumb(self._scope)}"
        return lambda: self.document.show(
            name, lambda width: histogram_page(timeline, total, tail.lines, width, now, glyphs, points=points)
        )
