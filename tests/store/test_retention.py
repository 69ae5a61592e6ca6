"""Old rows go, new ones stay, and no commit does too much at once."""

import sqlite3
from itertools import pairwise
from pathlib import Path

from apiwatch.config.settings import Retention
from apiwatch.model import ClientFacetRow, ClientRouteRow, EvidenceRow, RouteRow
from tests.store.looking import reading
from tests.store.rows import (
    MINUTE,
    NOW,
    Collector,
    alert,
    client_minute,
    client_row,
    health_view,
    minute_row,
    route_minute,
    suspect,
)

SHORT = Retention(client_minutes=600.0, minutes=1200.0, route_minutes=1200.0, clients=3600.0, alerts=7200.0)
TABLES = (
    "client_minutes", "minutes", "route_minutes", "board_minutes", "clients", "client_routes", "client_facets",
    "activity", "recent", "suspects", "routes", "alerts", "alert_clients", "evidence",
)  # fmt: skip


def counts(db: Path) -> dict[str, int]:
    with sqlite3.connect(db) as file:
        found = {table: file.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES}  # noqa: S608
    file.close()
    return found


def commit_client(collector: Collector, name: str, minute: int, part: int = 0) -> None:
    last = minute * 60
    collector.commit(
        clients=[client_row(name, part, last)],
        client_minutes=[client_minute(minute, name, part)],
        client_routes=[ClientRouteRow(name, part, "GET /", last, 1, 0, 1, 0, 0, 0, 0, 0)],
        client_facets=[ClientFacetRow(name, part, "host", "example.com", 1, last)],
        minutes=[minute_row(minute, 1)],
        route_minutes=[route_minute(minute, "GET /", 1)],
        routes=[RouteRow(f"{name}.example.com", "GET /", "", last, last, 1, 1, 1, 0, 0, 0, 0, 0)],
        suspects=[suspect(name, last_seen=last)],
        alerts=[alert(f"a{name}", name, last_seen=float(last))],
        evidence=[EvidenceRow(f"a{name}", 0, last, "log", 1, "line")],
        health=health_view(float(last)),
    )


async def test_each_table_keeps_its_time(db: Path) -> None:
    with Collector(db, retention=SHORT) as collector:
        commit_client(collector, "192.0.2.1", MINUTE)
        before = counts(db)
        assert set(before.values()) == {1}
        ages = {
            11: {"client_minutes"},
            21: {"minutes", "route_minutes"},
            61: {
                "board_minutes",
                "clients",
                "client_routes",
                "client_facets",
                "activity",
                "recent",
                "suspects",
                "routes",
            },
            121: {"alerts", "alert_clients", "evidence"},
        }
        gone: set[str] = set()
        for minutes, tables in ages.items():
            collector.commit(health=health_view(NOW + (minutes - 2) * 60))
            assert {table for table, count in counts(db).items() if not count} == gone, minutes
            collector.commit(health=health_view(NOW + minutes * 60))
            gone |= tables
            assert {table for table, count in counts(db).items() if not count} == gone, minutes
        async with reading(db) as reader:
            seen = await reader.overview(5, NOW)
            assert (seen.clients_total, seen.total.requests) == (0, 0)


async def test_client_that_came_back_stays_and_is_counted_once(db: Path) -> None:
    with Collector(db, retention=SHORT) as collector:
        commit_client(collector, "192.0.2.1", MINUTE)
        commit_client(collector, "192.0.2.2", MINUTE + 1)
        commit_client(collector, "192.0.2.1", MINUTE + 59, part=2)
        collector.commit(health=health_view(NOW + 62 * 60))
        async with reading(db) as reader:
            seen = await reader.overview(60, NOW)
            detail = await reader.client("192.0.2.1", NOW)
            assert await reader.client("192.0.2.2", NOW) is None
        commit_client(collector, "192.0.2.2", MINUTE + 63)
        async with reading(db) as reader:
            again = await reader.overview(60, NOW)
    assert (seen.clients_total, seen.clients_window) == (1, 1)
    assert detail is not None
    assert detail.total.requests == 1
    assert (again.clients_total, again.clients_window) == (2, 2)


def test_rows_that_are_too_old_already_are_not_written(db: Path) -> None:
    with Collector(db, retention=SHORT) as collector:
        rows = [client_minute(minute, "192.0.2.1") for minute in range(MINUTE - 1000, MINUTE + 1)]
        collector.commit(client_minutes=rows)
        assert counts(db)["client_minutes"] == 11


def test_flood_is_removed_in_bounded_steps_and_as_fast_as_it_came(db: Path) -> None:
    names = [f"192.0.{number // 250}.{number % 250}" for number in range(6000)]
    with Collector(db, retention=SHORT) as collector:
        collector.commit(
            client_minutes=[client_minute(MINUTE, name) for name in names],
            clients=[client_row(name) for name in names],
        )
        later = health_view(NOW + 62 * 60)
        left = [(counts(db)["client_minutes"], counts(db)["clients"])]
        while left[-1] != (0, 0):
            collector.commit(health=later)
            left.append((counts(db)["client_minutes"], counts(db)["clients"]))
            assert len(left) < 20
        steps = [(one[0] - two[0], one[1] - two[1]) for one, two in pairwise(left)]
    assert max(minutes for minutes, _ in steps) <= 4000
    assert max(clients for _, clients in steps) <= 1000
    assert counts(db)["activity"] == 0


def test_long_replay_stays_bounded(db: Path) -> None:
    names = [f"192.0.2.{number}" for number in range(50)]
    with Collector(db, retention=SHORT) as collector:
        for hour in range(12):
            rows = [client_minute(MINUTE + hour * 60 + minute, name) for minute in range(60) for name in names]
            collector.commit(client_minutes=rows, health=health_view(NOW + hour * 3600 + 59 * 60))
            assert counts(db)["client_minutes"] <= 3 * 11 * len(names)
            assert counts(db)["board_minutes"] <= 2 * 60 * len(names)
