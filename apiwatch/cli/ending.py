"""Ending in order when a signal comes, so that temporary files are removed."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

__all__ = ["ended_by_signals"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack as an exit with 128 + their number, as a shell would report them."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = [(number, signal.signal(number, leave)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
