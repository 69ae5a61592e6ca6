"""Lists of clients against the plain way to count them."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.model import ClientMinuteRow, ClientRow
from apiwatch.store import ClientView
from apiwatch.store.schema import rank_of
from tests.store.looking import reading
from tests.store.rows import MINUTE, NOW, Collector, client_minute, client_row, health_view, minute_row

SORTS = ("score", "requests", "miss", "deny", "err", "bytes", "last_seen")


class Model:
    """All rows by their keys, and the list made from them in the plainest way."""

    def __init__(self) -> None:
        self.clients: dict[tuple[str, int], ClientRow] = {}
        self.minutes: dict[tuple[int, str, int], ClientMinuteRow] = {}

    def take(self, clients: list[ClientRow], minutes: list[ClientMinuteRow]) -> None:
        self.clients.update(((row.client, row.part), row) for row in clients)
        self.minutes.update((row[:3], row) for row in minutes)

    def listed(self, watermark: float, window: int, sort: str) -> list[tuple[str, int]]:
        """(client, requests in the window) in order."""
        sums: dict[str, list[int]] = {}
        for row in self.minutes.values():
            if row.minute > int(watermark) // 60 - window:
                old = sums.setdefault(row.client, [0] * 8)
                sums[row.client] = [a + b for a, b in zip(old, row[3:], strict=True)]
        rows = {name: [row for row in self.clients.values() if row.client == name] for name in sums}
        places = {"requests": 0, "miss": 2, "deny": 3, "err": 5, "bytes": 7}

        def key(name: str) -> tuple[float, int, str]:
            if sort == "last_seen":
                value: float = max(row.last_seen for row in rows[name])
            elif sort == "score":
                value = max(rank_of(row.score, row.scored_at) for row in rows[name])
                value = 0 if value < watermark - 1800 else value
            else:
                value = sums[name][places[sort]]
            return (-value, -sums[name][0], name)

        return [(name, sums[name][0]) for name in sorted(sums, key=key)]


NAMES = st.sampled_from([f"192.0.2.{number}" for number in range(1, 9)])
COUNT = st.integers(0, 5)
ACTIVITY = st.tuples(NAMES, st.integers(0, 1), st.integers(0, 70), COUNT, COUNT, COUNT, COUNT, st.integers(0, 900))
COMMITS = st.lists(st.lists(ACTIVITY, max_size=12), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(commits=COMMITS, restart=st.booleans(), scores=st.lists(st.integers(0, 100), min_size=8, max_size=8))
def test_lists_are_those_of_the_plain_count(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[Any]], restart: bool, scores: list[int]
) -> None:
    db = tmp_path_factory.mktemp("boards") / "state.db"
    model = Model()
    collector = Collector(db)
    for number, commit in enumerate(commits):
        watermark = NOW + 60 * number
        newest = int(watermark) // 60
        clients: dict[tuple[str, int], ClientRow] = {}
        minutes: dict[tuple[int, str, int], ClientMinuteRow] = {}
        for name, part, age, ok, miss, deny, err, size in commit:
            before = model.minutes.get((newest - age, name, part))
            grown = ok + (before.ok if before else 0)
            row = client_minute(newest - age, name, part, ok=grown, miss=miss, deny=deny, err=err, size=size)
            minutes[row[:3]] = row
            known = clients.get((name, part)) or model.clients.get((name, part))
            last = max(known.last_seen if known else 0, (newest - age) * 60)
            score = scores[int(name[-1]) - 1]
            clients[name, part] = client_row(name, part, last, score=score, scored_at=last if score else 0)
        model.take(list(clients.values()), list(minutes.values()))
        collector.commit(
            clients=list(clients.values()),
            client_minutes=list(minutes.values()),
            minutes=[minute_row(minute, 1) for minute in {key[0] for key in minutes}],
            health=health_view(watermark),
        )
        if restart:
            collector.writer.close()
            collector = Collector(db)
    collector.writer.close()
    found = asyncio.run(lists(db, watermark, 8))
    for (window, sort), views in found.items():
        expected = model.listed(watermark, window, sort)
        assert [(view.client, view.window.requests) for view in views] == expected, (window, sort)
    short = asyncio.run(lists(db, watermark, 3))
    for key, views in found.items():
        assert short[key] == views[:3], key


async def lists(db: Path, now: float, limit: int) -> dict[tuple[int, str], list[ClientView]]:
    async with reading(db) as reader:
        found: dict[tuple[int, str], list[ClientView]] = {}
        for window in (1, 5, 60):
            seen = await reader.overview(window, now)
            for sort in SORTS:
                found[window, sort] = await reader.clients(window, sort=sort, limit=limit, now=now)
                assert len(found[window, sort]) <= seen.clients_window
        return found


async def fill_crowd(db: Path, size: Callable[[int, int], int]) -> Model:
    """More clients than a board holds, over three minutes, each minute written in several growing commits."""
    model = Model()
    with Collector(db) as collector:
        for minute in range(MINUTE - 2, MINUTE + 1):
            for share in (2, 1):
                rows = [
                    client_minute(minute, name_of(number), ok=max(1, size(number, minute) // share), size=number)
                    for number in range(2000)
                ]
                clients = [client_row(name_of(number), last=minute * 60) for number in range(2000)]
                model.take(clients, rows)
                collector.commit(
                    clients=clients,
                    client_minutes=rows,
                    minutes=[minute_row(minute, 1)],
                    health=health_view(minute * 60.0 + 30),
                )
    return model


def name_of(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250}"


async def test_busiest_of_a_crowd_are_found_and_exactly_counted(db: Path) -> None:
    model = await fill_crowd(db, lambda number, minute: 4000 - number + (number * minute) % 7)
    with sqlite3.connect(db) as file:
        (rows,) = file.execute(
            "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM board_minutes GROUP BY minute)"
        ).fetchone()
        (floors,) = file.execute("SELECT COUNT(*) FROM board_floors").fetchone()
    file.close()
    assert rows <= 1500
    assert floors == 3
    async with reading(db) as reader:
        for window in (1, 5):
            views = await reader.clients(window, sort="requests", limit=200, now=NOW)
            assert [(view.client, view.window.requests) for view in views] == model.listed(NOW, window, "requests")[
                :200
            ]
        seen = await reader.overview(5, NOW)
        every = await reader.clients(5, sort="requests", limit=3000, now=NOW)
        latest = await reader.clients(5, sort="last_seen", limit=200, now=NOW)
    assert seen.clients_window == seen.clients_total == len(every) == 2000
    assert [(view.client, view.window.requests) for view in every] == model.listed(NOW, 5, "requests")
    assert len(latest) == 200


async def test_client_that_is_on_one_board_only_is_counted_on_all(db: Path) -> None:
    """Nobody is busy in two minutes; the floors of the boards do not hide what clients did in the others."""
    model = await fill_crowd(db, lambda number, minute: 5000 if number % 3 == minute % 3 and number < 300 else 10)
    async with reading(db) as reader:
        views = await reader.clients(5, sort="requests", limit=200, now=NOW)
    assert [view.window.requests for view in views] == [5020] * 200
    assert {view.client for view in views} <= {name for name, _ in model.listed(NOW, 5, "requests")[:300]}
