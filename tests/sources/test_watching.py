"""Being woken by inotify: with polls an hour apart, every line must come because the kernel told of it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apiwatch.sources import FeedOptions
from apiwatch.sources.filesystems import Filesystems, tells_of_writes
from apiwatch.sources.watching import Watcher
from tests.sources.kit import Tap, append, eventually, tapped
from tests.sources.programs import program

HOUR = 3600.0
OPTIONS = FeedOptions(paths=(), poll_interval=HOUR)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file is looked at again unless something happens to it."""
    with (tmp_path / "probe").open("wb") as probe:
        kind = Filesystems().kind(probe.fileno())
    (tmp_path / "probe").unlink()
    if not tells_of_writes(kind):
        pytest.skip(f"inotify is not used on {kind}")
    for module in ("attention", "fileset"):
        monkeypatch.setattr(f"apiwatch.sources.{module}.SAFETY_SECONDS", HOUR)


async def read(tap: Tap, *expected: bytes) -> None:
    """Read until these lines are the last that came, and until nothing more is read ahead."""
    await tap.until(lambda: tap.lines[-len(expected) :] == list(expected))


@pytest.mark.usefixtures("patient")
async def test_a_file_is_followed_without_polling(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"first\n")
    async with tapped(log, options=OPTIONS) as tap:
        await read(tap, b"first")
        append(log, b"second\n")
        await read(tap, b"second")
        append(log, b"be")
        await asyncio.sleep(0.15)
        append(log, b"gun\n")
        await read(tap, b"begun")
        with log.open("ab") as writer:
            log.rename(tmp_path / "access.log.1")
            append(log, b"new\n")
            await read(tap, b"new")
            writer.write(b"late in the old one\n")
            writer.flush()
            await read(tap, b"late in the old one")
        log.unlink()
        append(log, b"after deletion\n")
        await read(tap, b"after deletion")
        os.truncate(log, 0)
        append(log, b"other content after truncation\n")
        await read(tap, b"other content after truncation")
        assert tap.number == 7
        assert tap.status(log).message == "was truncated: read again from its start"


@pytest.mark.usefixtures("patient")
async def test_a_file_that_is_not_there_yet_or_comes_back_is_seen(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    async with tapped(log, options=OPTIONS) as tap:
        reading = asyncio.create_task(tap.until(lambda: tap.number == 1))
        await eventually(lambda: tap.status(log).state == "waiting")
        append(log, b"created\n")
        await reading
        moved = log.rename(tmp_path / "elsewhere")
        reading = asyncio.create_task(tap.until(lambda: tap.number == 2))
        await eventually(lambda: tap.status(log).state == "rotated")
        append(moved, b"still read\n")
        await reading
        reading = asyncio.create_task(tap.until(lambda: tap.number == 3))
        append(tmp_path / "prepared", b"moved into place\n")
        (tmp_path / "prepared").rename(log)
        await reading
        assert tap.lines == [b"created", b"still read", b"moved into place"]


@pytest.mark.usefixtures("patient")
async def test_a_link_is_followed_to_the_directory_of_its_target(tmp_path: Path) -> None:
    pods, links = tmp_path / "pods", tmp_path / "containers"
    pods.mkdir()
    links.mkdir()
    target, link = pods / "0.log", links / "api.log"
    append(target, b"one\n")
    link.symlink_to(target)
    async with tapped(links / "*.log", options=OPTIONS) as tap:
        await read(tap, b"one")
        append(target, b"two\n")
        await read(tap, b"two")
        target.rename(pods / "0.log.20261124")
        append(target, b"three\n")
        await read(tap, b"three")
        append(pods / "1.log", b"four\n")
        (links / "new").symlink_to(pods / "1.log")
        (links / "new").rename(link)
        await read(tap, b"four")
        assert tap.lines == [b"one", b"two", b"three", b"four"]


@pytest.mark.usefixtures("patient")
async def test_files_that_match_a_glob_later_are_read_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "logs").mkdir(parents=True)
    append(tmp_path / "a" / "logs" / "access.log", b"a1\n")
    async with tapped(tmp_path / "*" / "logs" / "*.log", tmp_path / "*.log", options=OPTIONS) as tap:
        await read(tap, b"a1")
        append(tmp_path / "b" / "logs" / "access.log", b"b1\n")
        await read(tap, b"b1")
        append(tmp_path / "direct.log", b"d1\n")
        await read(tap, b"d1")
        (tmp_path / "c").mkdir()
        await tap.until(lambda: True)
        (tmp_path / "c" / "logs").mkdir()
        append(tmp_path / "c" / "logs" / "x.log", b"c1\n")
        await read(tap, b"c1")
        (tmp_path / "prepared" / "logs").mkdir(parents=True)
        append(tmp_path / "c" / "logs" / "x.log", b"c2\n")
        await read(tap, b"c2")
        assert sorted(tap.lines) == [b"a1", b"b1", b"c1", b"c2", b"d1"]


@pytest.mark.usefixtures("patient")
async def test_many_files_each_wake_the_reader(tmp_path: Path) -> None:
    names = [tmp_path / f"vhost{number}.log" for number in range(300)]
    for name in names:
        append(name, b"old\n")
    async with tapped(tmp_path / "*.log", options=OPTIONS) as tap:
        await tap.count(300)
        for name in names[::7]:
            append(name, name.name.encode() + b"\n")
        later = [tmp_path / f"later{number}.log" for number in range(100)]
        for name in later:
            append(name, name.name.encode() + b"\n")
        expected = sorted(name.name.encode() for name in (*names[::7], *later))
        await tap.until(lambda: sorted(tap.lines[300:]) == expected)


@pytest.mark.usefixtures("patient")
async def test_a_steady_stream_is_read_in_few_looks(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    append(log, b"first\n")
    async with tapped(log, options=OPTIONS) as tap:
        await read(tap, b"first")
        begin, number = time.monotonic(), 0
        while time.monotonic() < begin + 1.0:
            append(log, b"line %d\n" % number)
            number += 1
            await tap.until(lambda: True)
            try:
                tap.took(await asyncio.wait_for(anext(tap.feed), 0.002))
            except TimeoutError:
                continue
        await tap.count(number + 1)
        assert tap.lines[1:] == [b"line %d" % index for index in range(number)]
        assert number > 100
        assert len(tap.batches) < number / 4


def test_lost_events_are_told(tmp_path: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    log = tmp_path / "access.log"
    watcher = Watcher()
    try:
        with log.open("ab", buffering=0) as file:
            assert watcher.watch(str(log), [file.fileno()]) is None
            assert watcher.watch_globs([str(tmp_path / "*")])
            assert not watcher.take().everything
            file.write(b"x")
            woken = watcher.take()
            assert (woken.written, woken.named, woken.everything) == ({str(log)}, set(), False)
            for _ in range(limit // 2 + 2):
                for name in ("one", "other"):  # neighbours that are alike would be one event
                    (tmp_path / name).touch()
            assert watcher.take().everything
            assert not watcher.take().everything
    finally:
        watcher.close()
    watcher.close()


def test_watches_are_given_back(tmp_path: Path) -> None:
    watcher = Watcher()
    try:

        def watches() -> int:
            return Path(f"/proc/self/fdinfo/{watcher.fileno}").read_text().count("inotify wd:")

        files = [(tmp_path / f"{number}.log").open("ab") for number in range(5)]
        for file in files:
            assert watcher.watch(file.name, [file.fileno()]) is None
        assert watcher.watch_globs([str(tmp_path / "*.log"), str(tmp_path / "*" / "more.log")])
        assert watches() == 6
        for file in files:
            watcher.drop(file.name)
            file.close()
        assert watches() == 1
        assert watcher.watch_globs([])
        assert watches() == 0
        assert not watcher.watch_globs([str(tmp_path / "nowhere" / "*.log")])
        assert not watcher.watch_globs([str(tmp_path / "**" / "*.log")])
        assert watches() == 0
    finally:
        watcher.close()


def follower(where: Path, script: str) -> list[str]:
    """What the follower prints about a directory in namespaces of its own, where a shell has prepared it."""
    command = [program("unshare"), "--user", "--map-root-user", "--mount", "--", "sh", "-ec"]
    run = [sys.executable, "-m", "tests.sources.follower", str(where)]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    done = subprocess.run(
        [*command, f'{script}; exec "$@"', "sh", *run], capture_output=True, text=True, timeout=60, check=False
    )
    if "mount:" in done.stderr:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


LINES = [f"b'{line}'" for line in ("later", *(f"new of {number}.log" for number in range(4)))]


def test_without_watches_left_files_are_polled_and_say_so(tmp_path: Path) -> None:
    told = follower(tmp_path, "echo 3 > /proc/sys/user/max_inotify_watches")
    reason = "looked at every 0.05 s: no inotify watches are left (sysctl fs.inotify.max_user_watches)"
    assert told == [*LINES, "following", "following", reason, reason]


def test_without_instances_left_files_are_polled_and_say_so(tmp_path: Path) -> None:
    told = follower(tmp_path, "echo 0 > /proc/sys/user/max_inotify_instances")
    assert told[:5] == LINES
    assert all(line.startswith("looked at every 0.05 s: inotify cannot be used: ") for line in told[5:])


@pytest.mark.parametrize(
    ("kind", "options"), [("tmpfs", ""), ("overlay", "-o lowerdir={0}/l,upperdir={0}/u,workdir={0}/w")]
)
def test_a_file_system_where_inotify_does_not_work_is_polled(tmp_path: Path, kind: str, options: str) -> None:
    for name in "luwm":
        (tmp_path / name).mkdir()
    told = follower(tmp_path / "m", f"mount -t {kind} {options.format(tmp_path)} none {tmp_path / 'm'}")
    reason = "following" if kind == "tmpfs" else "looked at every 0.05 s: inotify does not see all writes on overlay"
    assert told == [*LINES, *[reason] * 4]
