"""Other programs as validators: found in the usual places, run without a shell, input, network or much patience."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apiwatch.text import plain

__all__ = ["Outcome", "find", "first_able", "isolated", "run"]

_PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
_PATIENCE_S = 20.0
_OUTPUT = 4000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended."""

    code: int | None
    """Exit code; None when it could not be started or did not end in time."""
    output: str
    """Standard error and standard output, printable, at most 4000 characters."""

    @property
    def ok(self) -> bool:
        """It ended with 0."""
        return self.code == 0


def find(name: str) -> str | None:
    """Absolute path of a program on PATH or in a directory for administrators; None when it is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_PLACES))
    return shutil.which(name, path=path)


def isolated(arguments: Sequence[str]) -> list[list[str]]:
    """Ways to run the command in a network namespace of its own, where it cannot touch the machine's firewall.

    The best one first: in a user namespace, which is all that others than root may have, netlink messages are small.
    Empty when util-linux's `unshare` is not installed.
    """
    unshare = find("unshare")
    if unshare is None:
        return []
    mapped = [unshare, "--map-root-user", "--net", "--", *arguments]
    return [[unshare, "--net", "--", *arguments], mapped] if os.geteuid() == 0 else [mapped]


def first_able(commands: Sequence[list[str]], probe: str, directory: Path) -> tuple[list[str] | None, str]:
    """The first command that accepts a file which is known to be right; else None, and why the first one does not."""
    reason = ""
    for command in commands:
        outcome = run([*command, probe], directory)
        if outcome.ok:
            return command, ""
        reason = reason or outcome.output
    return None, reason or "unshare (util-linux) is not installed"


def run(arguments: Sequence[str], directory: Path) -> Outcome:
    """Run to the end in a directory, at most 20 seconds."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument vector of fixed words and paths of our own
            arguments,
            cwd=directory,
            env={"PATH": os.pathsep.join(_PLACES), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, f"{arguments[0]} did not end within {_PATIENCE_S:.0f} seconds")
    except OSError as error:
        return Outcome(None, f"{arguments[0]} cannot be started: {error.strerror}")
    text = (done.stderr + b"\n" + done.stdout)[: 4 * _OUTPUT].decode("utf-8", "replace")
    lines = [plain(line, 400) for line in text.splitlines() if line.strip()]
    return Outcome(done.returncode, "\n".join(lines)[:_OUTPUT])
