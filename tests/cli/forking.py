"""The real program in children of one process that has imported it already: an import costs more than most commands.

`Forks` is the client; run as a program with the number of a socket, this module is that process. Each command still has
a process, a session, descriptors, an environment and an exit of its own.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Forks"]

_LONGEST = 1 << 20
_PIECE = 1 << 16
_SELDOM = ("apiwatch.tui", "apiwatch.serve", "apiwatch.__main__")
"""What no command without a terminal needs."""


class Forks:
    """Runs commands one at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.forking", str(theirs.fileno())],
                env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._socket = ours

    @staticmethod
    @cache
    def of_this_process(pid: int) -> "Forks":
        """The one of a test process; `pid` tells processes apart that were forked themselves."""
        from tests.cli.program import environment

        assert pid == os.getpid()
        return Forks(environment(Path(os.devnull)))

    def run(
        self, arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code (negative: the signal), standard output and error; raises TimeoutExpired."""
        ends = [os.pipe() for _ in range(3)]
        (in_read, in_write), (out_read, out_write), (err_read, err_write) = ends
        order = {"arguments": list(arguments), "environment": dict(environment), "directory": str(Path.cwd())}
        socket.send_fds(self._socket, [json.dumps(order).encode()], [in_read, out_write, err_write])
        for end in (in_read, out_write, err_write):
            os.close(end)
        pid = int(self._socket.recv(_LONGEST))
        try:
            out, err = _exchanged(in_write, stdin, out_read, err_read, seconds)
        except TimeoutError:
            os.killpg(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), seconds) from None
        finally:
            os.close(out_read)
            os.close(err_read)
            code = int(self._socket.recv(_LONGEST))
        return code, out, err


def _exchanged(stdin: int, text: bytes, stdout: int, stderr: int, seconds: float) -> tuple[bytes, bytes]:
    """Write the input and read both outputs until they end; raises TimeoutError."""
    found: dict[int, bytearray] = {stdout: bytearray(), stderr: bytearray()}
    until = time.monotonic() + seconds
    os.set_blocking(stdin, False)
    with selectors.DefaultSelector() as selector:
        for end in found:
            selector.register(end, selectors.EVENT_READ)
        selector.register(stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            if time.monotonic() > until:
                raise TimeoutError
            for key, _ in selector.select(1.0):
                if key.fd == stdin:
                    with contextlib.suppress(BrokenPipeError):
                        text = text[os.write(stdin, text) :] if text else b""
                        if text:
                            continue
                    selector.unregister(stdin)
                    os.close(stdin)
                elif data := os.read(key.fd, _PIECE):
                    found[key.fd] += data
                else:
                    selector.unregister(key.fd)
    return bytes(found[stdout]), bytes(found[stderr])


def _serve(orders: socket.socket) -> None:
    import apiwatch

    for module in pkgutil.walk_packages(apiwatch.__path__, "apiwatch."):
        if not module.name.startswith(_SELDOM):
            importlib.import_module(module.name)
    gc.freeze()
    while True:
        data, descriptors, _, _ = socket.recv_fds(orders, _LONGEST, 3)
        if not data:
            return
        pid = os.fork()
        if pid == 0:
            orders.detach()
            _become(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        orders.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: dict[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Be the program from here on, to the end of this process."""
    from apiwatch.cli import main

    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(3, 1024)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["directory"])
    sys.stdin = open(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=sys.stderr.encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["apiwatch", *order["arguments"]]
    code: object = 1
    try:
        main()
    except SystemExit as ending:
        code = ending.code
    # What an interpreter does at its end, but for the destruction of all that was imported.
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        _serve(orders)
