"""Files that were named or match a glob, opened and checked when the feed is opened."""

import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from apiwatch.errors import InputError
from apiwatch.sources.content import NotRegular, Opened, binary_reason, open_content
from apiwatch.sources.packed import Damaged
from apiwatch.sources.rotation import LIVE, rotation
from apiwatch.sources.tail import FileSource

__all__ = ["Candidate", "Candidates", "absolute", "expand", "is_rotated"]


class Candidate:
    """A path that was given or matched a glob, as it was when the feed was opened."""

    def __init__(self, name: str, opened: Opened | None, *, rotated: bool = False, refused: str = "") -> None:
        self.name = name
        self.opened = opened
        """None: it is not there, may not be read, or is refused."""
        self.rotated = rotated
        self.refused = refused
        """Why a file that only matched a glob is not read."""
        self.rank = rotation(Path(name).name).rank
        self.source: FileSource | None = None
        self.position: int | None = None
        """How far an earlier run has read it; None when it is not known."""

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return self.opened is not None and self.opened.content.packed

    def close(self) -> None:
        """Close the file."""
        if self.opened is not None:
            self.opened.content.close()
            self.opened = None


class Candidates:
    """Expands the patterns of a feed; after `find`, `globs` and `pipes` say what else there is."""

    def __init__(self, patterns: Sequence[str], *, follow: bool) -> None:
        self._patterns = patterns
        self._follow = follow
        self.globs: list[str] = []
        """Patterns that files may match later."""
        self.pipes: list[str] = []
        """Paths of named pipes and devices: to be read as streams."""
        self.names: dict[str, bool] = {}
        """Absolute paths, and whether each was named and not only matched."""

    def expand(self) -> None:
        """Fill `globs` and `names`. Raises InputError for a glob without any file when nothing is waited for."""
        for pattern in self._patterns:
            expanded, is_glob = expand(pattern)
            if is_glob:
                self.globs.append(pattern)
                if not expanded and not self._follow:
                    raise InputError(f"{pattern}: no file matches; check the path.")
            for name in expanded:
                self.names[name] = self.names.get(name, False) or not is_glob

    def open(self, name: str) -> Candidate | None:
        """Open one of the `names`; None when there is nothing to read (not yet), or it is a stream.

        Raises InputError when a file that was named cannot be an input.
        """
        explicit = self.names[name]
        opened: Opened | None = None
        try:
            opened = open_content(name)
            reason = binary_reason(opened.content)
        except NotRegular as error:
            if explicit:
                self._not_regular(name, error.mode)
            return None
        except FileNotFoundError:
            if explicit and not self._follow:
                raise InputError(f"{name}: no such file; check the path.") from None
            _check_parents(name)
            return Candidate(name, None) if explicit else None
        except NotADirectoryError:
            raise InputError(f"{name}: a part of this path is a file, not a directory; check the path.") from None
        except PermissionError:
            if explicit and not self._follow:
                raise InputError(f"{name}: no permission to read it; run as a user who may (group adm?).") from None
            return Candidate(name, None)
        except Damaged as error:
            reason = f"cannot be read: {error}"
        except OSError as error:
            if opened:
                opened.content.close()
            raise InputError(f"{name}: cannot be read: {os.strerror(error.errno or 0)}.") from None
        if reason is None and opened is not None:
            return Candidate(name, opened, rotated=opened.content.packed or is_rotated(name))
        if opened is not None:
            opened.content.close()
        if explicit:
            raise InputError(f"{name} {reason}.")
        return Candidate(name, None, rotated=True, refused=reason or "")

    def _not_regular(self, name: str, mode: int) -> None:
        if stat.S_ISDIR(mode):
            raise InputError(f"{name} is a directory: name files in it, or a glob such as '{name.rstrip('/')}/*.log'.")
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            self.pipes.append(name)
            return
        if stat.S_ISSOCK(mode):
            raise InputError(f"{name} is a socket: to receive syslog there, remove it and use --syslog unix://{name}.")
        raise InputError(f"{name} is a device: give a log file.")


def is_rotated(name: str) -> bool:
    """Whether its name is one that rotation gives, and the live file of that name exists."""
    path = Path(name)
    base = rotation(path.name)
    return base.rank != LIVE and path.with_name(base.base).exists()


def _check_parents(name: str) -> None:
    for parent in Path(name).parents:
        if parent.exists():
            if not parent.is_dir():
                raise InputError(f"{name}: {parent} is not a directory; check the path.")
            return


def absolute(pattern: str) -> str:
    """A path or glob from the root on, with ~ replaced."""
    return str(Path(pattern).expanduser().absolute())


def expand(pattern: str) -> tuple[list[str], bool]:
    """Absolute paths for a path or glob, sorted, and whether it is a glob; a path that exists is never one."""
    path = Path(absolute(pattern))
    if not glob.has_magic(pattern) or os.path.lexists(path):
        return [str(path)], False
    return sorted(glob.glob(str(path), recursive=True)), True  # noqa: PTH207 - Path.glob takes no absolute pattern
