"""Python's cycle collector, at moments in which nobody waits for a key to be drawn."""

import gc
from contextlib import ExitStack

from textual.app import App
from textual.timer import Timer

__all__ = ["Tidying"]

_REST_S = 0.4
"""After the last screen was left: by then somebody reads."""

_MOST = 5
"""Screens that may be left without such a rest; then it is done once the picture of the next has been drawn."""

_RARELY = 500
"""Collections of the younger generations between two of the oldest, when nobody rests."""


class Tidying:
    """Looks through what is new only, and through all of that when a screen, which is full of cycles, has been left.

    A screen leaves ten thousand objects. To find those of some screens takes a tenth of a second, which Python would
    else take in the middle of making the next one.
    """

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._left = 0

    def begin(self, resources: ExitStack) -> None:
        """Keep what has been imported and made so far out of it for good; until `resources` are given back, be rare."""
        youngest, younger, oldest = gc.get_threshold()
        resources.callback(gc.set_threshold, youngest, younger, oldest)
        gc.set_threshold(youngest, younger, _RARELY)
        self.keep()
        gc.enable()

    def keep(self) -> None:
        """Keep what has been imported and made since then out of it, too."""
        gc.freeze()

    def soon(self) -> None:
        """A screen has been left: tidy up once none has been for a while, or when there were too many."""
        self._left += 1
        if self._timer is not None:
            self._timer.stop()
        if self._left < _MOST:
            self._timer = self._app.set_timer(_REST_S, self._tidy)
        else:
            self._timer = None
            self._app.call_after_refresh(self._tidy)

    def _tidy(self) -> None:
        self._left = 0
        gc.collect()
