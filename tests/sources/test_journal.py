"""The journal: real journal files, written by systemd-journal-remote and read by journalctl."""

import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apiwatch.errors import InputError
from apiwatch.sources import FeedOptions
from tests.sources.kit import descriptors, eventually, tapped
from tests.sources.programs import program, ran

EPOCH = 1_795_000_000
OPTIONS = FeedOptions(paths=(), journal=("nginx",))
NAME = "journal:nginx"


class Journal:
    """A directory with a journal file, and a `journalctl` that reads it."""

    def __init__(self, directory: Path) -> None:
        self._remote = program("systemd-journal-remote")
        self._journalctl = program("journalctl")
        self._files = directory / "journal"
        self._files.mkdir()
        self.programs = directory / "bin"
        self.programs.mkdir()
        self.reading = f"{self._journalctl} --directory={self._files}"
        self.wrap(f'exec {self.reading} "$@"')
        self._number = 0

    def wrap(self, script: str) -> None:
        """Let `journalctl` be this shell script."""
        wrapper = self.programs / "journalctl"
        wrapper.write_text(f"#!/bin/sh\n{script}\n")
        wrapper.chmod(0o755)

    async def write(self, *messages: bytes | None, unit: str = "nginx.service", seconds: int = 0) -> None:
        """Add entries, a microsecond after each other."""
        data = b""
        for message in messages:
            self._number += 1
            moment = 1_000_000 * seconds + self._number
            fields = {
                "__REALTIME_TIMESTAMP": 1_000_000 * EPOCH + moment,
                "__MONOTONIC_TIMESTAMP": moment,
                "_BOOT_ID": "0123456789abcdef0123456789abcdef",
                "_SYSTEMD_UNIT": unit,
            }
            data += "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
            if message is not None:
                data += b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n"
            data += b"\n"
        await ran(self._remote, "--output", str(self._files / "remote.journal"), "-", data=data)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    found = Journal(tmp_path)
    monkeypatch.setenv("PATH", f"{found.programs}:{os.environ['PATH']}")
    return found


async def test_messages_of_a_unit_are_lines_and_new_ones_follow(journal: Journal) -> None:
    odd = [b'say "hi" \\ \xc3\xa4', b"not text \xff\x00\x1b[31m", b"two\nlines", b"x" * 20_000, b"y\xff" * 5_000]
    await journal.write(*odd)
    await journal.write(b"of another unit", unit="sshd.service")
    async with tapped(options=OPTIONS) as tap:
        assert await tap.count(len(odd)) == odd
        assert (tap.status(NAME).kind, tap.status(NAME).state, tap.status(NAME).message) == ("journal", "following", "")
        assert {batch.received for batch in tap.batches} == {EPOCH + 1e-6}
        await journal.write(b"live", seconds=5)
        await tap.count(len(odd) + 1)
        assert tap.lines[-1] == b"live"
        assert tap.batches[-1].received == pytest.approx(EPOCH + 5, abs=1e-3)
        assert (tap.status(NAME).dropped, tap.status(NAME).cut) == (0, 0)


@pytest.mark.parametrize("batch_lines", [1, 7, 2000])
async def test_a_restart_goes_on_behind_the_cursor(journal: Journal, batch_lines: int) -> None:
    lines = [b"line %d" % number for number in range(100)]
    await journal.write(*lines)
    options = replace(OPTIONS, batch_lines=batch_lines)
    async with tapped(options=options) as tap:
        await tap.until(lambda: tap.number >= 30)
    read, offsets = tap.lines, tap.offsets
    await journal.write(b"written meanwhile")
    async with tapped(options=options, offsets=offsets) as again:
        await again.until(lambda: bool(again.lines) and again.lines[-1] == b"written meanwhile")
        assert read + again.lines == [*lines, b"written meanwhile"]
        if again.batches and read != lines:
            assert again.batches[0].first == offsets[NAME]


async def test_since_is_the_place_to_start_and_without_follow_it_ends(journal: Journal) -> None:
    await journal.write(b"old", seconds=0)
    await journal.write(b"new", seconds=100)
    clock: Callable[[], float] = lambda: EPOCH + 150.0  # noqa: E731
    async with tapped(options=OPTIONS, since="60s", follow=False, clock=clock) as tap:
        assert await tap.rest() == [b"new"]
        assert tap.status(NAME).state == "ended"
    async with tapped(options=replace(OPTIONS, journal=("all",)), follow=False) as tap:
        assert await tap.rest() == [b"old", b"new"]


@pytest.mark.parametrize("filling", [b"x", b"\xff"], ids=["text", "bytes"])
async def test_long_messages_are_cut_and_counted(journal: Journal, filling: bytes) -> None:
    await journal.write(b"before", b"short" * 300, filling * 3_000_000, b"after")
    async with tapped(options=replace(OPTIONS, line_bytes=1024), follow=False) as tap:
        assert await tap.rest() == [b"before", (b"short" * 300)[:1024], filling * 1024, b"after"]
        assert (tap.status(NAME).cut, tap.status(NAME).dropped) == (2, 0)
        assert sum(batch.cut for batch in tap.batches) == 2


async def test_an_entry_without_a_message_is_counted_as_lost(journal: Journal) -> None:
    await journal.write(b"before", None, b"after")
    async with tapped(options=OPTIONS, follow=False) as tap:
        assert await tap.rest() == [b"before", b"after"]
        assert tap.status(NAME).dropped == 1


async def test_a_slow_consumer_makes_journalctl_wait(journal: Journal) -> None:
    lines = [b"line %d " % number + b"x" * 2000 for number in range(400)]
    await journal.write(*lines)
    async with tapped(options=replace(OPTIONS, batch_lines=20)) as tap:
        await eventually(lambda: tap.status(NAME).backlog_bytes > 50_000)
        await tap.count(1)
        assert tap.status(NAME).backlog_bytes < 400_000
        assert await tap.count(len(lines)) == lines


async def test_a_unit_that_says_nothing_is_waited_for(journal: Journal) -> None:
    await journal.write(b"of another unit", unit="sshd.service")
    async with tapped(options=OPTIONS) as tap:
        await eventually(lambda: tap.status(NAME).state == "waiting")
        assert tap.status(NAME).message.startswith("no message of this unit yet: ")
        await journal.write(b"first")
        assert await tap.count(1) == [b"first"]


async def test_journalctl_that_ends_is_started_again_behind_the_cursor(journal: Journal) -> None:
    await journal.write(b"one", b"two")
    journal.wrap(f'timeout --foreground 1 {journal.reading} "$@"; echo "Journal file corrupted." >&2; exit 1')
    async with tapped(options=OPTIONS) as tap:
        assert await tap.count(2) == [b"one", b"two"]
        await eventually(lambda: tap.status(NAME).state == "error")
        assert "it is started again: Journal file corrupted" in tap.status(NAME).message
        await journal.write(b"three")
        assert await tap.count(3) == [b"one", b"two", b"three"]


async def test_journalctl_that_is_missing_or_refuses_is_named(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    journal.wrap('echo "No journal files were opened due to insufficient permissions." >&2; exit 1')
    with pytest.raises(
        InputError, match=r"--journal nginx: journalctl says: No journal .* insufficient permissions\.$"
    ):
        async with tapped(options=OPTIONS):
            pass
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="journalctl is not installed"):
        async with tapped(options=OPTIONS):
            pass
    assert not [one for one in descriptors() - before if "pipe:" in one]
