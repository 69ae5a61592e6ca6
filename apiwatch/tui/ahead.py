"""The next screen, made before it is asked for: Enter need only draw it."""

from collections.abc import Callable

from textual.app import App
from textual.geometry import Size

from apiwatch.store.scope import Scope
from apiwatch.tui.screens.context import ContextScreen

__all__ = ["MadeAhead"]

_REST_S = 0.25
"""After a screen was opened: by then it has been drawn, and somebody is reading."""


class MadeAhead:
    """Keeps one screen of a scope, mounted and never shown; two thirds of what a new one costs is to make it."""

    def __init__(self, app: App[None], make: Callable[[], ContextScreen]) -> None:
        self._app = app
        self._make = make
        self._screen: ContextScreen | None = None
        self._made_for: tuple[Size, str] | None = None

    @property
    def _now(self) -> tuple[Size, str]:
        return self._app.size, self._app.theme

    def make(self) -> None:
        """Make the next screen, if there is none."""
        if self._screen is None:
            self._screen, self._made_for = self._make(), self._now
            # Textual 8.2.8 mounts a screen when it is pushed; this is how it does.
            self._app._get_screen(self._screen)

    def screen_of(self, scope: Scope, way: str, view: int | None) -> ContextScreen:
        """A screen that looks inside a scope, to be pushed now."""
        screen, self._screen = self._screen, None
        if screen is None or not screen.ready or self._made_for != self._now:
            if screen is not None:
                screen.remove()
            screen = self._make()
        screen.look_into(scope, way, view)
        self._app.set_timer(_REST_S, self.make)
        return screen
