"""A log that is written in real time."""

import os
import time
from pathlib import Path

import pytest

from apiwatch.cli.root import root


@pytest.mark.parametrize(("begins_ago", "lines"), [(None, 0), (30, 25)])
def test_only_what_is_past_is_written_at_once(tmp_path: Path, begins_ago: int | None, lines: int) -> None:
    log = tmp_path / "live.log"
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - (begins_ago or 0)))
    start = [] if begins_ago is None else [f"--start={moment}"]
    reading, writing = os.pipe()
    os.close(writing)
    try:
        words = ["simulate", "incident", f"--live={log}", f"--lifeline={reading}", "--minutes=2", "--rate=1", *start]
        root.main(words, standalone_mode=False)
    finally:
        os.close(reading)
    assert lines / 3 <= len(log.read_text().splitlines()) <= max(3, lines * 3), "the rest waits for its time"
