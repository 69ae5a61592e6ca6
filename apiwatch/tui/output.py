"""Text to the terminal, from a thread of its own: a terminal that takes nothing, or is gone, stops nobody."""

import os
import select
from queue import SimpleQueue
from threading import Thread
from typing import TextIO

__all__ = ["TerminalWriter"]

_MUCH = 1 << 18
"""Characters that wait to be written: a slow line is not that far behind, one that is stuck is."""

_PATIENCE_S = 1.0
"""For what is left at the end."""

_LOOK_MS = 100
"""How often a thread whose terminal takes nothing looks whether it still should write."""


class TerminalWriter:
    """Writes what it is given, in order, and never blocks who gives it.

    Textual 8.2.8 has the event loop wait for a terminal that takes nothing, such as one behind a broken connection:
    then no signal is heard, and when the terminal goes away, nobody notices.
    """

    def __init__(self, file: TextIO) -> None:
        self._descriptor = _opened(file.fileno())
        self._encoding, self._errors = file.encoding, file.errors or "replace"
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._given = self._done = 0
        self._is_gone = self._is_over = False
        self._thread = Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    @property
    def is_gone(self) -> bool:
        """The terminal does not exist any more; what is written is forgotten."""
        return self._is_gone

    @property
    def is_stuck(self) -> bool:
        """So much waits that more would only be old when it comes."""
        return self._given - self._done > _MUCH

    def write(self, text: str) -> None:
        """Write it when its turn comes."""
        if not self._is_gone:
            self._given += len(text)
            self._queue.put(text)

    def stop(self) -> None:
        """End when all is written; after a second what is left is forgotten."""
        self._queue.put(None)
        self._thread.join(_PATIENCE_S)
        self._is_over = True
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            self._write(text.encode(self._encoding, self._errors))
            self._done += len(text)
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        while data and not (self._is_gone or self._is_over):
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll(_LOOK_MS)
            except OSError:
                self._is_gone = True


def _opened(descriptor: int) -> int:
    """The terminal once more, in a way that never blocks and concerns nobody else who has it open.

    Who may not open it (behind `su`) gets the same one, which may block the thread.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return os.dup(descriptor)
