"""What the writer stored is what the reader tells."""

import asyncio
from pathlib import Path

import pytest

from apiwatch.errors import StoreError
from apiwatch.model import (
    ClientFacetRow,
    ClientRouteRow,
    EvidenceRow,
    MinuteRow,
    RouteRow,
    Severity,
    UnparsedRow,
)
from apiwatch.store import EvidenceView, FacetView, HealthView, Mix
from apiwatch.store.filters import List, parse
from tests.store.looking import controlling, reading
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
    source_view,
    suspect,
)

WALKER = "192.0.2.7"
ROUTE = "GET /api/orders/{id}"


def fill(collector: Collector) -> None:
    """One walker with everything, and two quiet neighbours."""
    last = int(NOW)
    collector.commit(
        {"/var/log/access.log": "100"},
        sources=[source_view(), source_view("/var/log/b.log", state="waiting")],
        clients=[
            client_row(
                WALKER,
                requests=12,
                ok=4,
                miss=8,
                score=60,
                scored_at=last,
                points='[[60,"walks ids"]]',
                peer="10.0.0.1",
            ),
            client_row("192.0.2.8", requests=3, last=last - 240),
            client_row("198.51.100.9", requests=2, last=last - 3600),
        ],
        client_minutes=[
            client_minute(MINUTE - 1, WALKER, ok=1, miss=2),
            client_minute(MINUTE, WALKER, ok=3, miss=6, size=900),
            client_minute(MINUTE - 4, "192.0.2.8", ok=3),
            client_minute(MINUTE - 60, "198.51.100.9", ok=2),
        ],
        client_routes=[
            ClientRouteRow(WALKER, 0, ROUTE, last, 11, 11, 3, 8, 0, 0, 0, 0),
            ClientRouteRow(WALKER, 0, "GET /", last, 1, 0, 1, 0, 0, 0, 0, 0),
        ],
        client_facets=[
            ClientFacetRow(WALKER, 0, "user_agent", "curl/8", 11, last),
            ClientFacetRow(WALKER, 0, "user_agent", "wget", 1, last - 5),
            ClientFacetRow(WALKER, 0, "user", "mallory", 2, last),
            ClientFacetRow(WALKER, 0, "host", "api.example.com", 12, last),
        ],
        minutes=[
            minute_row(MINUTE - 60, 2),
            minute_row(MINUTE - 4, 3),
            minute_row(MINUTE - 1, 3),
            MinuteRow(MINUTE, 9, 0, 3, 0, 6, 0, 0, 3, 6, 0, 0, 0, 0, 900),
        ],
        routes=[
            RouteRow("api.example.com", ROUTE, "", last - 100, last, 11, 1, 3, 8, 0, 0, 0, 0),
            RouteRow("api.example.com", "GET /", "login", last - 100, last, 6, 3, 6, 0, 0, 0, 0, 0),
        ],
        suspects=[
            suspect(WALKER, 1.4),
            suspect("192.0.2.8", 0.4),
            suspect("192.0.2.8", 0.0, detector="enumeration.miss"),
            suspect(WALKER, 2.0, detector="scraping.distinct-objects", family="scraping"),
            suspect(WALKER, 0.7, detector="auth.log-in", family="auth"),
        ],
        alerts=[alert("aa11", WALKER), alert("aa22", "192.0.2.8", Severity.LOW, closed=True)],
        evidence=[
            EvidenceRow("aa11", 1, last, "/var/log/access.log", 9, "second"),
            EvidenceRow("aa11", 0, last - 9, "/var/log/access.log", 5, "first"),
        ],
        unparsed=[UnparsedRow("/var/log/access.log", n, last, f"line {n}", n, "combined") for n in (3, 4)]
        + [UnparsedRow("/var/log/b.log", 7, last, "other", 0, "")],
        health=health_view(lines=17, unparsed=3),
    )


async def test_overview_counts_by_window_and_in_total(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            seen = await reader.overview(5, NOW)
            longer = await reader.overview(61, NOW)
    assert seen.health == health_view(lines=17, unparsed=3, changed=NOW)
    assert [source.name for source in seen.sources] == ["/var/log/access.log", "/var/log/b.log"]
    assert (seen.total.requests, seen.total.s4xx, seen.total.miss) == (17, 6, 6)
    assert (seen.window.requests, seen.window_minutes) == (15, 5)
    assert (seen.clients_total, seen.clients_window) == (3, 2)
    assert (longer.window.requests, longer.clients_window) == (17, 3)
    assert seen.open_alerts == {"high": 1}
    assert [(view.minute, view.mix.requests) for view in seen.timeline] == [
        (MINUTE - 4, 3),
        (MINUTE - 1, 3),
        (MINUTE, 9),
    ]


async def test_empty_state_file_has_an_empty_overview(db: Path) -> None:
    with Collector(db):
        async with reading(db) as reader:
            seen = await reader.overview(5, NOW)
            assert await reader.health() is None
            assert await reader.clients(5) == []
            assert await reader.client(WALKER, NOW) is None
    assert seen.health is None
    assert seen.total == Mix()
    assert (seen.clients_total, seen.timeline, seen.open_alerts) == (0, (), {})


async def test_clients_of_a_window_say_what_they_did_in_it(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            (walker, quiet) = await reader.clients(5, now=NOW)
            (only,) = await reader.clients(1, now=NOW)
            ever = await reader.clients(10 * 366 * 1440, now=NOW)
    assert (walker.client, walker.score, walker.severity, walker.alerts) == (WALKER, 60, "high", 1)
    assert (walker.requests, walker.window.requests, walker.window.miss) == (12, 12, 8)
    assert (quiet.client, quiet.severity, quiet.alerts) == ("192.0.2.8", "", 0)
    assert (only.client, only.window) == (WALKER, Mix(requests=9, ok=3, miss=6, bytes=900))
    assert [view.client for view in ever] == [WALKER, "192.0.2.8", "198.51.100.9"]
    assert ever[2].window.requests == 2


@pytest.mark.parametrize(("later", "score"), [(0, 60), (1800, 30), (3600, 15), (86_400, 0)])
async def test_score_halves_every_30_minutes(db: Path, later: int, score: int) -> None:
    with Collector(db) as collector:
        fill(collector)
        collector.commit(health=health_view(NOW + later))
        async with reading(db) as reader:
            (walker, *_) = [view for view in await reader.clients(3000, now=NOW + later) if view.client == WALKER]
            detail = await reader.client(WALKER, NOW + later)
    assert walker.score == score
    assert detail is not None
    assert detail.row.score == score
    assert bool(detail.points) == (score > 0)


async def test_score_of_an_old_log_does_not_fade_beyond_its_end(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            (walker, *_) = await reader.clients(5, now=NOW + 1e8)
    assert walker.score == 60


async def test_drill_down_has_everything(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            detail = await reader.client(WALKER, NOW)
    assert detail is not None
    assert (detail.row.requests, detail.total.miss, detail.peer) == (12, 8, "10.0.0.1")
    assert detail.points == ((60, "walks ids"),)
    assert [(view.minute, view.mix.miss) for view in detail.timeline] == [(MINUTE - 1, 2), (MINUTE, 6)]
    assert [(view.route, view.objects, view.roles) for view in detail.routes] == [
        (ROUTE, 11, ""),
        ("GET /", 0, "login"),
    ]
    assert detail.user_agents == (FacetView("curl/8", 11, float(int(NOW))), FacetView("wget", 1, float(int(NOW) - 5)))
    assert [view.value for view in (*detail.users, *detail.hosts)] == ["mallory", "api.example.com"]
    assert [view.alert.id for view in detail.alerts] == ["aa11"]
    assert [view.text for view in detail.evidence] == ["second", "first"]
    assert [view.detector for view in detail.suspects] == [
        "scraping.distinct-objects",
        "enumeration.sequential",
        "auth.log-in",
    ]
    assert detail.neighbours == 1


async def test_neighbours_share_the_24_or_the_64(db: Path) -> None:
    names = [
        "192.0.2.1",
        "192.0.2.200",
        "192.0.20.1",
        "192.0.3.1",
        "2001:db8::1",
        "2001:db8::ffff:1",
        "2001:db8:0:1::1",
    ]
    with Collector(db) as collector:
        collector.commit(clients=[client_row(name) for name in [*names, "www.example.com", "host.example.com", ""]])
        async with reading(db) as reader:
            found = {
                name: await reader.client(name, NOW) for name in ["192.0.2.1", "2001:db8::1", "www.example.com", ""]
            }
    assert {name: detail.neighbours if detail else None for name, detail in found.items()} == {
        "192.0.2.1": 1,
        "2001:db8::1": 1,
        "www.example.com": 0,
        "": 0,
    }


async def test_alerts_are_worst_first_and_closed_ones_on_demand(db: Path) -> None:
    rows = [
        alert("a1", severity=Severity.LOW),
        alert("a2", severity=Severity.CRITICAL, score=50),
        alert("a3", severity=Severity.CRITICAL, score=90),
        alert("a4", severity=Severity.CRITICAL, score=90, last_seen=NOW + 5),
        alert("a5", severity=Severity.CRITICAL, score=99, closed=True),
    ]
    with Collector(db) as collector:
        collector.commit(alerts=rows)
        async with reading(db) as reader:
            assert [view.alert.id for view in await reader.alerts()] == ["a4", "a3", "a2", "a1"]
            assert [view.alert for view in await reader.alerts(limit=1)] == [rows[3]]
            everything = await reader.alerts(include_closed=True)
            assert [(view.alert.id, view.state) for view in everything][:2] == [("a5", "closed"), ("a4", "open")]


async def test_alert_is_found_by_an_unambiguous_prefix(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit(alerts=[alert("abc1"), alert("abd2"), alert("ab%3")])
        async with reading(db) as reader:
            found = {text: await reader.alert(text) for text in ("abc", "ab", "abd2", "x", "", "%", "ab%", "abc12")}
    assert {text: view.alert.id for text, view in found.items() if view is not None} == {
        "abc": "abc1",
        "abd2": "abd2",
        "ab%": "ab%3",
    }


async def test_evidence_is_in_the_order_of_time(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            found = await reader.evidence("aa11")
            assert await reader.evidence("aa") == []
    assert found == [
        EvidenceView(float(int(NOW) - 9), "/var/log/access.log", 5, "first"),
        EvidenceView(float(int(NOW)), "/var/log/access.log", 9, "second"),
    ]


async def test_suspects_of_a_family_know_their_open_alert(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            found = await reader.suspects("enumeration")
            auth = await reader.suspects("auth")
            assert await reader.suspects("recon") == []
    assert [(view.client, view.evidence, view.alert_id) for view in found] == [
        (WALKER, 2.0, ""),
        (WALKER, 1.4, "aa11"),
        ("192.0.2.8", 0.4, ""),
    ]
    assert [view.detector for view in auth] == ["auth.log-in"]


async def test_routes_sources_and_unparsed_lines(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            routes = await reader.routes()
            assert await reader.sources() == [source_view(), source_view("/var/log/b.log", state="waiting")]
            lines = await reader.unparsed(limit=2)
            of_one = await reader.unparsed(source="/var/log/access.log")
            assert await reader.unparsed(source="/var/log/none.log") == []
    assert [(view.route, view.clients, view.mix.requests, view.roles) for view in routes] == [
        (ROUTE, 1, 11, ""),
        ("GET /", 3, 6, "login"),
    ]
    assert [(view.source, view.line) for view in lines] == [("/var/log/access.log", 3), ("/var/log/b.log", 7)]
    assert [(view.source, view.line) for view in of_one] == [("/var/log/access.log", 3), ("/var/log/access.log", 4)]


def _route(route: str) -> RouteRow:
    return RouteRow("api.example.com", route, "", 1, int(NOW), 1, 9, 9, 0, 0, 0, 0, 0)


async def test_routes_say_how_bad_their_open_alerts_are(db: Path) -> None:
    other = "GET /api/users/{id}"
    alerts = [
        alert("a1", severity=Severity.MEDIUM),
        alert("a2", "192.0.2.8", Severity.CRITICAL),
        alert("a3", "192.0.2.9", Severity.CRITICAL, route=other, closed=True),
        alert("a4", "192.0.2.9", Severity.CRITICAL, host="else.example.com"),
    ]
    with Collector(db) as collector:
        collector.commit(routes=[_route(ROUTE), _route(other)], alerts=alerts)
        async with reading(db) as reader:
            routes = {view.route: (view.severity, view.alerts) for view in await reader.routes()}
            found = [
                [view.route for view in await reader.routes(where=parse(text, List.ROUTES))]
                for text in ("sev:critical", "sev<critical", "-sev>=low", "alerts:0", "alerts:2")
            ]
    assert routes == {ROUTE: ("critical", 2), other: ("", 0)}
    assert found == [[ROUTE], [], [other], [other], [ROUTE]]


async def test_rows_written_twice_count_once(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            before = [
                await reader.overview(5, NOW),
                await reader.clients(60, now=NOW),
                await reader.client(WALKER, NOW),
            ]
            fill(collector)
            assert before == [
                await reader.overview(5, NOW),
                await reader.clients(60, now=NOW),
                await reader.client(WALKER, NOW),
            ]


async def test_parts_of_a_client_that_was_evicted_are_summed(db: Path) -> None:
    last = int(NOW)
    with Collector(db) as collector:
        collector.commit(
            clients=[client_row(WALKER, 0, last - 300, 5, score=90, scored_at=last - 300, points='[[90,"old"]]')],
            client_minutes=[client_minute(MINUTE - 5, WALKER, 0, ok=5)],
            client_routes=[ClientRouteRow(WALKER, 0, ROUTE, last - 300, 5, 5, 5, 0, 0, 0, 0, 0)],
            minutes=[minute_row(MINUTE - 5, 5)],
        )
        collector.commit(
            clients=[client_row(WALKER, 3, last, 2, peer="10.0.0.9")],
            client_minutes=[client_minute(MINUTE, WALKER, 3, ok=2), client_minute(MINUTE - 5, WALKER, 3, ok=1)],
            client_routes=[ClientRouteRow(WALKER, 3, ROUTE, last, 2, 2, 2, 0, 0, 0, 0, 0)],
            minutes=[minute_row(MINUTE, 2), minute_row(MINUTE - 5, 6)],
        )
        async with reading(db) as reader:
            (view,) = await reader.clients(15, now=NOW)
            detail = await reader.client(WALKER, NOW)
            seen = await reader.overview(5, NOW)
    assert (view.requests, view.window.requests, view.first_seen, view.last_seen) == (7, 8, last - 360, last)
    assert detail is not None
    assert [(point.minute, point.mix.requests) for point in detail.timeline] == [(MINUTE - 5, 6), (MINUTE, 2)]
    assert [(route.mix.requests, route.objects) for route in detail.routes] == [(7, 7)]
    assert (detail.peer, detail.points, detail.neighbours) == ("10.0.0.9", ((90, "old"),), 0)
    assert (seen.clients_total, seen.clients_window) == (1, 1)


async def test_shards_are_summed(db: Path) -> None:
    with Collector(db) as one:
        fill(one)
        two = one.writer.acquire(1, "oncall@gw1")
        one.shard, one.epoch = 1, two.epoch
        fill(one)
        async with reading(db) as reader:
            seen = await reader.overview(5, NOW)
            (walker, _) = await reader.clients(5, now=NOW)
            (source, _) = await reader.sources()
            routes = await reader.routes()
    assert (two.offsets, two.state) == ({}, [])
    assert (seen.total.requests, seen.window.requests, seen.timeline[-1].mix.requests) == (34, 30, 18)
    assert (walker.requests, walker.window.requests) == (24, 24)
    assert seen.health == health_view(
        lines=34, unparsed=6, requests=20, lines_per_s=2.0, bounds={"clients": (2, 100_000, 0)}, changed=NOW
    )
    assert (source.lines, routes[0].mix.requests) == (20, 22)


async def test_a_route_is_one_row_of_all_shards_and_its_sums_decide_its_place(db: Path) -> None:
    with Collector(db) as collector:
        for shard, seen, roles, busier in ((0, int(NOW), "", 30), (1, int(NOW) - 50, "login", 40)):
            collector.shard = shard
            collector.epoch = collector.writer.acquire(shard, "oncall@gw1").epoch
            collector.commit(
                routes=[
                    RouteRow("api", "POST /login", roles, seen, seen + 5, 50, 3, 20, 0, 25, 0, 5, 0),
                    RouteRow("api", f"GET /only{shard}", "", seen, seen, busier + 20, 1, 60, 0, 0, 0, 0, 0),
                ]
            )
        async with reading(db) as reader:
            (login,) = await reader.routes(limit=1)
            every = await reader.routes()
    assert (login.route, login.roles, login.clients) == ("POST /login", "login", 6)
    assert (login.first_seen, login.last_seen) == (NOW - 50, NOW + 5)
    assert login.mix == Mix(requests=100, ok=40, deny=50, err=10)
    assert [view.mix.requests for view in every] == [100, 60, 50]


async def test_changed_tells_commits_of_others(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader, controlling(db) as control:
            assert await reader.changed()
            assert not await reader.changed()
            collector.commit()
            assert await reader.changed()
            assert not await reader.changed()
            await control.acknowledge("aa11", "me@here", "", NOW)
            assert await reader.changed()


async def test_a_heartbeat_alone_is_told_from_what_is_to_be_read_anew(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        collector.commit()
        async with reading(db) as reader, controlling(db) as control:
            before = await reader.pulse()
            collector.commit(health=health_view(heartbeat=NOW + 7, lag_s=3.0))
            beaten = await reader.pulse()
            assert beaten.revision == before.revision is not None
            assert beaten.health == await reader.health() == health_view(heartbeat=NOW + 7, lag_s=3.0, changed=NOW)
            collector.commit(health=health_view(heartbeat=NOW + 8), minutes=[minute_row(MINUTE, 1)])
            brought = await reader.pulse()
            assert brought.revision != before.revision
            await control.acknowledge("aa11", "me@here", "", NOW)
            assert (await reader.pulse()).revision != brought.revision


async def test_reads_at_the_same_time_take_turns(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            found = await asyncio.gather(*(reader.overview(5, NOW) for _ in range(20)))
    assert all(one == found[0] for one in found)


async def test_cancelled_read_leaves_the_reader_usable(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
        async with reading(db) as reader:
            for turns in range(30):
                task = asyncio.create_task(reader.overview(5, NOW))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait({task})
                assert isinstance(await reader.health(), HealthView)


async def test_reader_sees_the_commit_of_its_first_query_to_the_end(db: Path) -> None:
    """A long read never mixes two commits: totals per minute and per client agree."""
    with Collector(db) as collector:

        def commit(requests: int) -> None:
            collector.commit(
                clients=[client_row(WALKER, requests=requests)],
                client_minutes=[client_minute(MINUTE, WALKER, ok=requests)],
                minutes=[minute_row(MINUTE, requests)],
                health=health_view(requests=requests),
            )

        commit(1)
        async with reading(db) as reader:
            for requests in range(2, 60):
                writing = asyncio.create_task(asyncio.to_thread(commit, requests))
                seen = await reader.overview(5, NOW)
                await writing
                assert seen.health is not None
                assert seen.health.requests == seen.total.requests == seen.window.requests


async def test_closed_reader_and_control_say_so(db: Path) -> None:
    with Collector(db) as collector:
        fill(collector)
    async with reading(db) as reader, controlling(db) as control:
        await reader.close()
        await control.close()
        with pytest.raises(StoreError, match="was closed"):
            await reader.health()
        with pytest.raises(StoreError, match="was closed"):
            await control.acknowledge("aa11", "me", "", NOW)


async def test_unknown_order_is_refused(db: Path) -> None:
    with Collector(db):
        async with reading(db) as reader:
            with pytest.raises(ValueError, match="sorted"):
                await reader.clients(5, sort="name; DROP TABLE clients")


async def test_routes_say_what_they_did_in_the_window_and_what_is_usual(db: Path) -> None:
    last = int(NOW)
    with Collector(db) as collector:
        collector.commit(
            clients=[client_row(WALKER)],
            client_minutes=[client_minute(MINUTE - 59, WALKER, ok=7), client_minute(MINUTE, WALKER, ok=2)],
            routes=[RouteRow("api.example.com", ROUTE, "", last - 9, last, 100, 1, 100, 0, 0, 0, 0, 0)],
            route_minutes=[
                route_minute(MINUTE, ROUTE, 10, miss=30, durations="30:95 47:5"),
                route_minute(MINUTE - 6, ROUTE, 5, durations="47:90"),
                *(route_minute(MINUTE - 60 * hour, ROUTE, number) for hour, number in ((1, 8), (2, 4), (3, 6))),
                route_minute(MINUTE - 200, ROUTE, 1),
            ],
            minutes=[
                minute_row(MINUTE, 40),
                *(minute_row(MINUTE - 60 * hour - 2, number) for hour, number in ((1, 8), (2, 4), (3, 6))),
                minute_row(MINUTE - 59, 7),
                minute_row(MINUTE - 200, 1),
            ],
        )
        async with reading(db) as reader:
            (route,) = await reader.routes(window_minutes=5)
            (earlier,) = await reader.routes(window_minutes=5, at=NOW - 360)
            (longer,) = await reader.routes(window_minutes=60)
            seen = await reader.overview(5, NOW)
            (walker,) = await reader.clients(5, now=NOW)
    assert (route.window.requests, route.window.s2xx, route.window.miss, route.window.bytes) == (40, 10, 30, 4000)
    assert (len(route.spark), route.spark[-1], route.spark[-7], sum(route.spark)) == (60, 40, 5, 45)
    assert route.usual == 6.0
    assert route.p95 == pytest.approx(1.0, rel=0.125)
    assert earlier.window.requests == 5
    assert longer.usual == 0.0
    assert (seen.window.requests, seen.usual) == (40, 6.0)
    assert (len(walker.spark), walker.spark[0], walker.spark[-1]) == (60, 7, 2)
