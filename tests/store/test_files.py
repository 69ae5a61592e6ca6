"""Files that are absent, empty, older, newer, damaged, or somebody else's; permissions; a disk that is full."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apiwatch.errors import StoreBusyError, StoreError, StoreGoneError, StoreVersionError
from apiwatch.store import ClientDetail, ClientView, Overview, live_owner, open_control, open_reader, open_writer
from apiwatch.store.locks import Lock
from apiwatch.store.schema import VERSION, migrate
from tests.store.looking import controlling, reading
from tests.store.rows import FOREVER, NOW, Collector, client_row, delta, health_view, state_row
from tests.store.test_reading import WALKER, fill

SORTS = ("score", "requests", "miss", "last_seen")


async def picture(db: Path) -> tuple[Overview, dict[str, list[ClientView]], ClientDetail | None]:
    async with reading(db) as reader:
        lists = {
            f"{sort} {window}": list(await reader.clients(window, sort=sort, now=NOW))
            for sort in SORTS
            for window in (5, 60)
        }
        return await reader.overview(5, NOW), lists, await reader.client(WALKER, NOW)


def make_version_1(db: Path, path: Path) -> None:
    """A file as version 1 wrote it, with the content of `db`."""
    old = sqlite3.connect(path, isolation_level=None)
    migrate(old, 1)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("ATTACH ? AS new", (str(db),))
    for (table,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")  # noqa: S608  own names
    old.execute("DETACH new")
    old.close()


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def replace_bytes(path: Path, content: bytearray) -> None:
    path.write_bytes(content)


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def version_of(db: Path) -> int:
    with sqlite3.connect(db) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
    file.close()
    return int(version)


@pytest.mark.parametrize("opener", ["writer", "reader", "control"])
async def test_older_version_is_migrated_without_loss(db: Path, tmp_path: Path, opener: str) -> None:
    with Collector(db) as collector:
        fill(collector)
        collector.commit({"b": "7"}, state=[state_row("k", b"blob")])
    async with controlling(db) as control:
        await control.block("203.0.113.7/32", "why", ["aa11"], "me", NOW, NOW + 60)
        await control.acknowledge("aa11", "me", "mine", NOW)
    expected = await picture(db)
    old = tmp_path / "old.db"
    make_version_1(db, old)
    assert version_of(old) == 1
    if opener == "writer":
        open_writer(old, retention=FOREVER).close()
    elif opener == "reader":
        await (await open_reader(old)).close()
    else:
        await (await open_control(old)).close()
    assert version_of(old) == VERSION == 11
    assert await picture(old) == expected
    async with reading(old) as reader:
        assert [view.state for view in await reader.alerts()] == ["acknowledged"]
        assert [entry.net for entry in await reader.block_entries(NOW)] == ["203.0.113.7/32"]
    with Collector(old) as again:
        assert again.offsets == {"/var/log/access.log": "100", "b": "7"}
        assert again.state == [state_row("k", b"blob")]
        again.commit(clients=[client_row("198.51.100.77", last=int(NOW) + 1)])
    async with reading(old) as reader:
        assert (await reader.overview(5, NOW)).clients_total == 4


async def test_older_version_with_a_live_collector_is_not_touched(db: Path, tmp_path: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
    old = tmp_path / "old.db"
    make_version_1(db, old)
    lock = Lock(old)
    try:
        before = bytes_of(old)
        with pytest.raises(StoreVersionError, match=r"version 1.*restart"):
            await open_reader(old)
        assert bytes_of(old) == before
    finally:
        lock.release()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"this is a diary\n" * 100, "no state file of apiwatch"),
        (b"x", "no state file of apiwatch"),
        (b"SQLite format 3\x00" + b"\xff" * 4096, "no state file of apiwatch"),
    ],
)
async def test_foreign_file_is_refused_and_kept(tmp_path: Path, content: bytes, error: str) -> None:
    path = tmp_path / "mine.db"
    path.write_bytes(content)
    for failed in await refusals(path):
        assert error in failed
        assert "mine.db" in failed
    assert path.read_bytes() == content
    assert names_in(tmp_path) == ["mine.db"]


async def test_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE clients (name TEXT)")
    other.close()
    before = path.read_bytes()
    assert all("no state file of apiwatch" in failed for failed in await refusals(path))
    assert path.read_bytes() == before


async def test_newer_version_is_refused_and_names_both(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
    with sqlite3.connect(db) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 3}")
    file.close()
    before = bytes_of(db)
    for failed in await refusals(db, StoreVersionError):
        assert f"version {VERSION + 3}" in failed
        assert f"version {VERSION}:" in failed
    assert bytes_of(db) == before


async def test_damaged_file_says_to_move_it_away(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
    content = bytearray(bytes_of(db))
    content[100:] = b"\xa5" * (len(content) - 100)
    replace_bytes(db, content)
    for failed in await refusals(db):
        assert "damaged; move it away" in failed
    assert bytes_of(db) == bytes(content)


async def test_damage_that_shows_later_is_an_error_of_the_store(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
    with sqlite3.connect(db) as file:
        pages = [number for (number,) in file.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'alerts'")]
    file.close()
    content = bytearray(bytes_of(db))
    for page in pages:
        content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    replace_bytes(db, content)
    async with reading(db) as reader:
        with pytest.raises(StoreError, match="damaged"):
            await reader.alerts()
        assert await reader.health() is not None


async def refusals(path: Path, kind: type[StoreError] = StoreError) -> list[str]:
    """What the three ways to open a file say when they refuse it; each must be one sentence."""
    said: list[str] = []
    with pytest.raises(kind) as refused:
        open_writer(path, retention=FOREVER)
    said.append(str(refused.value))
    for opener in (open_reader, open_control):
        with pytest.raises(kind) as refused:
            await opener(path)
        said.append(str(refused.value))
    assert all("\n" not in text for text in said)
    return said


async def test_absent_or_empty_file_has_nothing_to_read_and_is_not_made(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    for path in (tmp_path / "absent.db", empty):
        for opener in (open_reader, open_control):
            with pytest.raises(StoreError, match=r"nothing in the state file.*apiwatch collect"):
                await opener(path)
    assert names_in(tmp_path) == ["empty.db"]
    assert empty.read_bytes() == b""
    with Collector(empty) as collector:
        fill(collector)


def test_state_is_private(tmp_path: Path) -> None:
    db = tmp_path / "new" / "state.db"
    with Collector(db) as collector:
        fill(collector)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in db.parent.iterdir()}
    assert modes == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600)
    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700


def test_state_in_a_shared_directory_is_shared_with_its_group(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    before = os.umask(0o007)
    try:
        with Collector(tmp_path / "state.db") as collector:
            fill(collector)
            modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o660}


def test_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"state\.db cannot be (used|read)"):
        open_writer(tmp_path / "file" / "state.db", retention=FOREVER)
    with pytest.raises(StoreError, match="directory"):
        open_writer(tmp_path, retention=FOREVER)


async def test_odd_path_is_opened(tmp_path: Path) -> None:
    db = tmp_path / "a b?mode=memory#%41&ü" / "x'y.db"
    with Collector(db) as collector:
        fill(collector)
    async with reading(db) as reader:
        assert await reader.health() is not None
    assert db.exists()


@contextmanager
def as_nobody() -> Iterator[None]:
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
async def test_viewer_without_permission_gets_a_sentence() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        db = directory / "state.db"
        with Collector(db) as collector:
            fill(collector)
            os.chmod(directory, 0o755)  # noqa: PTH101,S103
            with as_nobody():
                assert live_owner(db) is None
                with pytest.raises(StoreError, match=r"cannot be read: Permission denied|this user may not write"):
                    await open_reader(db)
        db.chmod(0o644)
        with as_nobody():
            with pytest.raises(StoreError, match=r"this user may not write"):
                await open_control(db)
            with pytest.raises(StoreError, match=r"cannot be used: Permission denied|this user may not write"):
                open_writer(db, retention=FOREVER)
        os.chmod(directory, 0o777)  # noqa: PTH101,S103
        db.chmod(0o666)
        (directory / "state.db.lock").chmod(0o666)
        with as_nobody():
            async with reading(db) as reader:
                assert await reader.health() is not None


FILL = """
import resource, signal, sys
from pathlib import Path
from apiwatch.errors import StoreError
from tests.store.rows import Collector, state_row, health_view
with Collector(Path(sys.argv[1])) as collector:
    collector.commit({"log": "1"}, state=[state_row("k", b"before")])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    for _ in range(3):
        try:
            collector.commit({"log": "2"}, state=[state_row("k", b"x" * 500_000)])
        except StoreError as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if sys.argv[2] == "go on":
        collector.commit({"log": "3"}, state=[state_row("k", b"after")])
"""


@pytest.mark.parametrize(("then", "offset", "blob"), [("stop", "1", b"before"), ("go on", "3", b"after")])
def test_disk_that_is_full_fails_the_commit_and_not_the_writer(db: Path, then: str, offset: str, blob: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(db), then],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 3
    assert all("apiwatch.db" in text and ("space" in text) for text in said)
    with Collector(db) as collector:
        assert (collector.offsets, collector.state) == ({"log": offset}, [state_row("k", blob)])


@pytest.mark.parametrize(("free", "small"), [(12 << 20, True), (100 << 30, False)])
def test_write_ahead_log_is_small_where_there_is_little_room(
    db: Path, monkeypatch: pytest.MonkeyPatch, free: int, small: bool
) -> None:
    there = os.statvfs
    monkeypatch.setattr(
        os,
        "statvfs",
        lambda path: os.statvfs_result((*there(path)[:4], free // there(path).f_frsize, *there(path)[5:10])),
    )
    with Collector(db) as collector:
        for round_ in range(60):
            collector.commit({"log": str(round_)}, state=[state_row("k", bytes([round_]) * 100_000)])
        assert (db.with_name(f"{db.name}-wal").stat().st_size < 2 << 20) == small


def test_commit_that_is_refused_is_undone_and_the_next_one_is_taken(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit({"log": "1"})
        blocker = sqlite3.connect(db, isolation_level=None)
        blocker.execute("CREATE TRIGGER full BEFORE INSERT ON health BEGIN SELECT RAISE(ABORT, 'refused'); END")
        with pytest.raises(StoreError, match="refused"):
            collector.writer.commit(0, collector.epoch, {"log": "2"}, delta(), health_view(), [])
        blocker.execute("DROP TRIGGER full")
        blocker.close()
        collector.commit({"log": "3"})
    with Collector(db) as again:
        assert again.offsets == {"log": "3"}


@pytest.mark.parametrize("then", ["removed", "replaced"])
async def test_file_that_is_taken_away_is_missed_at_once_and_its_successor_is_left_whole(
    db: Path, tmp_path: Path, then: str
) -> None:
    other = tmp_path / "other.db"
    with Collector(other) as another:
        fill(another)

    def take_away() -> None:
        if then == "replaced":
            other.replace(db)
        else:
            db.unlink()

    with Collector(db) as collector:
        collector.commit(clients=[client_row("203.0.113.9")])
        async with reading(db) as reader, controlling(db) as control:
            assert await reader.changed()
            take_away()
            for late in (
                reader.changed(),
                reader.overview(5, NOW),
                control.acknowledge("a1", "me", "", NOW),
            ):
                with pytest.raises(StoreGoneError, match=rf"was {then} while it was in use"):
                    await late
            with pytest.raises(StoreGoneError, match="the collector stops"):
                collector.commit()
    if then == "replaced":
        with sqlite3.connect(db) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Collector(db) as successor:
        successor.commit(clients=[client_row("203.0.113.10")])
    async with reading(db) as reader:
        assert (await reader.client(WALKER, NOW) is not None) == (then == "replaced")
        assert await reader.client("203.0.113.10", NOW) is not None


def test_collector_that_owns_a_file_which_is_gone_is_named_and_no_file_is_made(db: Path) -> None:
    with Collector(db):
        db.unlink()
        with pytest.raises(StoreBusyError, match="another collector"):
            Collector(db)
        assert not db.exists()
