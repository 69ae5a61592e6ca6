"""Standard input and named pipes."""

import asyncio
import bz2
import gzip
import lzma
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from apiwatch.errors import InputError
from apiwatch.sources import FeedOptions
from apiwatch.sources.pipe import AHEAD_BYTES, PipeStream
from tests.sources.kit import descriptors, eventually, joined, tapped, timed

BASE = FeedOptions(paths=(), poll_interval=0.01)


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """Read end and write end of a pipe; a test may close the write end."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    with suppress(OSError):
        os.close(writing)


@pytest.mark.parametrize("follow", [True, False])
async def test_a_pipe_is_read_to_its_end(ends: tuple[int, int], follow: bool) -> None:
    reading, writing = ends
    async with tapped(options=replace(BASE, stdin_fd=reading), follow=follow) as tap:
        os.write(writing, b"one\r\ntw")
        assert await tap.count(1) == [b"one"]
        assert tap.status("stdin").state == "following"
        os.write(writing, b"o\n\nunfinished")
        os.close(writing)
        assert await tap.rest() == [b"one", b"two", b"", b"unfinished"]
        assert (tap.status("stdin").kind, tap.status("stdin").state) == ("stdin", "ended")
        assert tap.offsets == {"stdin": "n4"}
    assert os.fstat(reading)


async def test_non_blocking_mode_does_not_reach_those_who_share_the_pipe(ends: tuple[int, int]) -> None:
    reading, writing = ends
    async with tapped(options=replace(BASE, stdin_fd=reading)) as tap:
        assert os.get_blocking(reading)
        os.write(writing, b"one\n")
        await tap.count(1)
        assert os.get_blocking(reading)
    assert os.get_blocking(reading)
    assert os.get_blocking(writing)


@pytest.mark.parametrize("size", [0, 3, 1_000_000])
async def test_a_regular_file_as_standard_input(tmp_path: Path, size: int) -> None:
    log = tmp_path / "access.log"
    lines = [f"{number} ".encode() + b"x" * 90 for number in range(size // 100)]
    log.write_bytes(joined(lines) + b"end")
    with log.open("rb") as file:
        file.read(0)
        async with tapped(options=replace(BASE, stdin_fd=file.fileno())) as tap:
            assert await tap.rest() == [*lines, b"end"]
            assert tap.status("stdin").read_bytes == len(joined(lines)) + 3
            assert tap.status("stdin").state == "ended"


async def test_reading_goes_on_where_the_shell_has_stopped(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"header\nline\n")
    with log.open("rb", buffering=0) as file:
        file.read(7)
        async with tapped(options=replace(BASE, stdin_fd=file.fileno())) as tap:
            assert await tap.rest() == [b"line"]


@pytest.mark.parametrize(
    ("data", "tool"),
    [
        (gzip.compress(b"line\n"), "zcat"),
        (bz2.compress(b"line\n"), "bzcat"),
        (lzma.compress(b"line\n"), "xzcat"),
        (b"\x28\xb5\x2f\xfd\x04\n", "zstdcat"),
    ],
    ids=["gzip", "bzip2", "xz", "zstd"],
)
@pytest.mark.parametrize("first", [1, 2, 100])
async def test_compressed_data_says_what_to_do(ends: tuple[int, int], data: bytes, tool: str, first: int) -> None:
    reading, writing = ends
    async with tapped(options=replace(BASE, stdin_fd=reading)) as tap:
        os.write(writing, data[:first])
        if first < 100:
            await eventually(lambda: tap.status("stdin").read_bytes == first or tap.status("stdin").state == "error")
            os.write(writing, data[first:])
        assert await tap.rest() == []
        assert tap.status("stdin").state == "error"
        assert tap.status("stdin").message == f"is compressed: pipe it through {tool}"


async def test_a_directory_as_standard_input_is_refused(tmp_path: Path) -> None:
    before = descriptors()
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(InputError, match="standard input is a directory"):
            async with tapped(options=replace(BASE, stdin_fd=fd)):
                pass
    finally:
        os.close(fd)
    with pytest.raises(InputError, match="standard input cannot be read: Bad file descriptor"):
        async with tapped(options=replace(BASE, stdin_fd=fd)):
            pass
    assert {one for one in descriptors() - before if "/fd" not in one} == set()


async def test_a_named_pipe_is_opened_again_for_each_writer_and_loses_nothing(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    number = 300

    def write() -> None:
        for index in range(number):
            with fifo.open("wb", buffering=0) as file:
                file.write(b"line %d\n" % index)

    async with tapped(fifo) as tap:
        assert tap.status(fifo).state == "waiting"
        writing = asyncio.create_task(asyncio.to_thread(write))
        assert await tap.count(number) == [b"line %d" % index for index in range(number)]
        await writing
        await tap.until(lambda: tap.status(fifo).state == "waiting")
        assert tap.status(fifo).kind == "file"
        assert tap.offsets == {str(fifo): f"n{number}"}


async def test_the_end_of_a_writer_that_came_and_went_unseen_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with tapped(fifo) as tap:
        open_again = PipeStream._own_descriptor

        def late(stream: PipeStream) -> int:
            monkeypatch.setattr(PipeStream, "_own_descriptor", open_again)
            with fifo.open("wb", buffering=0) as file:
                file.write(b"two, unfinished")
            return open_again(stream)

        monkeypatch.setattr(PipeStream, "_own_descriptor", late)
        with fifo.open("wb", buffering=0) as file:
            file.write(b"one\n")
        assert await tap.count(2) == [b"one", b"two, unfinished"]
        await tap.until(lambda: tap.status(fifo).state == "waiting")


async def test_a_named_pipe_has_a_reader_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with tapped(fifo) as tap:
        open_again = PipeStream._own_descriptor

        def write_and_open(stream: PipeStream) -> int:
            writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)  # fails when nobody reads
            os.write(writer, b"second\n")
            os.close(writer)
            monkeypatch.setattr(PipeStream, "_own_descriptor", open_again)
            return open_again(stream)

        monkeypatch.setattr(PipeStream, "_own_descriptor", write_and_open)
        with fifo.open("wb", buffering=0) as file:
            file.write(b"first\n")
        assert await tap.count(2) == [b"first", b"second"]


async def test_a_writer_that_leaves_a_line_unfinished_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with tapped(fifo) as tap:
        for data in (b"unfinished", b"whole\n"):
            with fifo.open("wb", buffering=0) as file:
                file.write(data)
            await tap.until(lambda: tap.status(fifo).state == "waiting" and tap.number > 0)
        assert await tap.count(2) == [b"unfinished", b"whole"]


async def test_a_named_pipe_is_read_once_without_follow(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with tapped(fifo, follow=False) as tap:
        with fifo.open("wb", buffering=0) as file:
            file.write(b"one\ntwo\n")
        assert await tap.rest() == [b"one", b"two"]


async def test_a_pipe_of_the_shell_given_as_a_path(ends: tuple[int, int]) -> None:
    reading, writing = ends
    async with tapped(f"/dev/fd/{reading}") as tap:
        os.write(writing, b"one\n")
        os.close(writing)
        assert await tap.rest() == [b"one"]


async def test_a_named_pipe_that_is_removed_ends(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with tapped(fifo) as tap:
        with fifo.open("wb", buffering=0) as file:
            file.write(b"one\n")
            fifo.unlink()
        assert await tap.rest() == [b"one"]
        assert (tap.status(fifo).state, tap.status(fifo).message) == ("ended", "the pipe is gone")


class Pump(threading.Thread):
    """Writes the same bytes into a pipe for ever, until its read end is closed."""

    def __init__(self, fd: int, data: bytes) -> None:
        super().__init__(daemon=True)
        self._fd = fd
        self._data = data
        self.written = 0

    def run(self) -> None:
        with suppress(BrokenPipeError):
            while True:
                self.written += os.write(self._fd, self._data)


@pytest.mark.parametrize(
    "line", [b"\n", b"x\n", b"y" * 199 + b"\n", b"z" * 65_536], ids=["empty", "tiny", "usual", "endless"]
)
async def test_a_slow_consumer_makes_the_writer_wait(line: bytes) -> None:
    reading, writing = os.pipe()
    options = replace(BASE, stdin_fd=reading, queue_lines=10_000, batch_lines=500)
    pump = Pump(writing, line * (65_536 // len(line)))
    pump.start()
    try:
        async with tapped(options=options) as tap:
            size = taken = 0
            for _ in range(60):
                if line.endswith(b"\n"):
                    taken += len((await anext(tap.feed)).lines) * len(line)
                else:
                    before = tap.status("stdin").read_bytes
                    await eventually(lambda before=before: tap.status("stdin").read_bytes > before)  # type: ignore[misc]
                status = tap.status("stdin")
                assert status.backlog_bytes <= AHEAD_BYTES + 65_536
                size = max(size, status.read_bytes - taken)
            if line.endswith(b"\n"):
                assert size <= min(AHEAD_BYTES, 10_000 * len(line)) + 2 * 65_536
    finally:
        os.close(reading)
        pump.join(10)
        os.close(writing)
    assert not pump.is_alive()
    assert pump.written > 0


async def test_long_lines_of_a_pipe_are_cut_and_counted(ends: tuple[int, int]) -> None:
    reading, writing = ends
    async with tapped(options=replace(BASE, stdin_fd=reading, line_bytes=100)) as tap:
        data = joined([b"a" * 100, b"b" * 101, b"c" * 5_000_000, b"end"])

        def write() -> None:
            sent = 0
            while sent < len(data):
                sent += os.write(writing, data[sent:])
            os.close(writing)

        task = asyncio.create_task(asyncio.to_thread(write))
        assert await tap.rest() == [b"a" * 100, b"b" * 100, b"c" * 100, b"end"]
        await task
        assert tap.status("stdin").cut == 2
        assert sum(batch.cut for batch in tap.batches) == 2


async def test_standard_input_waits_until_the_histories_of_files_are_through(
    tmp_path: Path, ends: tuple[int, int]
) -> None:
    reading, writing = ends
    log = tmp_path / "access.log"
    log.write_bytes(joined(timed(0, 20_000)))
    os.write(writing, b"from the pipe\n")
    async with tapped(log, options=replace(BASE, stdin_fd=reading)) as tap:
        await tap.count(20_001)
        assert tap.lines[-1] == b"from the pipe"
