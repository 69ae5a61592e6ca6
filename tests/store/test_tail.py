"""The newest requests, from the engine to the reader."""

from pathlib import Path

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import Batch, LineRow
from apiwatch.store import Scope
from tests.engine.lines import LATER, line
from tests.store.looking import reading
from tests.store.rows import Collector, alert

WALKER, USER = "192.0.2.7", "198.51.100.9"


def lines_of(first: int, number: int) -> list[bytes]:
    return [line(step, WALKER if step % 2 else USER, f"/api/orders/{step}") for step in range(first, first + number)]


async def test_newest_requests_are_kept_and_the_others_counted(db: Path) -> None:
    engine = Engine(Settings(), salt=b"s")
    engine.show_lines(10)
    with Collector(db) as collector:
        for turn in range(18):
            engine.feed(Batch("/a.log", 0, "", "", lines_of(turn * 25, 25), LATER))
            delta = engine.take(with_lines=turn != 5)
            collector.commit(lines=delta.lines, lines_seen=delta.lines_seen, alerts=[alert("a1", USER)])
        async with reading(db) as reader:
            every = await reader.tail(1000)
            one = await reader.tail(3, Scope(client=WALKER))
            there = {view.client for view in (await reader.tail(1000, Scope(net="198.51.100.0/24"))).lines}
            members = {view.client for view in (await reader.tail(1000, Scope(alert="a1"))).lines}
            nowhere = await reader.tail(1000, Scope(route="GET /other"))
    assert (every.seen, every.kept, len(every.lines)) == (16 * 25 + 25, 160, 160)
    assert [view.line for view in every.lines[:11]] == [*range(450, 440, -1), 425]
    newest = every.lines[0]
    assert isinstance(newest, LineRow)
    assert (newest.client, newest.target, newest.status, newest.source) == (WALKER, "/api/orders/449", 200, "/a.log")
    assert (newest.method, newest.outcome, newest.route) == ("GET", "ok", "GET /api/orders/{int}")
    assert [view.line for view in one.lines] == [450, 448, 446]
    assert (one.kept, one.seen) == (every.kept, every.seen)
    assert there == members == {USER}
    assert nowhere.lines == ()


def test_replay_keeps_no_lines() -> None:
    engine = Engine(Settings(), salt=b"s")
    engine.feed(Batch("/a.log", 0, "", "", lines_of(0, 5), LATER))
    assert engine.take().lines == []
