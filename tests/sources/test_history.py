"""Rotated history, many files, and files that appear later."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from apiwatch.errors import InputError
from apiwatch.sources.fileset import FileSet
from apiwatch.sources.merging import SPAN_SECONDS
from apiwatch.sources.options import Reading
from apiwatch.sources.packed import zstd
from apiwatch.sources.seek import Since
from tests.sources.kit import append, joined, pack, tapped, time_of, timed
from tests.sources.programs import program, ran

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


def history(log: Path, *, mtimes: bool = True) -> list[bytes]:
    """Six files of 100 lines and seconds each, the newest live, the older ones packed each in another way."""
    lines = timed(900, 600)
    names = ["access.log.5.zst", "access.log.4.xz", "access.log.3.bz2", "access.log.2.gz", "access.log.1", "access.log"]
    for number, name in enumerate(names):
        path = log.with_name(name)
        path.write_bytes(PACKERS[path.suffix if path.suffix in PACKERS else ""](joined(lines[100 * number :][:100])))
        if mtimes:
            os.utime(path, (1000 + 100 * number, 1000 + 100 * number))
    return lines


@pytest.mark.parametrize("follow", [True, False])
async def test_packed_history_is_read_oldest_first(tmp_path: Path, follow: bool) -> None:
    lines = history(tmp_path / "access.log")
    async with tapped(tmp_path / "access.log*", follow=follow) as tap:
        assert await (tap.count(600) if follow else tap.rest()) == lines
        if follow:
            append(tmp_path / "access.log", b"live\n")
            assert await tap.count(601) == [*lines, b"live"]


@pytest.mark.parametrize("begin", [800, 900, 950, 1000, 1050, 1150, 1250, 1299, 1350, 1450, 1499])
@pytest.mark.parametrize("mtimes", [True, False])
async def test_history_before_since_is_skipped(tmp_path: Path, begin: int, mtimes: bool) -> None:
    lines = history(tmp_path / "access.log", mtimes=mtimes)
    since = f"{1500 - begin}s"
    async with tapped(tmp_path / "access.log*", since=since, follow=False, clock=lambda: 1500.0) as tap:
        assert await tap.rest() == [line for line in lines if (time_of(line) or 0) >= begin]
        if mtimes:
            for number, name in enumerate(["access.log.5.zst", "access.log.4.xz", "access.log.3.bz2"]):
                old = 1000 + 100 * number < begin
                assert (tap.status(tmp_path / name).message == f"older than --since {since}: not read") == old
                assert (tap.status(tmp_path / name).read_bytes == 0) == old


async def test_a_packed_history_without_times_is_not_read_and_says_so(tmp_path: Path) -> None:
    packed = tmp_path / "access.log.1.gz"
    pack(packed, b"no time\n" * 1000)
    async with tapped(packed, since="15m", follow=False) as tap:
        assert await tap.rest() == []
        assert tap.status(packed).message == "no time found in its lines: not read; --since start reads them"
    pack(packed, joined(timed(0, 10)))
    async with tapped(packed, since="15m", follow=False) as tap:
        assert await tap.rest() == []
        assert tap.status(packed).message == ""


@pytest.mark.parametrize("names", ["access.log.{}", "access.log-202611{:02}"])
async def test_rotated_files_that_no_offset_remembers_are_not_read_again(tmp_path: Path, names: str) -> None:
    log = tmp_path / "access.log"
    kept = [tmp_path / names.format(number) for number in range(1, 29)]
    if "{}" in names:
        kept.reverse()
    lines = [[b"line of %d" % number] for number in range(31)]
    append(log, joined(lines[0]))
    for number, path in enumerate(kept):
        append(path, joined(lines[number]))
    log.write_bytes(joined(lines[28]))
    async with tapped(tmp_path / "access.log*") as tap:
        assert await tap.count(29) == [line for part in lines[:29] for line in part]
    offsets = {name: offset for name, offset in tap.offsets.items() if name in (str(log), str(kept[20]))}
    append(log, joined(lines[29]))
    async with tapped(tmp_path / "access.log*", offsets=offsets, follow=False) as again:
        assert await again.rest() == [line for part in [*lines[21:28], lines[29]] for line in part]
        assert again.status(kept[0]).message == "older than what was read before: not read"


async def test_date_named_history_is_read_oldest_first(tmp_path: Path) -> None:
    days = [f"2026112{day}" for day in range(1, 5)]
    for day in reversed(days):
        pack(tmp_path / f"access.log-{day}.gz", f"of {day}\n".encode())
    append(tmp_path / "access.log", b"live\n")
    async with tapped(tmp_path / "access.log*", follow=False) as tap:
        assert await tap.rest() == [f"of {day}".encode() for day in days] + [b"live"]


async def test_a_packed_file_beside_its_original_is_read_once(tmp_path: Path) -> None:
    lines = timed(0, 50)
    append(tmp_path / "access.log.1", joined(lines))
    pack(tmp_path / "access.log.1.gz", joined(lines))
    append(tmp_path / "access.log", b"live\n")
    async with tapped(tmp_path / "access.log*", follow=False) as tap:
        assert await tap.rest() == [*lines, b"live"]


def zstd_with_checksum(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


@pytest.mark.parametrize("packer", [gzip.compress, zstd_with_checksum])
async def test_damaged_archives_are_read_up_to_the_damage_and_named(
    tmp_path: Path, packer: Callable[[bytes], bytes]
) -> None:
    chance = Random(1)  # noqa: S311 - no secret
    lines = [chance.randbytes(40).hex().encode() for _ in range(10_000)]
    data = packer(joined(lines))
    cut, spoiled = tmp_path / "cut.log.gz", tmp_path / "spoiled.log.gz"
    cut.write_bytes(data[: len(data) // 2])
    spoiled.write_bytes(data[:-4] + bytes(4))
    async with tapped(tmp_path / "*.log.gz", follow=False) as tap:
        await tap.rest()
        for path, text in ((cut, "breaks off"), (spoiled, "is damaged")):
            got = tap.of(path)
            assert len(got) > 2000
            assert got[:2000] == lines[:2000]
            assert (tap.status(path).state, text in tap.status(path).message) == ("error", True)


SKIPPABLE = b"\x5e\x2a\x4d\x18\x05\0\0\0notes"


@pytest.mark.parametrize("name", ["access.log.1.zst", "told-by-its-bytes"])
@pytest.mark.parametrize("shape", ["01", "s01", "ss0s1s", "s"])
async def test_zstd_of_several_and_of_skippable_frames(tmp_path: Path, name: str, shape: str) -> None:
    halves = [timed(1000, 5000), timed(6000, 5000)]
    frames = {"0": zstd.compress(joined(halves[0])), "1": zstd.compress(joined(halves[1])), "s": SKIPPABLE}
    path = tmp_path / name
    path.write_bytes(b"".join(frames[key] for key in shape))
    async with tapped(path, follow=False) as tap:
        assert await tap.rest() == ([] if shape == "s" else halves[0] + halves[1])
        assert (tap.status(path).state, tap.status(path).message) == ("ended", "")


async def test_zstd_as_the_program_writes_it(tmp_path: Path) -> None:
    zstd_program = program("zstd")
    lines = timed(0, 200_000)
    log, wide = tmp_path / "access.log", tmp_path / "wide.zst"
    append(log, joined(lines))
    await ran(zstd_program, "-q", "-T2", str(log))
    await ran(zstd_program, "-q", "--long=30", "-", "-o", str(wide), data=joined(lines))
    async with tapped(log.with_name("access.log.zst"), follow=False) as tap:
        assert await tap.rest() == lines
    with pytest.raises(InputError, match=r"packed with --long: unpack it first"):
        async with tapped(wide, follow=False):
            pass


async def test_skippable_frames_before_lz4_are_no_zstd(tmp_path: Path) -> None:
    path = tmp_path / "access.log.lz4"
    path.write_bytes(SKIPPABLE + b"\x04\x22\x4d\x18" + bytes(range(200)))
    with pytest.raises(InputError, match=r"access\.log\.lz4 looks like a binary file"):
        async with tapped(path, follow=False):
            pass


async def test_many_files_are_merged_in_event_time(tmp_path: Path) -> None:
    names = [f"vhost{number}.log" for number in range(20)]
    written = {}
    for number, name in enumerate(names):
        written[name] = timed(1000 + 7 * number, 300, step=1 + number % 3, text=name)
        append(tmp_path / name, joined(written[name]))
    async with tapped(tmp_path / "*.log") as tap:
        await tap.count(20 * 300)
        for name in names:
            assert tap.of(tmp_path / name) == written[name]
        newest = back = 0.0
        for line in tap.lines:
            when = time_of(line) or 0.0
            back = max(back, newest - when)
            newest = max(newest, when)
        assert back <= SPAN_SECONDS
        append(tmp_path / names[0], b"live\n")
        await tap.count(20 * 300 + 1)


async def test_a_file_without_times_does_not_hold_up_the_others(tmp_path: Path) -> None:
    append(tmp_path / "a.log", joined(timed(1000, 100)))
    append(tmp_path / "b.log", b"no time\n" * 100)
    async with tapped(tmp_path / "*.log", follow=False) as tap:
        assert sorted(await tap.rest()) == sorted([*timed(1000, 100), *[b"no time"] * 100])


async def test_files_that_appear_later_are_read_from_their_start(tmp_path: Path) -> None:
    pattern = tmp_path / "logs" / "*.log"
    pattern.parent.mkdir()
    async with tapped(pattern, since="15m") as tap:
        await tap.until(lambda: [status.state for status in tap.feed.statuses()] == ["waiting"])
        assert tap.feed.statuses()[0].message == "no file matches yet"
        append(pattern.with_name("a.log"), joined(timed(0, 3)))
        assert await tap.count(3) == timed(0, 3)
        append(pattern.with_name("b.log"), b"unfinished")
        await tap.until(lambda: len(tap.feed.statuses()) == 2)
        append(pattern.with_name("b.log"), b" line\n")
        append(pattern.with_name("a.log"), b"more\n")
        await tap.count(5)
        assert tap.of(pattern.with_name("b.log")) == [b"unfinished line"]
        assert tap.of(pattern.with_name("a.log")) == [*timed(0, 3), b"more"]


async def test_a_rotation_under_a_glob_is_no_new_file(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, joined(timed(0, 100)))
    async with tapped(tmp_path / "access.log*") as tap:
        await tap.count(100)
        log.rename(tmp_path / "access.log.1")
        append(log, b"new 1\n")
        await tap.count(101)
        pack(tmp_path / "access.log.1.gz", (tmp_path / "access.log.1").read_bytes())
        (tmp_path / "access.log.1").unlink()
        append(log, b"new 2\n")
        await tap.count(102)
        append(tmp_path / "access.log.2", b"a sibling that nobody has read\n")
        await tap.count(103)
        assert tap.lines == [*timed(0, 100), b"new 1", b"new 2", b"a sibling that nobody has read"]


async def test_a_glob_without_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\*\.log: no file matches; check the path\."):
        async with tapped(tmp_path / "*.log", follow=False):
            pass


async def test_a_glob_passes_over_what_is_no_log_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "directory.log").mkdir()
    (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 20)
    append(tmp_path / "real.log", b"line\n")
    async with tapped(tmp_path / "*.log", follow=False) as tap:
        assert await tap.rest() == [b"line"]
        assert tap.status(tmp_path / "binary.log").state == "error"
        assert "binary" in tap.status(tmp_path / "binary.log").message
        assert {status.name for status in tap.feed.statuses()} == {
            str(tmp_path / "binary.log"),
            str(tmp_path / "real.log"),
        }


async def test_the_same_file_named_twice_is_read_once(tmp_path: Path) -> None:
    log, link, hard = (tmp_path / name for name in ("access.log", "link.log", "hard.log"))
    append(log, b"line\n")
    link.symlink_to(log)
    hard.hardlink_to(log)
    async with tapped(log, log, tmp_path / "*.log", link, hard, follow=False) as tap:
        assert await tap.rest() == [b"line"]


async def test_a_name_with_glob_characters_that_exists_is_that_file(tmp_path: Path) -> None:
    log = tmp_path / "access[1].log"
    append(log, b"line\n")
    append(tmp_path / "access1.log", b"other\n")
    async with tapped(log, follow=False) as tap:
        assert await tap.rest() == [b"line"]


def test_a_thousand_files_of_an_earlier_run_are_found_again(tmp_path: Path) -> None:
    reading = Reading(
        follow=False, poll_interval=0.01, line_bytes=400, batch_lines=50, time_of=time_of, clock=lambda: 1_000.0
    )
    for number in range(1000):
        append(tmp_path / f"{number}.log", b"line of %d\n" % number)
    lines: list[bytes] = []
    offsets: dict[str, str] = {}
    for _ in range(2):
        files = FileSet([str(tmp_path / "*.log")], reading, Since(None, "start"), offsets)
        files.open()
        try:
            while not files.finished:
                for batch in files.step():
                    lines += batch.lines
                    offsets[batch.source] = batch.next
        finally:
            files.close()
    assert len(lines) == len(set(lines)) == 1000
