"""One writer at a time: lock, owner's name, epochs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from apiwatch.errors import Fenced, StoreBusyError, StoreError
from apiwatch.store import live_owner, open_writer
from tests.store.looking import reading
from tests.store.rows import FOREVER, NOW, Collector, client_row, delta, health_view, state_row

HOLD = """
import sys
from pathlib import Path
from apiwatch.config.settings import Retention
from apiwatch.store import open_writer
writer = open_writer(Path(sys.argv[1]), retention=Retention())
writer.acquire(0, "somebody@elsewhere")
print("ready", flush=True)
sys.stdin.read()
"""


def test_second_writer_is_refused_with_the_owners_name(db: Path) -> None:
    with Collector(db) as first:
        with pytest.raises(StoreBusyError, match=rf"pid {os.getpid()}, oncall@gw1.*apiwatch\.db"):
            open_writer(db, retention=FOREVER)
        first.commit({"a": "1"})
    with Collector(db) as second:
        assert second.offsets == {"a": "1"}


def test_owner_is_told_while_it_lives(db: Path) -> None:
    assert live_owner(db) is None
    with Collector(db):
        assert live_owner(db) == f"pid {os.getpid()}, oncall@gw1"
        assert live_owner(db) == f"pid {os.getpid()}, oncall@gw1"
    assert live_owner(db) is None
    assert live_owner(Path("/dev/null/state.db")) is None


def test_killed_writer_leaves_nothing_behind(db: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        assert live_owner(db) == f"pid {other.pid}, somebody@elsewhere"
        with pytest.raises(StoreBusyError, match=f"pid {other.pid}"):
            open_writer(db, retention=FOREVER)
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert live_owner(db) is None
    with Collector(db) as next_one:
        assert next_one.epoch == 2


async def test_zombie_is_fenced_and_writes_nothing(db: Path) -> None:
    with Collector(db) as zombie:
        zombie.commit({"a": "1"}, state=[state_row("k", b"old")], clients=[client_row("192.0.2.1")])
        newer = zombie.writer.acquire(0, "newer@gw2")
        assert newer.epoch == zombie.epoch + 1
        assert newer.offsets == {"a": "1"}
        assert newer.state == [("k", b"old")]
        with pytest.raises(Fenced, match="taken over"):
            zombie.commit({"a": "2"}, health=health_view(lines=99))
        with pytest.raises(Fenced, match="taken over"):
            zombie.commit({"a": "2"}, state=[state_row("k", b"new")], clients=[client_row("192.0.2.2")])
        async with reading(db) as reader:
            found = await reader.health()
            assert await reader.client("192.0.2.2", NOW) is None
        assert found is not None
        assert found.lines == 10
        zombie.writer.commit(0, newer.epoch, {"a": "3"}, None, health_view(), [])
    with Collector(db) as last:
        assert (last.epoch, last.offsets, last.state) == (3, {"a": "3"}, [state_row("k", b"old")])


def test_shard_that_nobody_took_cannot_be_written(db: Path) -> None:
    writer = open_writer(db, retention=FOREVER)
    with pytest.raises(Fenced):
        writer.commit(7, 1, {}, delta(), health_view(), [])
    writer.close()


def test_state_is_replaced_and_deleted(db: Path) -> None:
    with Collector(db) as collector:
        assert (collector.epoch, collector.offsets, collector.state) == (1, {}, [])
        collector.commit({"a": "1", "b": "1"}, state=[state_row("x", b"1"), state_row("y", b"1"), state_row("z", b"1")])
        collector.commit({"b": "2"}, state=[state_row("y", None), state_row("z", b"\x00\xff"), state_row("none", None)])
    with Collector(db) as again:
        assert again.offsets == {"a": "1", "b": "2"}
        assert again.state == [state_row("x", b"1"), state_row("z", b"\x00\xff")]


def test_closed_writer_says_so(db: Path) -> None:
    collector = Collector(db)
    collector.writer.close()
    collector.writer.close()
    with pytest.raises(StoreError, match="was closed"):
        collector.commit()
