"""A server that writes a log: `python -m tests.collector.writing SOURCE TARGET SECONDS SEED`.

It appends SOURCE to TARGET within about SECONDS, in pieces that may end in the middle of a line.
"""

import os
import random
import sys
import time
from pathlib import Path


def main(source: str, target: str, seconds: float, seed: int) -> None:
    data = Path(source).read_bytes()
    chance = random.Random(seed)  # noqa: S311  test data
    begin, done = time.monotonic(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    while done < len(data):
        due = min(len(data), int(len(data) * (time.monotonic() - begin) / seconds))
        while done < due:
            piece = data[done : min(due, done + chance.randrange(1, 8192))]
            done += os.write(descriptor, piece)
        time.sleep(chance.random() * 0.03)
    os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
