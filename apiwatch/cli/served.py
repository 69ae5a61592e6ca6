"""What a dashboard that is seen in a browser owes the machine that it runs on."""

import asyncio
import os
import resource
from collections.abc import Callable

__all__ = ["end_with", "forbid_files"]


def end_with(lifeline: int, leave: Callable[[], object]) -> None:
    """Call `leave` when the other end of a pipe is closed; the event loop must run."""
    loop = asyncio.get_running_loop()
    os.set_inheritable(lifeline, False)

    def closed() -> None:
        loop.remove_reader(lifeline)
        leave()

    loop.add_reader(lifeline, closed)


def forbid_files() -> None:
    """From now on this process cannot write a byte to any file (pipes are none), whatever a key asks for.

    Called when the state file is open, since SQLite may first have to write its index of the log (`-shm`).
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
