"""A server's own check of its configuration, tried on a list within the least configuration that uses it."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from apiwatch.blocklist.running import find, run
from apiwatch.blocklist.target import CheckResult

__all__ = ["check_list"]


def check_list(
    programs: Sequence[str],
    file: str,
    harmless: bytes,
    content: bytes,
    ways: Callable[[str, Path], Sequence[list[str]]],
) -> CheckResult:
    """Check `content` in a directory that is then removed, with the first of the programs that is installed.

    `ways` gets the program and the directory, writes a configuration that includes `file`, and returns commands that
    check it. One that accepts neither `content` nor `harmless` cannot work here, and says nothing about the list.
    """
    tool = programs[0]
    program = next((path for name in programs if (path := find(name)) is not None), None)
    if program is None:
        return CheckResult(False, False, tool, f"{tool} is not installed here")
    with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # some servers check as another user
        reason = ""
        for arguments in ways(program, directory):
            (directory / file).write_bytes(content)
            (directory / file).chmod(0o644)
            outcome = run(arguments, directory)
            if outcome.ok:
                return CheckResult(True, True, tool, outcome.output)
            (directory / file).write_bytes(harmless)
            probe = run(arguments, directory)
            if probe.ok:
                return CheckResult(outcome.code is not None, False, tool, outcome.output)
            reason = reason or probe.output
    return CheckResult(False, False, tool, f"{tool} cannot check here: {reason or 'its parts were not found'}")
