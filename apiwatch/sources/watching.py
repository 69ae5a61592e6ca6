"""What the kernel tells by inotify about the files that are followed, their directories, and those of globs."""

import errno
import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from inotify_simple import INotify, flags

from apiwatch.sources.filesystems import Filesystems, tells_of_writes

__all__ = ["Watcher", "Woken"]

_FILE = int(flags.MODIFY)
_DIRECTORY = (
    flags.CREATE
    | flags.DELETE
    | flags.MOVED_FROM
    | flags.MOVED_TO
    | flags.ATTRIB
    | flags.DELETE_SELF
    | flags.MOVE_SELF
    | flags.ONLYDIR
)
_LOST = flags.DELETE_SELF | flags.MOVE_SELF | flags.UNMOUNT | flags.IGNORED
_NO_WATCHES = "no inotify watches are left (sysctl fs.inotify.max_user_watches)"


class Woken(NamedTuple):
    """What has happened since the last look."""

    written: set[str]
    """Names of sources whose files were written to."""
    named: set[str]
    """Names of sources under whose name something else may be now."""
    lost: set[str]
    """Names of sources that are not watched any more."""
    globs: bool
    """Whether other files may match a glob now."""
    everything: bool
    """Whether the kernel has lost events."""


class _Directory:
    """A watched directory."""

    def __init__(self, path: str, identity: tuple[int, int]) -> None:
        self.path = path
        self.identity = identity
        self.entries: dict[str, set[str]] = {}
        """Names of sources by file name."""
        self.patterns: set[str] = set()
        """What file names in it are of interest to globs."""


class _Unwatched(Exception):
    """It cannot be watched; the text says why, '' when that goes without saying."""


def _directories_of(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Directories in which absolute globs may match something new, and what file names are of interest there.

    The interest is empty when not all directories can be named.
    """
    for pattern in patterns:
        parts = Path(pattern).parts
        if "**" in parts:
            yield pattern, ""
            continue
        first = next((index for index, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
        yield str(Path(*parts[:first])), parts[first]
        for end in range(first + 1, len(parts)):
            for path in glob.glob(str(Path(*parts[:end]))):  # noqa: PTH207 - Path.glob takes no absolute pattern
                if Path(path).is_dir():
                    yield path, parts[end]


class Watcher:
    """Watches open files by their inode, whatever their names are, and directories for what happens to names.

    Nothing of it is safe for threads, except `fileno`.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self._inotify: INotify | None = None
        self._problem = ""
        try:
            self._inotify = INotify() if enabled else None
        except OSError as error:
            self._problem = f"inotify cannot be used: {os.strerror(error.errno or 0).lower()}"
        self.fileno = self._inotify.fileno() if self._inotify is not None else -1
        """Readable when something has happened; -1 without inotify."""
        self._files: dict[int, set[str]] = {}
        self._directories: dict[int, _Directory] = {}
        self._paths: dict[str, int] = {}
        self._watched: dict[str, tuple[set[int], set[str]]] = {}
        """Watches of files and paths of directories by name of a source."""
        self._filesystems = Filesystems()

    # -- watching --------------------------------------------------------------------------------------------------

    def watch(self, name: str, files: Iterable[int]) -> str | None:
        """Watch these open files, and the directory of `name` (with a link: of its target, too), for this source.

        None when all of that works; else why not, and nothing is watched. Then read once more: what was written before
        is not told.
        """
        old_files, old_paths = self._watched.pop(name, (set(), set()))
        new_files: set[int] = set()
        new_paths: set[str] = set()
        why: str | None = None
        try:
            for descriptor in files:
                watch = self._add(descriptor, _FILE)
                self._files.setdefault(watch, set()).add(name)
                new_files.add(watch)
            for path in dict.fromkeys((name, os.path.realpath(name))):
                directory = self._directory(str(Path(path).parent))
                directory.entries.setdefault(Path(path).name, set()).add(name)
                new_paths.add(path)
        except _Unwatched as error:
            why = str(error)
            old_files, new_files = old_files | new_files, set()
            old_paths, new_paths = old_paths | new_paths, set()
        self._release(name, old_files - new_files, old_paths - new_paths)
        if why is None:
            self._watched[name] = (new_files, new_paths)
        return why

    def drop(self, name: str) -> None:
        """Watch nothing for this source any more."""
        self._release(name, *self._watched.pop(name, (set(), set())))

    def watch_globs(self, patterns: Iterable[str]) -> bool:
        """Watch the directories where files may match these absolute globs; False when that is not possible for all."""
        wanted: dict[int, set[str]] = {}
        possible = True
        for path, interest in _directories_of(patterns):
            if not interest:
                possible = False
                continue
            try:
                self._directory(path)
                wanted.setdefault(self._paths[path], set()).add(interest)
            except _Unwatched:
                possible = False
        for watch, directory in tuple(self._directories.items()):
            directory.patterns = wanted.get(watch, set())
            self._tidy(watch)
        return possible

    def _add(self, descriptor: int, mask: int) -> int:
        if self._inotify is None:
            raise _Unwatched(self._problem)
        kind = self._filesystems.kind(descriptor)
        if not tells_of_writes(kind):
            raise _Unwatched(f"inotify does not see all writes on {kind}" if kind else "")
        try:
            watch: int = self._inotify.add_watch(f"/proc/self/fd/{descriptor}", mask)
        except OSError as error:
            raise _Unwatched(_NO_WATCHES if error.errno in (errno.ENOSPC, errno.ENOMEM) else "") from None
        return watch

    def _directory(self, path: str) -> _Directory:
        if path in self._paths:
            return self._directories[self._paths[path]]
        try:
            descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            raise _Unwatched("") from None
        try:
            status = os.fstat(descriptor)
            watch = self._add(descriptor, _DIRECTORY)
        finally:
            os.close(descriptor)
        if watch in self._directories:  # the same directory by another path
            self._paths[path] = watch
            return self._directories[watch]
        self._paths[path] = watch
        directory = self._directories[watch] = _Directory(path, (status.st_dev, status.st_ino))
        return directory

    # -- letting go ------------------------------------------------------------------------------------------------

    def _release(self, name: str, files: set[int], paths: set[str]) -> None:
        for watch in files:
            names = self._files.get(watch, set())
            names.discard(name)
            if not names and self._files.pop(watch, None) is not None:
                self._remove(watch)
        for path in paths:
            above = str(Path(path).parent)
            if above in self._paths:
                entries = self._directories[self._paths[above]].entries
                names = entries.get(Path(path).name, set())
                names.discard(name)
                if not names:
                    entries.pop(Path(path).name, None)
                self._tidy(self._paths[above])

    def _tidy(self, watch: int) -> None:
        directory = self._directories[watch]
        if not directory.entries and not directory.patterns:
            self._forget(watch)

    def _forget(self, watch: int) -> None:
        del self._directories[watch]
        self._paths = {path: other for path, other in self._paths.items() if other != watch}
        self._remove(watch)

    def _remove(self, watch: int) -> None:
        if self._inotify is not None:
            with suppress(OSError):  # gone with its file
                self._inotify.rm_watch(watch)

    # -- being told ------------------------------------------------------------------------------------------------

    def take(self) -> Woken:
        """What has happened; does not wait."""
        written: set[str] = set()
        named: set[str] = set()
        lost: set[str] = set()
        globs = everything = False
        for watch, mask, _, name in self._inotify.read(timeout=0) if self._inotify is not None else ():
            if mask & flags.Q_OVERFLOW:
                everything = True
            elif watch in self._files:
                written |= self._files[watch]
                if mask & flags.IGNORED:
                    del self._files[watch]
            elif watch in self._directories:
                directory = self._directories[watch]
                if mask & _LOST:
                    globs = globs or bool(directory.patterns)
                    lost.update(*directory.entries.values())
                    self._forget(watch)
                    continue
                named |= directory.entries.get(name, set())
                globs = globs or any(fnmatch.fnmatchcase(name, pattern) for pattern in directory.patterns)
        return Woken(written, named, lost, globs, everything)

    def verify(self) -> tuple[set[str], bool]:
        """Let go of directories that have another place now (a parent was renamed, a link points elsewhere).

        The names of their sources, and whether globs are concerned.
        """
        self._filesystems.forget()
        lost: set[str] = set()
        globs = False
        for path, watch in tuple(self._paths.items()):
            directory = self._directories.get(watch)
            if directory is None:
                continue
            try:
                status = Path(path).stat()
                same = (status.st_dev, status.st_ino) == directory.identity
            except OSError:
                same = False
            if not same:
                globs = globs or bool(directory.patterns)
                lost.update(*directory.entries.values())
                self._forget(watch)
        return lost, globs

    def close(self) -> None:
        """Stop watching; a second call does nothing."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
