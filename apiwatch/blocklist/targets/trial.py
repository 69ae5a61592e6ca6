"""Validators that have no check mode: the file is loaded for real, in a namespace that ends with the command."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from apiwatch.blocklist.running import find, first_able, isolated, run
from apiwatch.blocklist.target import CheckResult

__all__ = ["trial"]


def trial(tool: str, words: Sequence[str], probe: str, content: bytes, *, alone: bool = False) -> CheckResult:
    """What a program says about a file whose name is put behind `words`.

    `probe` is a file that it must take where it can work at all. With `alone` the command changes nothing, so it may
    run without a namespace where there is none.
    """
    program = find(tool)
    if program is None:
        return CheckResult(False, False, tool, f"{tool} is not installed here")
    command = [program, *words]
    with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
        directory = Path(name)
        (directory / "probe").write_text(probe)
        (directory / "apiwatch").write_bytes(content)
        able, reason = first_able([*isolated(command), *([command] if alone else [])], "probe", directory)
        if able is None:
            return CheckResult(False, False, tool, f"{tool} cannot check here: {reason}")
        outcome = run([*able, "apiwatch"], directory)
    return CheckResult(outcome.code is not None, outcome.ok, tool, outcome.output)
