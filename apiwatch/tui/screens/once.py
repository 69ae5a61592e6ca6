"""A screen that is left once, however often its key is pressed before it is gone."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

__all__ = ["LeftOnce"]

_Result = TypeVar("_Result")


class LeftOnce(Screen[_Result]):
    """Textual's `dismiss` takes away whatever is on top: Esc pressed twice would close the screen below as well."""

    def dismiss(self, result: _Result | None = None) -> AwaitComplete:
        """Leave the screen, unless it is covered or left already."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()
