"""A screen that is left once, however often its key is pressed, and made and drawn once when it appears."""

from typing import TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.geometry import Size
from textual.screen import Screen

__all__ = ["LeftOnce"]

_Result = TypeVar("_Result")


class LeftOnce(Screen[_Result]):
    """Textual's `dismiss` takes away whatever is on top: Esc pressed twice would close the screen below as well.

    Textual 8.2.8 styles a new screen twice, and lays it out and draws it up to four times.
    """

    def dismiss(self, result: _Result | None = None) -> AwaitComplete:
        """Leave the screen, unless it is covered or left already."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """Be the screen in sight: when new, with the styles and in the layout that it has just been given."""
        is_new = not self.stack_updates
        event.refresh_styles = event.refresh_styles and not is_new
        event.prevent_default()
        if is_new:
            # The screen is made before its style sheet is read; what is inside of it, afterwards.
            self.app.stylesheet.update_nodes([self])
        super()._on_screen_resume(event)
        if is_new and self._compositor.size == self.app.size:
            self._repaint_required = False

    def _screen_resized(self, size: Size) -> None:
        """Lay out for a size, unless that is the one that it is laid out for."""
        if size != self._compositor.size:
            super()._screen_resized(size)
