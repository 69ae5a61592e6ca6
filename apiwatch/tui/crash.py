"""What remains of a crash: a log file with the traceback, and one line for the terminal."""

import contextlib
import faulthandler
import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

__all__ = ["CrashLog", "log_directory"]

_MODE = 0o600
"""Tracebacks may quote what a log says."""


def log_directory(db: str | None) -> Path:
    """Where the log file goes: beside the state file, else where state files are, else among temporary files."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    for directory in ([Path(db).expanduser().parent] if db else []) + [Path(home) / "apiwatch"]:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK):
            return directory
    return Path(tempfile.gettempdir())


class CrashLog:
    """The dashboard's log file; it exists only while the dashboard runs, or after something went wrong."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"dashboard-{os.getpid()}.log"
        self._file: TextIO | None = None

    def __enter__(self) -> "CrashLog":
        """Open the file and let a native crash write its stack into it."""
        try:
            self._file = self._opened()
        except OSError:
            self.path = Path(tempfile.gettempdir()) / self.path.name
            self._file = self._opened()
        faulthandler.enable(self._file, all_threads=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and remove it if it is empty."""
        if self._file is None:
            return
        faulthandler.disable()
        self._file.close()
        self._file = None
        if self.path.exists() and self.path.stat().st_size == 0:
            self.path.unlink()

    def _opened(self) -> TextIO:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        return os.fdopen(handle, "a", encoding="utf-8")

    def record(self, error: BaseException, what: str) -> str:
        """Append a traceback without the values of variables; returns the error in one line."""
        headline = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        text = "".join(traceback.format_exception(error))
        entry = f"{datetime.now(UTC).isoformat(timespec='seconds')} {what}\n{text}\n"
        # A full disk must not turn an error into a crash, or hide a crash behind another.
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.write(entry)
                self._file.flush()
            else:
                with self._opened() as file:
                    file.write(entry)
        return headline
