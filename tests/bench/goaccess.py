"""The peer that speed is measured against: GoAccess (Debian's package `goaccess`), whole runs on a generated log."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["FORMATS", "Figure", "command", "environment", "measure"]

FORMATS = {"combined": "COMBINED", "common": "COMMON", "vhost": "VCOMBINED"}
"""Our name of a format -> theirs."""


class Figure(NamedTuple):
    """One run of one program."""

    seconds: float
    peak_mb: float
    processor: float = 0.0
    """Seconds of processor time, user and system."""


def command(log: Path, format_name: str) -> list[str]:
    """GoAccess reading a log and writing its report as JSON beside it; ends the program when it is not installed."""
    goaccess = shutil.which("goaccess")
    if goaccess is None:
        sys.exit("goaccess is not installed; on Debian: apt-get install goaccess")
    options = (f"--log-format={FORMATS[format_name]}", "--no-global-config", "--no-progress")
    return [goaccess, str(log), *options, "-o", str(log.with_name("report.json"))]


def environment(directory: str) -> dict[str, str]:
    """That of this process, but with the user's files in a directory."""
    return {**os.environ, "HOME": directory, "XDG_STATE_HOME": directory, "XDG_CONFIG_HOME": directory}


def measure(words: Sequence[str], variables: dict[str, str]) -> Figure:
    """Wall-clock seconds and peak resident memory of a whole process; raises RuntimeError when it fails."""
    with tempfile.TemporaryFile() as messages:
        begin = time.perf_counter()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages, env=variables
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            raise RuntimeError(f"{words[0]} ended with {process.returncode}: {messages.read(2000)!r}")
    # Linux counts ru_maxrss in KiB.
    return Figure(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)
