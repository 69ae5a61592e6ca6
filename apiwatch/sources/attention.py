"""Which files to look at now: what something happened to, what cannot be watched, and each once in a while."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence

from apiwatch.sources.tail import FileSource
from apiwatch.sources.watching import Watcher

__all__ = ["SAFETY_SECONDS", "Attention"]

SAFETY_SECONDS = 10.0
"""Every file is looked at so often, whatever inotify tells."""
_SLICE_SECONDS = 1.0


class Attention:
    """Turns of sources, by name."""

    def __init__(self, poll_interval: float, *, watching: bool) -> None:
        self._poll_interval = poll_interval
        self._watcher = Watcher(enabled=watching)
        self._awake: dict[str, None] = {}
        self._polled: dict[str, None] = {}
        """Not watched, or in a state that time alone ends."""
        self._watched: dict[str, tuple[tuple[int, int], ...]] = {}
        """Which open files were watched, or could not be, by name."""
        self._next_poll = 0.0
        self._rest: list[str] = []
        self._looked = time.monotonic()
        self.globs = True
        """Whether other files may match a glob now; to be reset by whoever looks."""

    @property
    def fileno(self) -> int:
        """Readable when there is something to look at; -1 without inotify."""
        return self._watcher.fileno

    @property
    def busy(self) -> bool:
        """Whether a source is to be looked at now."""
        return bool(self._awake)

    @property
    def patience(self) -> float:
        """Seconds until the next look, unless something happens."""
        return self._poll_interval if self._polled else _SLICE_SECONDS

    def wake(self, name: str) -> None:
        """Let a source have a turn."""
        self._awake[name] = None

    def turn(self, sources: Mapping[str, FileSource]) -> Sequence[str]:
        """Names of the sources to look at now; say `looked` or `wake` of each that was."""
        now = time.monotonic()
        woken = self._watcher.take()
        self.globs = self.globs or woken.globs or woken.everything
        self._lost(woken.lost)
        for name in woken.named | woken.lost:
            if name in sources:
                sources[name].look_at_name()
        self._awake.update(dict.fromkeys((*woken.written, *woken.named, *woken.lost)))
        if woken.everything:
            self._awake.update(dict.fromkeys(sources))
        if now >= self._next_poll:
            self._awake.update(self._polled)
            self._next_poll = now + self._poll_interval
        self._look_around(now, sources)
        turn, self._awake = list(self._awake), {}
        return turn

    def _look_around(self, now: float, sources: Mapping[str, FileSource]) -> None:
        """Wake a part of all sources, so that each has a turn within `SAFETY_SECONDS`."""
        elapsed = now - self._looked
        if elapsed < _SLICE_SECONDS:
            return
        self._looked = now
        if not self._rest:
            self._rest = list(sources)
            lost, globs = self._watcher.verify()
            self._lost(lost)
            self.globs = True if globs else self.globs
            for name in self._polled:
                self._watched.pop(name, None)
        count = math.ceil(len(sources) * min(1.0, elapsed / SAFETY_SECONDS))
        self._awake.update(dict.fromkeys(self._rest[:count]))
        del self._rest[:count]

    def _lost(self, names: Iterable[str]) -> None:
        for name in names:
            self._watched.pop(name, None)

    def looked(self, source: FileSource) -> None:
        """A source has nothing more to deliver now: watch it, or look again by and by."""
        name = source.name
        if source.finished:
            self.drop(name)
            return
        files = source.open_files
        identities = tuple(files)
        if self._watched.get(name) != identities:
            self._watched[name] = identities
            source.unwatched = self._watcher.watch(name, files.values())
            if source.unwatched is None:  # what happened before is not told
                source.look_at_name()
                self._awake[name] = None
        if source.unwatched is None and not source.restless:
            self._polled.pop(name, None)
        else:
            self._polled[name] = None

    def watch_globs(self, patterns: Sequence[str]) -> bool:
        """Wait for files that match these absolute globs; False when one has to look for them."""
        return self._watcher.watch_globs(patterns)

    def drop(self, name: str) -> None:
        """Forget a source."""
        for names in (self._awake, self._polled, self._watched):
            names.pop(name, None)
        self._watcher.drop(name)

    def close(self) -> None:
        """Stop watching."""
        self._watcher.close()
