"""Programs that change a firewall: argument vectors without a shell, with an end in sight."""

import os
import subprocess
from collections.abc import Callable, Sequence
from typing import NamedTuple

from apiwatch.blocklist.running import find
from apiwatch.text import plain

__all__ = ["MISSING", "SLOW", "Ran", "Run", "run", "said"]

MISSING = 127
"""`Ran.rc` of a program that is not installed or cannot be started."""

SLOW = 124
"""`Ran.rc` of a program that did not end in time."""

_OUTPUT = 400


class Ran(NamedTuple):
    """How a program ended."""

    rc: int
    out: str
    err: str


Run = Callable[..., Ran]
"""run(argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Ran; see `run`."""


def run(argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Ran:
    """Run a program to its end; nothing is raised for how it ends.

    The program is looked for on PATH and where administrators' programs are. It speaks English, and is killed after
    `timeout` seconds. Output is decoded as UTF-8 and otherwise as it came: `plain` it before it is shown.
    """
    program = argv[0] if os.sep in argv[0] else find(argv[0])
    if program is None:
        return Ran(MISSING, "", f"{argv[0]} is not installed here")
    try:
        done = subprocess.run(  # noqa: S603 - an argument vector, no shell
            [program, *argv[1:]],
            input=stdin,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(SLOW, "", f"{argv[0]} did not end within {timeout:.0f} seconds")
    except OSError as error:
        return Ran(MISSING, "", f"{argv[0]} cannot be started: {error.strerror}")
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def said(ran: Ran) -> str:
    """What a program said about its failure, printable, on one line; never ''."""
    text = " ".join((ran.err.strip() or ran.out.strip()).split())
    return plain(text, _OUTPUT) if text else f"exit code {ran.rc}"
