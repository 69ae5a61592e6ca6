"""What must not grow: memory, offsets, open files; and races at the end of a file's life."""

import asyncio
import gzip
import os
import shutil
import threading
import tracemalloc
from pathlib import Path

import pytest

from apiwatch.sources import Feed, FeedOptions
from apiwatch.sources.fileset import FileSet
from apiwatch.sources.offsets import decode
from apiwatch.sources.options import Reading
from apiwatch.sources.seek import Since
from apiwatch.sources.siblings import Registry
from apiwatch.sources.tail import LINGER_SECONDS, FileSource, Peek
from tests.sources.kit import Clock, append, descriptors, free_port, joined, tapped, time_of, timed

READING = Reading(
    follow=True, poll_interval=0.001, line_bytes=400, batch_lines=50, time_of=time_of, clock=lambda: 1_000.0
)
LONGEST_OFFSET = 8192


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the rooms that read files."""
    clock = Clock()
    for module in ("attention", "fileset", "piece", "tail"):
        monkeypatch.setattr(f"apiwatch.sources.{module}.time", clock)
    return clock


class Files:
    """A file set that is stepped by hand."""

    def __init__(self, pattern: Path, offsets: dict[str, str] | None = None) -> None:
        self.lines: list[bytes] = []
        self.offsets: dict[str, str] = dict(offsets or {})
        self.longest = 0
        self.most_segments = 0
        self.set = FileSet([str(pattern)], READING, Since(None, "start"), self.offsets)
        self.set.open()

    def step(self, clock: Clock, seconds: float = 1.0, times: int = 4) -> None:
        """Look some times, with the clock moving on."""
        for _ in range(times):
            for batch in self.set.step():
                self.lines += batch.lines
                self.offsets[batch.source] = batch.next
                self.longest = max(self.longest, len(batch.next))
                offset = decode(batch.next)
                assert offset is not None
                self.most_segments = max(self.most_segments, len(offset.segments))
            clock.now += seconds / times


async def test_a_line_of_ten_megabytes_is_cut_counted_and_takes_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"before\n" + b"x" * 10_000_000 + b"\nafter\n")
    tracemalloc.start()
    try:
        async with tapped(log, follow=False) as tap:
            assert await tap.rest() == [b"before", b"x" * 65_536, b"after"]
            assert tap.status(log).cut == 1
            assert tap.status(log).read_bytes == log.stat().st_size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


def write_and_close(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


async def test_a_line_of_ten_megabytes_on_standard_input_is_cut_and_counted() -> None:
    reading, writing = os.pipe()
    data = b"before\n" + b"x" * 10_000_000 + b"\nafter\n"
    try:
        async with tapped(options=FeedOptions(paths=(), stdin_fd=reading), follow=False) as tap:
            sending = asyncio.create_task(asyncio.to_thread(write_and_close, writing, data))
            assert await tap.rest() == [b"before", b"x" * 65_536, b"after"]
            await sending
            assert tap.status("stdin").cut == 1
    finally:
        os.close(reading)


async def test_a_line_of_ten_megabytes_over_tcp_is_cut_and_counted() -> None:
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=FeedOptions(paths=(), syslog=(url,))) as tap:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        long = b"<13>" + b"x" * 10_000_000
        counted = b"9000004 " + long[:9_000_004]
        sent = b"<13>before\n" + long + b"\n<13>between\n" + counted + b"9 <13>after"
        for begin in range(0, len(sent), 1 << 18):
            writer.write(sent[begin : begin + (1 << 18)])
            await writer.drain()
        cut = b"x" * 65_536
        assert await tap.count(5) == [b"before", cut, b"between", cut, b"after"]
        assert (tap.status(url).cut, tap.status(url).dropped) == (2, 0)
        writer.close()
        await writer.wait_closed()


async def test_a_consumer_that_does_not_take_anything_costs_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, joined(timed(0, 400_000, text="x" * 80)))
    tracemalloc.start()
    try:
        async with tapped(log) as tap:
            for _ in range(3):
                tap.took(await anext(tap.feed))
            for _ in range(50):
                await asyncio.sleep(0.002)
                assert tap.status(log).backlog_bytes > 30_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


async def test_files_are_read_in_another_thread_than_the_event_loop(tmp_path: Path) -> None:
    threads = set()

    def watched(line: bytes) -> float | None:
        threads.add(threading.get_ident())
        return time_of(line)

    for name in ("a.log", "b.log"):
        append(tmp_path / name, joined(timed(0, 3000)))
    feed = Feed(
        FeedOptions(paths=(str(tmp_path / "*.log"),), since="1000s", follow=False),
        offsets={},
        time_of=watched,
        clock=lambda: 3000.0,
    )
    await feed.open()
    try:
        assert sum([len(batch.lines) async for batch in feed]) == 2000
    finally:
        await feed.aclose()
    assert threads
    assert threading.get_ident() not in threads


def test_an_offset_does_not_grow_with_rotations(tmp_path: Path, clock: Clock) -> None:
    log = tmp_path / "access.log"
    append(log, b"line 0\n")
    files = Files(log)
    expected = [b"line 0"]
    try:
        for number in range(1, 120):
            files.step(clock, seconds=0.01)
            log.rename(tmp_path / f"access.log-{1_700_000_000 + number}")
            expected.append(b"line %d" % number)
            append(log, expected[-1] + b"\n")
        files.step(clock, seconds=2.0)
        assert files.lines == expected
        assert files.longest < LONGEST_OFFSET
        offset = decode(files.offsets[str(log)])
        assert offset is not None
        assert len(offset.left) <= 16
        assert len(offset.segments) <= 33
    finally:
        files.set.close()


def test_an_offset_does_not_grow_while_writers_of_old_files_never_stop(tmp_path: Path, clock: Clock) -> None:
    log = tmp_path / "access.log"
    append(log, b"line 0\n")
    files = Files(log)
    old: list[Path] = []
    try:
        for number in range(1, 45):
            old.append(log.rename(tmp_path / f"access.log-{1_700_000_000 + number}"))
            append(log, b"line %d\n" % number)
            for path in old:
                append(path, b"late %d\n" % number)
            files.step(clock, seconds=0.002, times=3 * len(old))
        assert files.longest < LONGEST_OFFSET
        assert 8 < files.most_segments <= 34
        assert {b"line %d" % number for number in range(45)} <= set(files.lines)
    finally:
        files.set.close()


def test_an_offset_does_not_grow_over_restarts(tmp_path: Path, clock: Clock) -> None:
    log = tmp_path / "access.log"
    append(log, b"line 0 of the log\n")
    offsets: dict[str, str] = {}
    lines: list[bytes] = []
    longest = 0
    for number in range(1, 60):
        files = Files(tmp_path / "access.log*", offsets)
        files.step(clock)
        shutil.copyfile(log, tmp_path / f"access.log-{1_700_000_000 + number}")
        os.truncate(log, 0)
        append(log, b"line %d of the log\n" % number)
        files.step(clock)
        files.set.close()
        offsets, longest = files.offsets, max(longest, files.longest)
        lines += files.lines
    assert lines == [b"line %d of the log" % number for number in range(60)]
    assert longest < LONGEST_OFFSET


@pytest.mark.parametrize("meanwhile", [b"", b"unread line of the old log\n"])
def test_a_restart_after_copytruncate_with_a_glob_does_not_read_the_copy_again(
    tmp_path: Path, clock: Clock, meanwhile: bytes
) -> None:
    log, pattern = tmp_path / "access.log", tmp_path / "access.log*"
    before = [b"first line of the old log", b"second line of the old log"]
    append(log, joined(before))
    files = Files(pattern)
    files.step(clock)
    assert files.lines == before
    append(log, meanwhile)
    shutil.copyfile(log, tmp_path / "access.log.1")
    os.truncate(log, 0)
    append(log, b"first line of the new log\n")
    files.step(clock)
    files.set.close()
    expected = [*before, *meanwhile.splitlines(), b"first line of the new log"]
    assert files.lines == expected
    offset = decode(files.offsets[str(log)])
    assert offset is not None
    assert offset.left
    append(log, b"second line of the new log\n")
    for _ in range(3):
        again = Files(pattern, files.offsets)
        again.step(clock)
        again.set.close()
        files.lines += again.lines
        files.offsets = again.offsets
    assert files.lines == [*expected, b"second line of the new log"]


@pytest.mark.parametrize("step", [0.0001, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003, 0.0035, 0.004, 0.005])
def test_an_unfinished_last_line_is_not_lost_when_the_grace_ends_in_the_middle_of_a_look(
    tmp_path: Path, clock: Clock, step: float
) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\nunfinished")
    source = FileSource(str(log), READING, Registry())
    source.poll()
    lines: list[bytes] = []
    try:
        while source.peek() is Peek.READY:
            lines += source.next_batch(None).lines
        log.rename(tmp_path / "access.log.1")
        append(log, b"b1\n")
        (tmp_path / "access.log.1").unlink()
        clock.step = step  # the clock moves on with every look at it: any two looks may lie on both sides of the end
        for _ in range(400):
            if source.peek() is Peek.READY:
                lines += source.next_batch(None).lines
        assert sorted(lines) == [b"a1", b"b1", b"unfinished"]
    finally:
        source.close()


def test_a_deleted_file_is_let_go_when_nobody_writes_to_it_any_more(tmp_path: Path, clock: Clock) -> None:
    before = descriptors()
    log = tmp_path / "access.log"
    append(log, b"a1\nunfinished")
    with log.open("ab", buffering=0) as writer:
        files = Files(log)
        files.step(clock)
        log.unlink()
        files.step(clock, seconds=LINGER_SECONDS / 2)
        writer.write(b" a2\n")
        files.step(clock, seconds=LINGER_SECONDS / 2)
        assert files.lines == [b"a1", b"unfinished a2"]
    files.step(clock, seconds=LINGER_SECONDS * 2)
    files.step(clock)
    assert not [one for one in descriptors() - before if str(tmp_path) in one]
    assert files.set.statuses()[0].state == "gone"
    append(log, b"b1\n")
    files.step(clock)
    assert files.lines == [b"a1", b"unfinished a2", b"b1"]
    files.set.close()


def test_files_of_a_glob_that_are_long_gone_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    files = Files(tmp_path / "access-*.log")
    expected = []
    before = descriptors()
    try:
        for hour in range(100):
            name = tmp_path / f"access-{1_700_000_000 + 3600 * hour}.log"
            expected.append(b"line of %d" % hour)
            append(name, expected[-1] + b"\n")
            files.step(clock, times=8)
            name.unlink()
            files.step(clock, seconds=LINGER_SECONDS / 2, times=8)
        assert files.lines == expected
        assert len(files.set.statuses()) < 10
        assert len(descriptors() - before) < 12
    finally:
        files.set.close()


def test_a_glob_file_that_is_packed_after_a_long_time_is_not_read_again(tmp_path: Path, clock: Clock) -> None:
    name = tmp_path / "access-20261123.log"
    append(name, joined(timed(0, 20)))
    files = Files(tmp_path / "access-*")
    files.step(clock)
    files.step(clock, seconds=50 * LINGER_SECONDS)
    name.with_name(name.name + ".gz").write_bytes(gzip.compress(name.read_bytes()))
    name.unlink()
    for _ in range(4):
        files.step(clock, seconds=LINGER_SECONDS)
    assert files.lines == timed(0, 20)
    files.set.close()


def test_the_registry_of_claimed_files_is_bounded() -> None:
    registry = Registry()
    for inode in range(70_000):
        registry.claim((1, inode), b"head")
    assert registry.knows((1, 69_999), b"head and more")
    assert not registry.knows((1, 69_999), b"another")
    assert not registry.knows((1, 0), b"head")
    assert not registry.knows((2, 1), b"")


async def test_closing_at_any_moment_leaves_nothing_open(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, joined(timed(0, 50_000)))
    before = descriptors()
    for delay in range(12):
        async with tapped(log, options=FeedOptions(paths=(), poll_interval=0.01)) as tap:
            reading = asyncio.ensure_future(tap.rest())
            for _ in range(delay):
                await asyncio.sleep(0)
            await tap.feed.aclose()
            await reading
            await tap.feed.aclose()
        assert {one for one in descriptors() - before if str(tmp_path) in one} == set()
