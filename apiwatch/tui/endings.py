"""Signals, and a terminal that goes away: the dashboard ends, restores what it can, and never hangs."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from textual.driver import Driver

from apiwatch.tui.driver import PromptDriver

__all__ = ["Endings", "as_it_stands", "terminal_is_gone", "terminal_is_stuck"]

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Endings(ExitStack):
    """Installs the handlers; closing puts the earlier ones back. Must be made while the event loop runs."""

    def __init__(self, ended: Callable[[signal.Signals], None]) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, ended, number)
            self.callback(loop.remove_signal_handler, number)
        self._stopped = False
        self._guard_resume()

    def _guard_resume(self) -> None:
        """Let SIGCONT reach Textual only after SIGTSTP.

        A closed terminal sends SIGHUP and SIGCONT together; Textual 8.2.8 would start its output a second time, and
        then wait for ever for the thread that it has replaced.
        """
        stop, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)

        def stopping(number: int, frame: FrameType | None) -> None:
            self._stopped = True
            if callable(stop):
                stop(number, frame)

        def resuming(number: int, frame: FrameType | None) -> None:
            if self._stopped and callable(resume):
                self._stopped = False
                resume(number, frame)

        for number, handler in ((signal.SIGTSTP, stopping), (signal.SIGCONT, resuming)):
            self.callback(signal.signal, number, signal.signal(number, handler))


@contextmanager
def as_it_stands(driver: Driver | None) -> Iterator[None]:
    """While it lasts, a terminal that can reorder text that runs from right to left leaves each cell where it is drawn.

    A path in Arabic letters would otherwise take the figures behind it along (bidirectional support mode of ECMA-48,
    in its "explicit" state, as https://terminal-wg.pages.freedesktop.org/bidi/ asks of programs that place text).
    """
    if driver is not None:
        driver.write("\x1b[8l")
    try:
        yield
    finally:
        if driver is not None and not terminal_is_gone(driver):
            driver.write("\x1b[8h")


def terminal_is_gone(driver: Driver | None) -> bool:
    """Whether writing to the terminal has failed."""
    return isinstance(driver, PromptDriver) and driver.output is not None and driver.output.is_gone


def terminal_is_stuck(driver: Driver | None) -> bool:
    """Whether the terminal has not taken for long what was written."""
    return isinstance(driver, PromptDriver) and driver.output is not None and driver.output.is_stuck
