"""Opening the state file for a command that only looks or says something."""

import asyncio
import glob
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import StoreBusyError, StoreError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.store import Control, Reader

__all__ = ["actor", "controlling", "reading", "require_read", "require_state"]


def require_state(path: Path) -> None:
    """Raise StoreError when there is no state file, with how to get one."""
    if not path.exists():
        raise StoreError(
            f"there is no state file {plain(str(path))}; start a collector with `apiwatch PATH` or `apiwatch collect "
            "PATH`, or name its state file with --db"
        )


def require_read(wanted: Sequence[str], path: Path, owner: str) -> None:
    """Raise StoreBusyError when the collector that works on a state file does not read what somebody wants to see."""
    names = set(asyncio.run(_sources(path)))
    for name in wanted:
        found = {
            name,
            str(Path(name).expanduser().absolute()),
            *(str(Path(match).absolute()) for match in glob.glob(name)),  # noqa: PTH207
        }
        if not found & names:
            raise StoreBusyError(
                f"a collector ({owner}) works on {plain(str(path))} and does not read {plain(name)}: look at "
                "what it reads with `apiwatch attach`, or start another one with --db FILE"
            )


async def _sources(path: Path) -> list[str]:
    async with reading(path) as reader:
        return [source.name for source in await reader.sources() if source.state != "ended"]


@asynccontextmanager
async def reading(path: Path, *, migrates: bool = True) -> "AsyncIterator[Reader]":
    """A reader on an existing state file. Raises StoreError and StoreVersionError."""
    from apiwatch.store import open_reader

    require_state(path)
    reader = await open_reader(path, migrates=migrates)
    try:
        yield reader
    finally:
        await reader.close()


@asynccontextmanager
async def controlling(path: Path, *, read_only: bool = False) -> "AsyncIterator[Control]":
    """What an operator says goes through here; `read_only` refuses it all. Raises StoreError and StoreVersionError."""
    from apiwatch.store import open_control, read_only_control

    require_state(path)
    control = read_only_control() if read_only else await open_control(path)
    try:
        yield control
    finally:
        await control.close()


def actor() -> str:
    """Who says it: the user behind sudo, else the user of this process, at this host."""
    import getpass
    import os
    import socket

    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return plain(f"{user}@{socket.gethostname()}", 128)
