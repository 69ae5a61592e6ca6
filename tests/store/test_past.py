"""Looking back: what a window in the past held."""

from pathlib import Path

from apiwatch.model import Severity
from apiwatch.store import Scope
from tests.store.looking import reading
from tests.store.rows import MINUTE, NOW, Collector, alert, client_minute, client_row, minute_row

OLD, NEW = "192.0.2.7", "198.51.100.9"
BACK = NOW - 90 * 60
"""Longer ago than the longest window of the leaderboards."""


async def test_window_in_the_past_holds_what_was_then(db: Path) -> None:
    then = MINUTE - 90
    with Collector(db) as collector:
        collector.commit(
            clients=[
                client_row(OLD, last=then * 60, first_seen=then * 60 - 600, requests=20),
                client_row(NEW, first_seen=MINUTE * 60, requests=5),
            ],
            client_minutes=[
                client_minute(then, OLD, ok=9),
                client_minute(then - 4, OLD, ok=4),
                client_minute(then - 5, OLD, ok=7),
                client_minute(MINUTE, NEW, ok=5),
            ],
            minutes=[minute_row(then - 5, 7), minute_row(then - 4, 4), minute_row(then, 9), minute_row(MINUTE, 5)],
            alerts=[
                alert("a1", OLD, first_seen=then * 60.0, last_seen=then * 60.0 + 70, closed=True),
                alert("a2", NEW, Severity.LOW, first_seen=NOW - 5),
            ],
        )
        async with reading(db) as reader:
            for sort in ("score", "requests", "last_seen"):
                (old,) = await reader.clients(5, sort=sort, now=NOW, at=BACK)
                assert (old.client, old.window.requests, old.spark[-1]) == (OLD, 13, 9)
            (new,) = await reader.clients(5, now=NOW)
            past, now = await reader.overview(5, NOW, at=BACK), await reader.overview(5, NOW)
            (closed,) = await reader.alerts(at=BACK)
            (opened,) = await reader.alerts()
            day = await reader.day()
            before = await reader.day(BACK)
            sparks = await reader.sparks([OLD, "203.0.113.1"], at=BACK)
            assert await reader.span() == (then - 5, MINUTE)
            assert await reader.alerts(at=BACK, scope=Scope(client=NEW)) == []
            later = await reader.overview(5, NOW, at=NOW + 1e6)
    assert (new.client, opened.alert.id, closed.alert.id) == (NEW, "a2", "a1")
    assert (past.window.requests, past.clients_window, past.open_alerts) == (13, 1, {"high": 1})
    assert [view.minute for view in past.timeline] == [then - 5, then - 4, then]
    assert later == now
    assert (now.window.requests, now.clients_window, now.open_alerts) == (5, 1, {"low": 1})
    assert [(view.minute, view.severity) for view in day] == [
        (then - 5, ""),
        (then - 4, ""),
        (then, "high"),
        (MINUTE, "low"),
    ]
    assert before == day[:3]
    assert sparks[OLD] == old.spark
    assert sparks["203.0.113.1"] == (0,) * 60


async def test_empty_file_has_no_past(db: Path) -> None:
    with Collector(db):
        async with reading(db) as reader:
            assert await reader.span() == (0, 0)
            assert await reader.day() == ()
            assert await reader.clients(5, at=NOW) == []
