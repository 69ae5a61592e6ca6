"""How long one refresh of the dashboard reads, with very many clients, and how long the writer's commits take.

Run: python -m tests.bench.dashboard_refresh [--clients 100000] [--minutes 5] [--rounds 40]

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
from functools import partial
from pathlib import Path
from typing import Any

from apiwatch.model import ClientFacetRow, ClientRouteRow, EvidenceRow, MinuteRow, RouteRow, Severity
from apiwatch.store import Reader, open_reader
from apiwatch.store.filters import List, parse
from apiwatch.store.scope import Scope
from tests.bench.counted import percentile
from tests.store import rows as make

PIECE = 50_000
"""Clients of one commit: as many as an engine keeps."""

ROUTES = 5_000
HOST = "api.example.com"
BUDGET_MS = 50

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


def route(number: int) -> str:
    return f"GET /api/things{number}/{{id}}"


def route_row(number: int, minute: int) -> RouteRow:
    requests = 1_000_000 // (number + 1) + minute
    return RouteRow(HOST, route(number), "read", 1, minute * 60, requests, 9, requests, 0, 0, 0, 0, 0)


def client_route(name: str, index: int, minute: int) -> ClientRouteRow:
    return ClientRouteRow(name, 0, route(index % 200), minute * 60, 9, 3, 9, 0, 0, 0, 0, 0)


def facets(name: str, minute: int) -> list[ClientFacetRow]:
    """One client in two thousand is used by jane, one in ten by a script."""
    number = hash(name)
    agent = "curl/8.5" if number % 10 == 0 else f"browser {number % 997}"
    user = "jane" if number % 2000 == 0 else f"user{number % 50_000}"
    return [
        ClientFacetRow(name, 0, kind, value, 9, minute * 60) for kind, value in (("user_agent", agent), ("user", user))
    ]


def history(days: float) -> list[MinuteRow]:
    """Totals of the minutes that a week of retention keeps."""
    first = make.MINUTE - int(days * 1440)
    return [make.minute_row(minute, 50_000) for minute in range(first, make.MINUTE - 60)]


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
                "routes": [route_row(number, minute) for number in range(ROUTES)],
                "client_routes": [client_route(name, index, minute) for index, name in enumerate(piece)],
                "client_facets": [facet for name in piece for facet in facets(name, minute)],
                "evidence": [
                    EvidenceRow(name, 0, minute * 60, "a.log", minute, f"{name} GET /") for name in piece[:300]
                ],
                "health": make.health_view(minute * 60 + 30.0),
            }


FILTERS = (
    *("203.0.113.0/24", "172.16.0.0/12", "ua:curl", "ua:curl reqs>30", "user:jane", "score>=50", "sev>=high", "4xx>20"),
    *("first:1h", "client:.113.", "route:things3", "ua:browser", "-user:user1", "curl", "-curl", "zzz"),
)
"""Of the list of clients."""


async def timed(rounds: int, call: Callable[[], Awaitable[object]]) -> tuple[float, float, float]:
    """Median, 95th percentile and longest time in ms."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        await call()
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken), percentile(taken, 0.95), max(taken)


async def refresh(reader: Reader, window: int, sort: str) -> None:
    """What a dashboard asks in one refresh of its list of clients."""
    await reader.changed()
    await reader.pulse()
    await reader.overview(window, make.NOW)
    await reader.clients(window, sort=sort, now=make.NOW)
    await reader.block_entries(make.NOW)


def questions(reader: Reader, names: list[str]) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    """Every query of the views, with everything in sight and inside a scope."""
    busy, quiet = names[0], names[-1]
    scopes = {
        "a client": Scope(client=busy),
        "an alert": Scope(alert=busy),
        "a network": Scope(net=f"{busy.rpartition('.')[0]}.0/24"),
        "a route": Scope(host=HOST, route=route(3)),
        "a user": Scope(user="jane"),
        "an agent": Scope(agent="curl/8.5"),
    }
    found: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("changed", reader.changed),
        ("pulse", reader.pulse),
        ("overview 15m", lambda: reader.overview(15, make.NOW)),
        ("alerts", reader.alerts),
        ("alerts, closed ones too", lambda: reader.alerts(include_closed=True)),
        ("alerts ten minutes ago", lambda: reader.alerts(at=make.NOW - 600)),
        ("clients ten minutes ago", lambda: reader.clients(5, now=make.NOW, at=make.NOW - 600)),
        ("suspects enumeration", lambda: reader.suspects("enumeration")),
        ("suspects auth", lambda: reader.suspects("auth")),
        ("suspects recon", lambda: reader.suspects("recon")),
        ("routes", reader.routes),
        ("routes, the first 2 000", lambda: reader.routes(limit=2_000)),
        ("tail", reader.tail),
        ("sources", reader.sources),
        ("unparsed", reader.unparsed),
        ("block entries", lambda: reader.block_entries(make.NOW)),
        ("allowed", lambda: reader.allowed(make.NOW)),
        ("actions", reader.actions),
        ("one alert", lambda: reader.alert(busy)),
        ("evidence of an alert", lambda: reader.evidence(busy)),
        ("drill-down of a busy client", lambda: reader.client(busy, make.NOW)),
        ("drill-down of a quiet client", lambda: reader.client(quiet, make.NOW)),
        ("drill-down of a user", lambda: reader.user("jane", make.NOW)),
    ]
    for name, scope in scopes.items():
        found += [
            (f"alerts of {name}", partial(reader.alerts, scope=scope)),
            (f"clients of {name}", partial(reader.clients, 5, now=make.NOW, scope=scope)),
            (f"routes of {name}", partial(reader.routes, scope=scope)),
            (f"suspects of {name}", partial(reader.suspects, "enumeration", scope=scope)),
            (f"tail of {name}", partial(reader.tail, scope=scope)),
        ]
    for text in FILTERS:
        where = parse(text, List.CLIENTS)
        found.append((f"clients where {text}", partial(reader.clients, 5, now=make.NOW, where=where)))
    for text in ("sev>=high", "route:orders user:jane", "zzz"):
        found.append((f"alerts where {text}", partial(reader.alerts, where=parse(text, List.ALERTS))))
    return found


async def measure(db: Path, rounds: int, names: list[str]) -> None:
    reader = await open_reader(db)
    peer = sqlite3.connect(db)
    try:
        print(f"{'one query':38} {'median ms':>10} {'p95 ms':>8} {'max ms':>8}")
        over = 0
        for name, call in questions(reader, names):
            median, high, longest = await timed(rounds, call)
            over += high > BUDGET_MS
            mark = f"  above {BUDGET_MS} ms" if high > BUDGET_MS else ""
            print(f"{name:38} {median:10.1f} {high:8.1f} {longest:8.1f}{mark}", flush=True)
        print(f"{over} queries are above the budget of {BUDGET_MS} ms (p95)")
        print(f"\n{'window and order':22} {'list':>8} {'p95':>7} {'refresh':>9} {'p95':>7} {'plain':>9} {'p95':>7}  ms")
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
    finally:
        peer.close()
        await reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    chance = random.Random(7)  # noqa: S311  test data
    with tempfile.TemporaryDirectory(prefix="apiwatch-bench-") as directory:
        db = Path(directory) / "state.db"
        names = addresses(options.clients, chance)
        taken = []
        with make.Collector(db) as collector:
            collector.commit(minutes=history(7))
            for lists in commits(names, options.minutes, chance):
                begin = time.perf_counter()
                collector.commit(**lists)
                taken.append(1000 * (time.perf_counter() - begin))
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
