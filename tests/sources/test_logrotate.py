"""Rotation by the real logrotate, in all its ways, under a writer that never stops."""

import asyncio
import gzip
import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from apiwatch.sources import FeedOptions
from tests.sources.kit import tapped
from tests.sources.programs import program, ran

ROTATIONS = 3
WAYS = {
    "create": "create\ndelaycompress",
    "create compress": "create\ncompress",
    "create compress delaycompress": "create\ncompress\ndelaycompress",
    "create dateext compress": "create\ndateext\ndateformat -%Y%m%d-%H%M%S\ncompress",
    "create olddir": "create\nolddir {directory}/old",
    "create shred of all but one": "create\nrotate 1\ncompress",
    "copytruncate": "copytruncate",
    "copytruncate compress": "copytruncate\ncompress",
    "copytruncate dateext": "copytruncate\ndateext\ndateformat -%Y%m%d-%H%M%S",
}

PLAIN = ("create compress", "copytruncate compress")

WRITER = """
import signal, sys, time
from pathlib import Path

path = Path(sys.argv[1])
file = path.open("ab", buffering=0)

def reopen(*_):
    global file
    file.close()
    file = path.open("ab", buffering=0)

signal.signal(signal.SIGHUP, reopen)
number = 0
while not path.with_name("stop").exists():
    for _ in range(5):
        file.write(b"line %d of the log\\n" % number)
        number += 1
    time.sleep(0.005)
print(number)
"""


def kept(directory: Path) -> set[bytes]:
    """Lines of the log and of what logrotate has made of it."""
    found: set[bytes] = set()
    for path in directory.glob("access.log*"):
        data = path.read_bytes()
        found.update((gzip.decompress(data) if path.suffix == ".gz" else data).splitlines())
    return found


@pytest.mark.parametrize(
    ("way", "pattern"), [*((way, "access.log*") for way in WAYS), *((way, "access.log") for way in PLAIN)]
)
async def test_no_line_is_lost_or_doubled(tmp_path: Path, way: str, pattern: str) -> None:
    logrotate = program("logrotate")
    log, settings = tmp_path / "access.log", tmp_path / "logrotate.conf"
    (tmp_path / "old").mkdir()
    log.touch()
    how = WAYS[way].format(directory=tmp_path)
    rotate = "" if "\nrotate" in how else "rotate 20\n"
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(log), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    reopen = "" if way.startswith("copytruncate") else f"postrotate\nkill -HUP {writer.pid}; sleep 0.1\nendscript\n"
    user = "su root root\n" if os.geteuid() == 0 else ""
    settings.write_text(f"{log} {{\n{user}{rotate}{how}\n{reopen}}}\n")
    command = (logrotate, "--force", "--state", str(tmp_path / "state"), str(settings))
    async with tapped(tmp_path / pattern, options=FeedOptions(paths=())) as tap:
        await tap.count(50)
        for number in range(ROTATIONS):
            await ran(*command)
            await asyncio.sleep(1.0 if "dateext" in way else 0.0)  # the seconds in names must differ
            if number != 1 or "olddir" in way:  # else two rotations between two looks: nobody saw the file in between
                await tap.count(tap.number + 50)
        (tmp_path / "stop").touch()
        output, errors = await writer.communicate()
        assert writer.returncode == 0, errors.decode()
        written = [b"line %d of the log" % number for number in range(int(output))]
        await tap.until(lambda: written[-1] in tap.lines)
        with suppress(TimeoutError):  # nothing comes twice
            await asyncio.wait_for(tap.rest(), 0.3)
        doubled = Counter(tap.lines) - Counter(written)
        lost = Counter(written) - Counter(tap.lines)
        assert doubled == Counter(), "delivered twice"
        if way.startswith("copytruncate"):
            # What is written between the copy and the truncation is in no file any more.
            assert set(lost) & kept(tmp_path) == set()
        else:
            assert lost == Counter()
