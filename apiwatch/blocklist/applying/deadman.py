"""The dead-man: a process of its own that takes an apply back at its deadline unless somebody has kept it.

It has its own session and no terminal, so it outlives the terminal, the SSH connection and the process that started it,
even one that is killed. It has read all that it needs, and has said so, before the firewall changes.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

from apiwatch.blocklist.applying.records import LATEST_START_S, Record, Records
from apiwatch.errors import ApplyError

__all__ = ["arm", "stand_by"]

_ARMED = b"armed\n"
_POLL_S = 0.2
_ATTEMPTS = 5


def arm(records: Records, record: Record) -> None:
    """Start the dead-man of an apply and wait until it is ready; ApplyError when it does not get so far."""
    reading, writing = os.pipe()
    try:
        arguments = ["block", "rollback", "--apply", record.id, "--records", str(records.directory.absolute())]
        with subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", "apiwatch", *arguments, "--ready", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(writing,),
            start_new_session=True,
        ) as process:
            os.close(writing)
            writing = -1
            ready, _, _ = select.select([reading], [], [], LATEST_START_S)
            if ready and os.read(reading, len(_ARMED)) == _ARMED:
                process.returncode = 0  # it lives on; nobody waits for it
                return
            process.kill()
    except OSError as error:
        raise ApplyError(f"the rollback cannot be armed ({error.strerror}), so nothing was changed") from None
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
    raise ApplyError("the rollback could not be armed, so nothing was changed; `apiwatch doctor` may know why")


def stand_by(records: Records, record: Record, ready: int, roll_back: Callable[[], object]) -> None:
    """Be the dead-man: wait for the deadline or a decision, then call `roll_back`, again when it fails.

    `ready` is a file descriptor that is told when all is in place. The end of the machine (SIGTERM) counts as the
    deadline. Raises ApplyError when `roll_back` keeps failing.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTTOU, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    ended = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    until = time.monotonic() + (record.keep_for or 0.0)
    records.begin(record, time.time())
    os.write(ready, _ARMED)
    os.close(ready)
    while time.monotonic() < until and not ended:
        if records.outcome(record.id) is not None:
            return
        time.sleep(min(_POLL_S, max(0.0, until - time.monotonic())))
    for attempt in range(_ATTEMPTS):
        try:
            roll_back()
        except ApplyError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(1.0)
        else:
            return
