"""How long one refresh of the dashboard reads, with very many clients, and how long the writer's commits take.

Run: python -m tests.bench.store_refresh [--clients 100000] [--minutes 15] [--rounds 15]

The peer, in the same run and on the same file, is the plain way to the same list: sum the counts per client and
minute of the window, sort, take 200.
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from apiwatch.model import ClientFacetRow, Severity
from apiwatch.store import Filter, Reader, open_reader
from apiwatch.store.filters import List, parse
from tests.store import rows as make

PIECE = 50_000
"""Clients of one commit: as many as an engine keeps."""

NAIVE = (
    "SELECT client, SUM(requests), SUM(ok), SUM(miss), SUM(deny), SUM(limited), SUM(err), SUM(neutral), SUM(bytes) "
    "FROM client_minutes WHERE minute > ? GROUP BY client ORDER BY 2 DESC, client LIMIT 200"
)
NAIVE_COUNT = "SELECT COUNT(DISTINCT client) FROM client_minutes WHERE minute > ?"


def addresses(count: int, chance: random.Random) -> list[str]:
    found: set[str] = set()
    while len(found) < count:
        number = chance.getrandbits(32)
        found.add(".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)))
    return sorted(found, key=lambda _: chance.random())


def commits(names: list[str], minutes: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Every client is active in every minute: 1 to 6 requests, and a few far more."""
    totals = dict.fromkeys(names, 0)
    heavy = set(names[:500])
    for minute in range(make.MINUTE - minutes + 1, make.MINUTE + 1):
        for begin in range(0, len(names), PIECE):
            piece = names[begin : begin + PIECE]
            clients, counts = [], []
            for name in piece:
                ok = chance.randint(20, 400) if name in heavy else chance.randint(1, 4)
                miss = chance.randint(0, 2)
                totals[name] += ok + miss
                counts.append(make.client_minute(minute, name, ok=ok, miss=miss, size=ok * 700))
                score = 60 if name in heavy else 0
                row = make.client_row(name, last=minute * 60 + 30, requests=totals[name])
                clients.append(row._replace(score=score, scored_at=minute * 60))
            requests = sum(row.requests for row in counts)
            yield {
                "clients": clients,
                "client_minutes": counts,
                "minutes": [make.minute_row(minute, requests)],
                "suspects": [make.suspect(name, chance.random()) for name in piece[:2000]],
                "alerts": [make.alert(f"{name}", name, Severity.HIGH) for name in piece[:300]],
                "health": make.health_view(minute * 60 + 30.0),
            }


FILTERS = (
    *("203.0.113.0/24", "172.16.0.0/12", "ua:python", "ua:python reqs>30", "user:user123", "score>=50", "sev>=high"),
    *("4xx>20", "first:1h", "python", "nothing-has-this"),
)


def facets(names: list[str], chance: random.Random) -> list[ClientFacetRow]:
    """One user agent of 430 for every client, a user name for every third."""
    agents = [f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{number}.0.0.0 Safari/537.36" for number in range(400)]
    agents += [f"python-requests/2.{number}" for number in range(30)]
    found = []
    for index, name in enumerate(names):
        found.append(ClientFacetRow(name, 0, "user_agent", chance.choice(agents), 5, int(make.NOW)))
        if index % 3 == 0:
            found.append(ClientFacetRow(name, 0, "user", f"user{index}@example.com", 3, int(make.NOW)))
    return found


async def measure_filters(reader: Reader, rounds: int) -> None:
    print(f"\n{'15 min, filter':38} {'median ms':>10} {'max ms':>8} {'rows':>5} {'among':>6}")
    for text in FILTERS:
        where = parse(text, List.CLIENTS)

        async def narrowed(where: Filter = where) -> None:
            await reader.clients(15, now=make.NOW, where=where)

        median, longest = await timed(rounds, narrowed)
        rows = await reader.clients(15, now=make.NOW, where=where)
        print(f"{'clients ' + text:38} {median:10.1f} {longest:8.1f} {len(rows):5} {rows.among:6}")
    for text in ("sev>=high", "route:orders user:user", "nothing-has-this"):
        alerts = parse(text, List.ALERTS)
        median, longest = await timed(rounds, lambda w=alerts: reader.alerts(where=w))  # type: ignore[misc]
        print(f"{'alerts ' + text:38} {median:10.1f} {longest:8.1f}")


async def timed(rounds: int, call: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Median and longest time in ms."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        await call()
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken), max(taken)


async def refresh(reader: Reader, window: int, sort: str) -> None:
    """What a dashboard asks in one refresh."""
    await reader.changed()
    await reader.overview(window, make.NOW)
    await reader.alerts()
    await reader.clients(window, sort=sort, now=make.NOW)
    await reader.suspects("enumeration")
    await reader.suspects("auth")
    await reader.block_entries(make.NOW)


async def measure(db: Path, rounds: int, names: list[str]) -> None:
    reader = await open_reader(db)
    peer = sqlite3.connect(db)
    try:
        singles: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("overview 15m", lambda: reader.overview(15, make.NOW)),
            ("alerts", reader.alerts),
            ("suspects enumeration", lambda: reader.suspects("enumeration")),
            ("drill-down of a client", lambda: reader.client(names[0], make.NOW)),
        ]
        print(f"{'one query':38} {'median ms':>10} {'max ms':>8}")
        for name, call in singles:
            median, longest = await timed(rounds, call)
            print(f"{name:38} {median:10.1f} {longest:8.1f}")
        print(f"\n{'window and order':22} {'list':>8} {'max':>7} {'refresh':>9} {'max':>7} {'plain':>9} {'max':>7}  ms")
        for window in (1, 5, 15, 60):

            async def plain(window: int = window) -> None:
                start = (make.MINUTE - window,)
                peer.execute(NAIVE, start).fetchall()
                peer.execute(NAIVE_COUNT, start).fetchall()

            plainly = await timed(max(1, rounds // 5), plain)
            for sort in ("score", "requests", "miss", "last_seen"):
                listed = await timed(rounds, lambda w=window, s=sort: reader.clients(w, sort=s, now=make.NOW))  # type: ignore[misc]
                whole = await timed(rounds, lambda w=window, s=sort: refresh(reader, w, s))  # type: ignore[misc]
                print(
                    f"{window:3} min by {sort:11} {listed[0]:9.1f} {listed[1]:7.1f} {whole[0]:9.1f} {whole[1]:7.1f} "
                    f"{plainly[0]:9.1f} {plainly[1]:7.1f}"
                )
            found = {view.client for view in await reader.clients(window, sort="requests", now=make.NOW)}
            wanted = {row[0] for row in peer.execute(NAIVE, (make.MINUTE - window,))}
            print(f"{window:3} min: {len(found & wanted)} of the {len(wanted)} busiest are in the list")
        await measure_filters(reader, rounds)
    finally:
        peer.close()
        await reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--minutes", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    chance = random.Random(7)  # noqa: S311  test data
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        db = Path(directory) / "state.db"
        names = addresses(options.clients, chance)
        taken = []
        with make.Collector(db) as collector:
            for lists in commits(names, options.minutes, chance):
                begin = time.perf_counter()
                collector.commit(**lists)
                taken.append(1000 * (time.perf_counter() - begin))
            collector.commit(client_facets=facets(names, chance))
        print(
            f"SQLite {sqlite3.sqlite_version}; {options.clients} clients x {options.minutes} minutes, "
            f"{db.stat().st_size / 1e6:.0f} MB"
        )
        print(
            f"commits of {min(PIECE, options.clients)} clients with a minute each: median "
            f"{statistics.median(taken):.0f} ms, max {max(taken):.0f} ms\n"
        )
        asyncio.run(measure(db, options.rounds, names))


if __name__ == "__main__":
    main()
