"""Following one file live."""

import os
import shutil
from pathlib import Path

import pytest

from apiwatch.errors import InputError
from apiwatch.sources import FeedOptions
from apiwatch.sources.offsets import decode
from tests.sources.kit import append, joined, tapped, timed

PROGRAM = Path("/proc/self/exe").read_bytes()[:20_000]


async def test_lines_that_are_appended_are_delivered_without_their_ends(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"one\r\ntwo\n\n")
    async with tapped(log) as tap:
        assert await tap.count(3) == [b"one", b"two", b""]
        append(log, b"\x00\xff\xfe bytes\nlast\n")
        assert await tap.count(5) == [b"one", b"two", b"", b"\x00\xff\xfe bytes", b"last"]
        await tap.until(lambda: tap.status(log).state == "following")
        assert tap.status(log).backlog_bytes == 0
        assert tap.status(log).read_bytes == log.stat().st_size


async def test_the_first_batch_of_a_file_is_short_so_that_it_shows_soon(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, joined(timed(1, 3000)))
    async with tapped(log) as tap:
        assert await tap.count(3000) == timed(1, 3000)
        first, second, *_ = (len(batch.lines) for batch in tap.batches)
        assert 8 * first == second == FeedOptions(paths=()).batch_lines


async def test_a_partial_last_line_is_held_until_its_end_arrives(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"one\nhal")
    async with tapped(log) as tap:
        await tap.until(lambda: tap.status(log).state == "following")
        assert tap.lines == [b"one"]
        assert tap.status(log).backlog_bytes == 0
        append(log, b"f")
        append(log, b"\n")
        assert await tap.count(2) == [b"one", b"half"]


async def test_the_rest_of_a_renamed_file_comes_before_the_new_file(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\n")
    async with tapped(log) as tap:
        await tap.count(1)
        append(log, b"a2\na3\n")
        log.rename(tmp_path / "access.log.1")
        append(log, b"b1\n")
        assert await tap.count(4) == [b"a1", b"a2", b"a3", b"b1"]
        assert {batch.source for batch in tap.batches} == {str(log)}


async def test_lines_that_reach_the_old_file_after_the_rotation_are_not_lost(tmp_path: Path) -> None:
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    append(log, b"a1\n")
    async with tapped(log) as tap:
        await tap.count(1)
        log.rename(old)
        append(log, b"b1\n")
        await tap.count(2)
        append(old, b"late\n")
        append(log, b"b2\n")
        await tap.until(lambda: sorted(tap.lines) == [b"a1", b"b1", b"b2", b"late"])
        offset = decode(tap.offsets[str(log)])
        assert offset is not None
        assert len(offset.segments) == 2
    append(old, b"later\n")
    async with tapped(log, offsets=tap.offsets) as again:
        assert await again.count(1) == [b"later"]


async def test_the_partial_last_line_of_a_rotated_file_is_delivered(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\nunfinished")
    async with tapped(log) as tap:
        await tap.count(1)
        log.rename(tmp_path / "access.log.1")
        append(log, b"b1\n")
        await tap.until(lambda: sorted(tap.lines) == [b"a1", b"b1", b"unfinished"])


async def test_a_renamed_file_without_successor_is_still_read(tmp_path: Path) -> None:
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    append(log, b"a1\n")
    async with tapped(log) as tap:
        await tap.count(1)
        log.rename(old)
        await tap.until(lambda: tap.status(log).state == "rotated")
        append(old, b"a2\n")
        await tap.count(2)
        append(log, b"b1\n")
        assert await tap.count(3) == [b"a1", b"a2", b"b1"]
        await tap.until(lambda: tap.status(log).state == "following")


async def test_two_rotations_between_two_looks_lose_nothing(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\n")
    async with tapped(log) as tap:
        await tap.count(1)
        append(log, b"a2\n")
        log.rename(tmp_path / "access.log.1")
        append(log, b"b1\n")
        (tmp_path / "access.log.1").rename(tmp_path / "access.log.2")
        log.rename(tmp_path / "access.log.1")
        append(log, b"c1\n")
        assert await tap.count(4) == [b"a1", b"a2", b"b1", b"c1"]


async def test_copytruncate_is_noticed_and_what_the_copy_holds_is_read(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"first line of the old log\n")
    async with tapped(log) as tap:
        await tap.count(1)
        append(log, b"second line\n")
        shutil.copyfile(log, tmp_path / "access.log.1")
        os.truncate(log, 0)
        append(log, b"new 1\n")
        assert await tap.count(3) == [b"first line of the old log", b"second line", b"new 1"]
        assert "truncated" in tap.status(log).message


async def test_a_truncated_file_that_grew_past_the_position_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"old\n")
    async with tapped(log) as tap:
        await tap.count(1)
        new = [f"new {number}".encode() for number in range(100)]
        with log.open("r+b") as file:
            file.truncate(0)
            file.write(joined(new))
        assert await tap.count(101) == [b"old", *new]


async def test_the_hole_that_copytruncate_leaves_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with log.open("wb") as writer:
        writer.write(joined(timed(0, 500)))
        writer.flush()
        async with tapped(log) as tap:
            await tap.count(500)
            os.truncate(log, 0)
            writer.write(b"after the hole\n")
            writer.flush()
            assert (await tap.count(501))[-1] == b"after the hole"


async def test_deletion_and_re_creation_are_followed(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\n")
    async with tapped(log) as tap:
        await tap.count(1)
        append(log, b"a2\n")
        log.unlink()
        await tap.until(lambda: tap.status(log).state == "gone")
        append(log, b"b1\n")
        assert await tap.count(3) == [b"a1", b"a2", b"b1"]


async def test_a_copy_that_replaces_the_file_is_not_read_again(tmp_path: Path) -> None:
    log, new = tmp_path / "access.log", tmp_path / "incoming"
    append(log, b"a1\na2\n")
    async with tapped(log) as tap:
        await tap.count(2)
        append(new, b"a1\na2\na3\n")
        new.rename(log)
        assert await tap.count(3) == [b"a1", b"a2", b"a3"]
        append(log, b"a4\n")
        assert await tap.count(4) == [b"a1", b"a2", b"a3", b"a4"]


async def test_a_missing_file_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "later" / "access.log"
    async with tapped(log) as tap:
        await tap.until(lambda: tap.status(log).state == "waiting")
        log.parent.mkdir()
        append(log, b"a1\n")
        assert await tap.count(1) == [b"a1"]


async def test_a_missing_file_is_an_error_without_follow(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file"):
        async with tapped(tmp_path / "access.log", follow=False):
            pass


@pytest.mark.parametrize("follow", [True, False])
async def test_directories_binaries_and_impossible_paths_are_refused(tmp_path: Path, follow: bool) -> None:
    program, text = tmp_path / "program", tmp_path / "text"
    program.write_bytes(PROGRAM)
    text.write_bytes(b"text\n")
    packed, damaged = tmp_path / "log.lz4", tmp_path / "log.zst"
    packed.write_bytes(b"\x04\x22\x4d\x18" + bytes(range(200)))
    damaged.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(range(200)))
    for path, message in (
        (tmp_path, "is a directory"),
        (program, "looks like a binary file"),
        (text / "access.log", "not a directory"),
        (packed, "lz4"),
        (damaged, "the zstd data is damaged"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            async with tapped(path, follow=follow):
                pass
        assert str(path) in str(caught.value)


async def test_an_unreadable_file_is_tried_again(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"a1\n")
    log.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        async with tapped(log) as tap:
            await tap.until(lambda: tap.status(log).state == "denied")
            if root:
                os.seteuid(0)
            log.chmod(0o644)
            assert await tap.count(1) == [b"a1"]
            await tap.until(lambda: tap.status(log).state == "following")
        if root:
            os.seteuid(65_534)
        else:
            log.chmod(0)
        with pytest.raises(InputError, match="no permission"):
            async with tapped(tmp_path / "access.log", follow=False):
                pass
    finally:
        if root:
            os.seteuid(0)


async def test_long_lines_are_cut_counted_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    limit = 1024
    append(log, b"a" * limit + b"\r\n" + b"b" * (limit + 1) + b"\n" + b"c" * 1_000_000 + b"\nshort\n" + b"d" * 700_000)
    options = FeedOptions(paths=(), poll_interval=0.01, line_bytes=limit)
    async with tapped(log, options=options) as tap:
        await tap.count(4)
        append(log, b"dd\nend\n")
        assert await tap.count(6) == [b"a" * limit, b"b" * limit, b"c" * limit, b"short", b"d" * limit, b"end"]
        assert tap.status(log).cut == 3
        assert sum(batch.cut for batch in tap.batches) == 3
        assert tap.status(log).read_bytes == log.stat().st_size
    async with tapped(log, options=options, follow=False) as tap:
        assert len(await tap.rest()) == 6
        assert tap.status(log).cut == 3


async def test_a_file_that_ends_without_line_end_is_read_whole_without_follow(tmp_path: Path) -> None:
    log, long = tmp_path / "access.log", tmp_path / "long.log"
    append(log, b"one\ntwo")
    append(long, b"x" * 300_000)
    async with tapped(log, follow=False) as tap:
        assert await tap.rest() == [b"one", b"two"]
        assert tap.status(log).state == "ended"
    async with tapped(long, follow=False) as tap:
        assert await tap.rest() == [b"x" * 65_536]


async def test_a_symbolic_link_that_moves_on_is_followed(tmp_path: Path) -> None:
    link, first, second = (tmp_path / name for name in ("current", "a.log", "b.log"))
    append(first, b"a1\n")
    append(second, b"b1\n")
    link.symlink_to(first)
    async with tapped(link) as tap:
        await tap.count(1)
        link.unlink()
        link.symlink_to(second)
        assert await tap.count(2) == [b"a1", b"b1"]
