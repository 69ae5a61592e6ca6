"""Earlier commands, kept beside the state file for the next time."""

import os
from collections.abc import Iterable
from pathlib import Path

from apiwatch.text import plain

__all__ = ["LIMIT", "History"]

LIMIT = 200
"""Commands that are kept."""

_LONGEST = 500
_MOST_BYTES = 4 * LIMIT * _LONGEST


class History:
    """Commands, oldest first, without repetitions. With no path, or one that cannot be used, it lives in memory only.

    Several dashboards may share the file: each appends; it is cut back when one starts. Only its owner can read it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: list[str] | None = None
        self._place = 0
        self._typed = ""

    @property
    def entries(self) -> list[str]:
        """All of them; read from the file the first time."""
        if self._entries is None:
            self._entries = self._load()
            self._place = len(self._entries)
        return self._entries

    def add(self, text: str) -> None:
        """Take note of a command that was given, and leave the walk."""
        text = plain(text.strip(), _LONGEST)
        entries = self.entries
        if text and entries[-1:] != [text]:
            self._entries = [*(entry for entry in entries if entry != text), text][-LIMIT:]
            self._append(text)
        self.leave()

    def leave(self) -> None:
        """Begin the next walk at the newest."""
        self._place = len(self.entries)
        self._typed = ""

    def earlier(self, typed: str) -> str | None:
        """The previous command that begins like what was typed when the walk began; None at the end."""
        if self._place == len(self.entries):
            self._typed = typed
        return self._walk(range(self._place - 1, -1, -1))

    def later(self) -> str | None:
        """The next one; behind the newest what was typed; None when there is no walk."""
        if self._place >= len(self.entries):
            return None
        found = self._walk(range(self._place + 1, len(self.entries)))
        if found is None:
            self._place = len(self.entries)
            return self._typed
        return found

    def _walk(self, places: Iterable[int]) -> str | None:
        for place in places:
            if self.entries[place].startswith(self._typed):
                self._place = place
                return self.entries[place]
        return None

    def _load(self) -> list[str]:
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, self._path.stat().st_size - _MOST_BYTES))
                raw = file.read(_MOST_BYTES)
        except OSError:
            return []
        lines = [plain(line.strip(), _LONGEST) for line in raw.decode("utf-8", "replace").splitlines()]
        kept = list(dict.fromkeys(line for line in reversed(lines) if line))[:LIMIT][::-1]
        if len(lines) > 2 * LIMIT:
            self._write(kept, os.O_TRUNC)
        return kept

    def _append(self, text: str) -> None:
        self._write([text], os.O_APPEND)

    def _write(self, lines: Iterable[str], how: int) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how
            descriptor = os.open(self._path, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write("".join(f"{line}\n" for line in lines).encode())
        except OSError:
            self._path = None
