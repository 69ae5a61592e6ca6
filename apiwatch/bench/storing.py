"""How large the state file of a run becomes."""

import tempfile
from pathlib import Path
from types import TracebackType

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import AlertEvent
from apiwatch.store import HealthView, open_writer

__all__ = ["Stored"]

_BOUNDS: dict[str, tuple[int, int, int]] = {}


class Stored:
    """A state file in a temporary directory; a context manager that removes it."""

    def __init__(self, settings: Settings, source: str) -> None:
        self._source = source
        self._directory = tempfile.TemporaryDirectory(prefix="apiwatch-bench-")
        self._path = Path(self._directory.name) / "state.db"
        self._writer = open_writer(self._path, retention=settings.retention)
        self._epoch = self._writer.acquire(0, "bench").epoch

    def __enter__(self) -> "Stored":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._directory.cleanup()

    def write(self, engine: Engine, lines: int) -> list[AlertEvent]:
        """Commit all that changed since the last time; returns the events among it."""
        delta = engine.take()
        health = engine.health()
        view = HealthView(
            state="live", message="", pid=0, owner="bench", started=0.0, heartbeat=health.watermark,
            watermark=health.watermark, lag_s=0.0, backlog_bytes=0, lines=lines, lines_per_s=0.0, requests=lines,
            unparsed=0, skipped=0, late=0, dropped=0, cut=0, bounds=_BOUNDS,
        )  # fmt: skip
        self._writer.commit(0, self._epoch, {self._source: str(lines)}, delta, view, ())
        return delta.events

    def size(self) -> int:
        """Bytes of the file, with its journal."""
        return sum(path.stat().st_size for path in self._path.parent.iterdir())
