"""A program that follows four files of a directory and writes to them; prints what their sources say of themselves."""

import asyncio
import sys
from pathlib import Path

from apiwatch.sources import Feed, FeedOptions


async def follow(directory: Path) -> None:
    names = [directory / f"{number}.log" for number in range(4)]
    for name in names:
        name.write_bytes(b"old\n")
    options = FeedOptions(paths=(str(directory / "*.log"),), since="start", poll_interval=0.05)
    feed = Feed(options, offsets={}, time_of=lambda _: None)
    await feed.open()
    lines: list[bytes] = []

    async def read(number: int) -> None:
        while len(lines) < number:
            lines.extend((await anext(feed)).lines)

    async with asyncio.timeout(10):
        await read(4)
        for name in names:
            with name.open("ab") as file:
                file.write(b"new of " + name.name.encode() + b"\n")
        await read(8)
        (directory / "4.log").write_bytes(b"later\n")
        await read(9)
    sys.stdout.writelines(f"{line!r}\n" for line in sorted(lines[4:]))
    sys.stdout.writelines(f"{one.message or one.state}\n" for one in feed.statuses()[:4])
    await feed.aclose()


if __name__ == "__main__":
    asyncio.run(follow(Path(sys.argv[1])))
