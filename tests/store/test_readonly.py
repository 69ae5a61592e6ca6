"""Looking without changing: a user who may only read the file, and a control that refuses."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.errors import StoreError, StoreVersionError
from apiwatch.store import open_reader, read_only_control
from apiwatch.store.schema import migrate
from tests.store.looking import reading
from tests.store.rows import NOW, Collector, client_row, health_view

LOOK = """
import asyncio, os, sys
from pathlib import Path
from apiwatch.store import open_reader
os.setegid(65534)
os.seteuid(65534)

async def main():
    reader = await open_reader(Path(sys.argv[1]), migrates=False)
    for _ in sys.stdin:
        await reader.changed()
        print((await reader.health()).lines, flush=True)
    await reader.close()

asyncio.run(main())
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A state file that its owner alone may write and everybody may read, in a directory of the same kind."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: PTH101,S103
        db = Path(name) / "state.db"
        with Collector(db) as collector:
            collector.commit(clients=[client_row("203.0.113.7")], health=health_view(lines=1))
        db.chmod(0o644)
        yield db


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_user_who_may_only_read_sees_the_file_at_rest_and_at_work(shared: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LOOK, str(shared)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as viewer:
        assert viewer.stdin is not None
        assert viewer.stdout is not None

        def seen() -> str:
            print(file=viewer.stdin, flush=True)
            return viewer.stdout.readline() if viewer.stdout else ""

        assert seen() == "1\n"
        assert sorted(path.name for path in shared.parent.iterdir()) == ["state.db", "state.db.lock"]
        with Collector(shared) as collector:
            collector.commit(health=health_view(lines=2))
            assert seen() == "2\n"
            collector.commit(health=health_view(lines=3))
            assert seen() == "3\n"
        assert seen() == "3\n"
        with Collector(shared) as collector:
            collector.commit(health=health_view(lines=4))
            assert seen() == "4\n"
        viewer.stdin.close()
        assert viewer.wait(10) == 0


async def test_file_of_an_older_version_is_left_as_it_is(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    connection = sqlite3.connect(old, isolation_level=None)
    migrate(connection, 1)
    connection.close()
    before = old.read_bytes()
    with pytest.raises(StoreVersionError, match="let its owner open it once"):
        await open_reader(old, migrates=False)
    assert old.read_bytes() == before


async def test_control_refuses_everything(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
    control = read_only_control()
    for refused in (
        control.acknowledge("aa11", "me", "", NOW),
        control.say("mute", "aa11", "me", "", NOW, NOW + 60),
        control.allow("ip:203.0.113.7", "mine", "me", NOW, None),
        control.disallow("aa11", "me", NOW),
        control.block("203.0.113.7/32", "why", [], "me", NOW, None),
        control.unblock("aa11", "me", NOW),
    ):
        with pytest.raises(StoreError, match="read-only and changes nothing"):
            await refused
    await control.close()
    async with reading(db) as reader:
        assert await reader.actions() == []
