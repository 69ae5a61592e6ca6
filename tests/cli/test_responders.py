"""Two dashboards on one state file, with a collector at work: what is done in one is soon seen in the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from apiwatch.config.settings import Block, Settings
from apiwatch.store.views import ActionView
from apiwatch.tui import ApiwatchApp
from apiwatch.tui.blocking import propose, wishes
from apiwatch.tui.deeds import Acknowledge, BlockDeed, Deed, Mute
from apiwatch.tui.echo import news
from apiwatch.tui.rows import AlertRow
from tests.cli.logs import WALKER, incident
from tests.cli.program import collector, wait_for
from tests.collector.picture import lines_read
from tests.tui.guards import compare, make_guard
from tests.tui.pilot import text_of

SOON_S = 2.0


@asynccontextmanager
async def dashboard(db: Path, actor: str) -> AsyncIterator[ApiwatchApp]:
    """What `apiwatch attach` opens, without a terminal."""
    from apiwatch.store import open_control, open_reader

    reader, control = await open_reader(db), await open_control(db)
    app = ApiwatchApp(
        reader,
        control,
        settings=Settings(db=str(db)),
        actor=actor,
        guard=make_guard,
        compare=compare,
        ended=lambda: None,
        owns_collector=False,
    )
    try:
        async with app.run_test(size=(120, 40)):
            yield app
    finally:
        await control.close()
        await reader.close()


async def soon(condition: Callable[[], bool], what: Callable[[], str], deadline_s: float = SOON_S) -> float:
    """Seconds until a condition holds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < deadline_s, what()
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_what_one_does_the_other_sees_within_two_seconds(home: Path, incident_log: Path) -> None:
    db = home / "state.db"
    total = len(incident())
    with collector(home, db, "--since=start", str(incident_log)):
        await asyncio.to_thread(wait_for, lambda: lines_read(db) == total, "the whole log")
        async with dashboard(db, "bob@gw1") as bob, dashboard(db, "ann@gw2") as ann:

            def seen() -> str:
                return text_of(ann.screen)

            await soon(lambda: WALKER in seen(), seen, 20.0)
            reader = ann.session.reader
            before: list[ActionView] = await reader.actions()
            (row, *_) = [AlertRow(view, 0.0) for view in await bob.session.reader.alerts()]

            async def does(deed: Deed, values: tuple[str, ...]) -> list[str]:
                """Bob does it; what Ann's foot would say."""
                outcome = await deed.do(bob.session.control, values, bob.session.actor, time.time())
                assert outcome.failure == ""
                nonlocal before
                after = await reader.actions()
                before, said = after, news(before, after, ())
                return said

            assert await does(Acknowledge([row], ()), ("looking into it",)) == [
                f"bob@gw1 acked {row.key[:8]} 'looking into it'"
            ]
            await soon(lambda: "[ack]" in seen(), seen)
            await soon(lambda: "bob@gw1" in seen() and "looking into it" in seen(), seen)
            (said,) = await does(Mute([row], ()), ("2h", "partner"))
            assert said.startswith(f"bob@gw1 muted {row.key[:8]} until ")
            await soon(lambda: "[muted]" in seen(), seen)
            proposals = propose(make_guard(), wishes([row], ()))
            (said,) = await does(BlockDeed(proposals, Block(), make_guard()), ("1h", "walks ids"))
            assert said.startswith(f"bob@gw1 queued for blocking {WALKER}/32 until ")
            await soon(lambda: ann.session.overview is not None and ann.session.overview.queued_blocks == 1, seen)
