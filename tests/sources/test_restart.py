"""Going on from an offset: nothing lost, nothing twice, whatever happened to the files meanwhile."""

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwatch.sources.offsets import Offset, Segment, decode, encode, told
from tests.sources.kit import append, joined, tapped, timed

BEFORE, MEANWHILE, AFTER = timed(1000, 40), timed(2000, 30), timed(3000, 20)


def stay(log: Path) -> None:
    append(log, joined(MEANWHILE + AFTER))


def rename(log: Path) -> None:
    append(log, joined(MEANWHILE))
    log.rename(log.with_name("access.log.1"))
    append(log, joined(AFTER))


def rename_by_date(log: Path) -> None:
    append(log, joined(MEANWHILE))
    log.rename(log.with_name("access.log-20261124"))
    append(log, joined(AFTER))


def rename_to_anything(log: Path) -> None:
    append(log, joined(MEANWHILE))
    log.rename(log.with_name("kept"))
    append(log, joined(AFTER))


def rename_twice(log: Path) -> None:
    append(log, joined(MEANWHILE[:10]))
    log.rename(log.with_name("access.log.2"))
    append(log, joined(MEANWHILE[10:]))
    log.rename(log.with_name("access.log.1"))
    append(log, joined(AFTER))


def compress(log: Path) -> None:
    append(log, joined(MEANWHILE))
    log.with_name("access.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    append(log, joined(AFTER))


def compress_the_older_of_two(log: Path) -> None:
    append(log, joined(MEANWHILE[:10]))
    log.with_name("access.log.2.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    append(log.with_name("access.log.1"), joined(MEANWHILE[10:]))
    append(log, joined(AFTER))


def copytruncate(log: Path) -> None:
    append(log, joined(MEANWHILE))
    shutil.copyfile(log, log.with_name("access.log.1"))
    os.truncate(log, 0)
    append(log, joined(AFTER))


def rename_without_successor(log: Path) -> None:
    append(log, joined(MEANWHILE + AFTER))
    log.rename(log.with_name("access.log.1"))


CHANGES = [
    stay,
    rename,
    rename_by_date,
    rename_to_anything,
    rename_twice,
    compress,
    compress_the_older_of_two,
    copytruncate,
    rename_without_successor,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("pattern", ["access.log", "access.log*"])
@pytest.mark.parametrize("follow", [True, False])
async def test_a_restart_goes_on_where_the_last_run_stopped(
    tmp_path: Path, change: Callable[[Path], None], pattern: str, follow: bool
) -> None:
    log = tmp_path / "access.log"
    append(log, joined(BEFORE) + b"partial ")
    async with tapped(tmp_path / pattern) as tap:
        await tap.count(len(BEFORE))
    expected = [b"partial " + MEANWHILE[0], *MEANWHILE[1:], *AFTER]
    change(log)
    if not log.exists() and not follow:
        append(log, b"")
    async with tapped(tmp_path / pattern, offsets=tap.offsets, since="15m", follow=follow) as again:
        assert await (again.count(len(expected)) if follow else again.rest()) == expected
        if follow:
            append(log, b"sentinel\n")
            assert await again.count(len(expected) + 1) == [*expected, b"sentinel"]
            assert {batch.source for batch in again.batches} == {str(log)}


async def test_every_batch_border_is_a_place_to_go_on_from(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    lines = [*timed(0, 7000), b"x" * 200_000, *timed(9000, 5, text="crlf")]
    append(log, joined(lines[:-5]) + b"".join(line + b"\r\n" for line in lines[-5:]))
    cut = [line[:65_536] for line in lines]
    async with tapped(log, follow=False) as tap:
        assert await tap.rest() == cut
    seen = 0
    for batch in tap.batches:
        seen += len(batch.lines)
        async with tapped(log, offsets={str(log): batch.next}, follow=False) as again:
            assert await again.rest() == cut[seen:]


async def test_a_new_file_with_a_reused_inode_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, joined(BEFORE))
    async with tapped(log) as tap:
        await tap.count(len(BEFORE))
    with log.open("r+b") as file:
        file.truncate(0)
        file.write(joined(MEANWHILE + BEFORE))
    async with tapped(log, offsets=tap.offsets, follow=False) as again:
        assert await again.rest() == MEANWHILE + BEFORE
        assert "gone" in again.status(log).message


async def test_the_same_head_with_another_continuation_is_another_file(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    head = b"#Fields: " + b"column " * 300
    append(log, joined([head, *BEFORE]))
    async with tapped(log) as tap:
        await tap.count(len(BEFORE) + 1)
    with log.open("r+b") as file:
        file.truncate(0)
        file.write(joined([head, *AFTER, *MEANWHILE, *AFTER]))
    async with tapped(log, offsets=tap.offsets, follow=False) as again:
        assert await again.rest() == [head, *AFTER, *MEANWHILE, *AFTER]


async def test_rotated_siblings_of_a_glob_are_not_read_again_under_their_new_names(tmp_path: Path) -> None:
    older, log = tmp_path / "access.log.1", tmp_path / "access.log"
    append(older, joined(BEFORE))
    append(log, joined(MEANWHILE))
    async with tapped(tmp_path / "access.log*") as tap:
        await tap.count(len(BEFORE + MEANWHILE))
        assert tap.lines == BEFORE + MEANWHILE
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(older.read_bytes()))
    log.rename(older)
    append(log, joined(AFTER))
    async with tapped(tmp_path / "access.log*", offsets=tap.offsets, follow=False) as again:
        assert await again.rest() == AFTER


async def test_a_file_that_appeared_under_a_glob_while_down_is_read_from_its_start(tmp_path: Path) -> None:
    append(tmp_path / "access-20261123.log", joined(BEFORE))
    async with tapped(tmp_path / "access-*.log") as tap:
        await tap.count(len(BEFORE))
    append(tmp_path / "access-20261124.log", joined(AFTER))
    async with tapped(tmp_path / "access-*.log", offsets=tap.offsets, since="15m", follow=False) as again:
        assert await again.rest() == AFTER


def test_offsets_survive_their_text_form() -> None:
    segments = (Segment(1, 2, 3, 4, "aa", "bb"), Segment(0xFE01, 2**40, 2**50, 1024, "00ff", "11"))
    assert decode(encode(segments)) == Offset(segments)
    left = (Segment(5, 6, 7, 8, "cc", "dd"),)
    assert decode(encode(segments, told(left))) == Offset(segments, left)
    assert decode("f1") == Offset(())


@pytest.mark.parametrize("text", ["", "n5", "f1|", "f1|1.2.3", "f1|x.2.3.4.a.b", "f1|1.2.3.fff.a.b", "f2|1.2.3.4.a.b"])
def test_what_is_no_offset_is_told(text: str) -> None:
    assert decode(text) is None
