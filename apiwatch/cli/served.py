"""What a dashboard that is seen in a browser owes the machine that it runs on."""

import asyncio
import os
import resource
import time
from collections.abc import Callable
from threading import Thread

__all__ = ["end_with", "forbid_files"]

_LEAVING_S = 3.0


def end_with(lifeline: int, leave: Callable[[], object]) -> None:
    """Call `leave` in this event loop when the other end of a pipe is closed, and end the process if it stays.

    Nobody else would end it: the server is gone, and with it whoever reads what is drawn.
    """
    loop = asyncio.get_running_loop()
    os.set_inheritable(lifeline, False)

    def watch() -> None:
        os.read(lifeline, 1)
        if not loop.is_closed():
            loop.call_soon_threadsafe(leave)
        time.sleep(_LEAVING_S)
        os._exit(1)

    Thread(target=watch, name="lifeline", daemon=True).start()


def forbid_files() -> None:
    """From now on this process cannot write a byte to any file (pipes are none), whatever a key asks for.

    Called when the state file is open, since SQLite may first have to write its index of the log (`-shm`).
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
