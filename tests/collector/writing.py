"""A server that writes a log in pieces that may end in the middle of a line."""

import os
import random
import threading
import time
from pathlib import Path

__all__ = ["Server"]


class Server(threading.Thread):
    """Appends a text to a file, as far as it is allowed to, a few pieces at a time."""

    def __init__(self, data: bytes, target: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self._data = data
        self._chance = random.Random(seed)  # noqa: S311  test data
        self._descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._allowed = 0
        self._more = threading.Condition()

    def allow(self, share: float) -> None:
        """Write on until this share of the text is written."""
        with self._more:
            self._allowed = int(share * len(self._data))
            self._more.notify()

    def run(self) -> None:
        """Write until everything is written."""
        done = 0
        while done < len(self._data):
            with self._more:
                self._more.wait_for(lambda done=done: self._allowed > done)  # type: ignore[misc]
                end = min(self._allowed, done + self._chance.randrange(1, 8192))
            done += os.write(self._descriptor, self._data[done:end])
            time.sleep(self._chance.random() * 0.03)
        os.close(self._descriptor)
