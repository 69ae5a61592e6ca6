"""Signals, and a terminal that goes away: the dashboard ends, restores what it can, and never hangs."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

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
