"""Where files go and how they are named: never over another file, never by a name that a log chose."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from apiwatch.text import plain
from apiwatch.times import utc_of
from apiwatch.tui.crash import log_directory

__all__ = ["Saved", "places", "save"]

_SAFE = re.compile(r"[a-z][a-z0-9-]{0,40}")
_MODE = 0o600
_TRIES = 100


class Saved(Struct, frozen=True):
    """What became of a file."""

    told: str
    """One sentence for the foot."""
    path: Path | None
    """None when it was not written."""

    @property
    def farewell(self) -> list[str]:
        """What to say of it once the screen is gone."""
        return [f"apiwatch: {self.told}"] if self.path is not None else []


def places(db: str | None) -> list[Path]:
    """Directories to try: the current one, then that of the state file `db`."""
    try:
        current = [Path.cwd()]
    except OSError:
        current = []
    return [*current, log_directory(db)]


def save(
    content: str, kind: str, suffix: str, now: float, directories: Sequence[Path], *, typed: str = "", of: str = ""
) -> Saved:
    """Write `apiwatch-KIND-TIME.SUFFIX` (mode 0600) into the first directory that takes it, or the file that was typed.

    `of` says how much of the whole the content is, '' for all of it.
    `kind` and `suffix` are lower-case words of ours; ValueError for others. Nothing is replaced and nothing is raised
    for the disk's sake: a full or read-only one is told. Blocks: call it in a thread.
    """
    if not (_SAFE.fullmatch(kind) and _SAFE.fullmatch(suffix)):
        raise ValueError(f"{kind!r}.{suffix!r} is no name for a file")
    data = content.encode("utf-8", "replace")
    if typed.strip():
        path = Path(os.path.expanduser(typed.strip()))  # noqa: PTH111  Path.expanduser raises for unknown users
        if not path.is_dir():
            there = Saved(f"not saved: {_shown(path)} is there already; type another name", None)
            return _saved(path, data, of) or there
        directories = [path]
    last = Saved("not saved: there is no directory to write to", None)
    for directory in directories:
        for number in range(1, _TRIES):
            more = f"-{number}" if number > 1 else ""
            saved = _saved(directory / f"apiwatch-{kind}-{utc_of(now):%Y%m%dT%H%M%SZ}{more}.{suffix}", data, of)
            if saved is not None:
                last = saved
                break
        if last.path is not None:
            break
    return last


def _saved(path: Path, data: bytes, of: str) -> Saved | None:
    """What became of a file; None when there is one of this name."""
    from apiwatch.blocklist.writing import create_file

    try:
        create_file(path, data, _MODE)
    except FileExistsError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Saved(f"not saved: {_shown(path)}: {plain(reason)}; type the name of a file elsewhere", None)
    amount = ", ".join(filter(None, (of, f"{len(data):,} bytes")))
    return Saved(f"wrote {_shown(path)} ({amount})", path.absolute())


def _shown(path: Path) -> str:
    return plain(str(path.absolute()))
