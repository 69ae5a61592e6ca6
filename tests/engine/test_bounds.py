"""Memory is bounded by the settings: what goes past a bound is evicted or refused, and counted; no row is lost."""

from collections import Counter

import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import Limits
from apiwatch.detect.auth import LOG_INS_KEPT
from apiwatch.detect.objects import RECENT_KEPT, TRACKS_KEPT
from apiwatch.engine import Engine
from apiwatch.model import Batch
from apiwatch.routes import OTHER_HOSTS
from tests.engine.ledger import Ledger
from tests.engine.lines import ALONE, LATER, START, batch, engine_of, known_route, line, replayed
from tests.engine.test_determinism import TIGHT, batches_of
from tests.engine.traffic import feed_of


def limited(**limits: int) -> Settings:
    return Settings(limits=Limits(**limits))


def address(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250 + 1}"


def test_clients_stay_within_their_limit_and_evictions_are_counted() -> None:
    engine = engine_of(limited(clients=100))
    for number in range(1_000):
        engine.feed(batch([line(number, address(number), "/")]))
        assert len(engine.clients) <= 100
    health = engine.health()
    assert (health.clients_limit, health.clients + health.clients_evicted) == (100, 1_000)


@pytest.mark.parametrize("takes", [1, 7, 10_000])
def test_parts_of_evicted_and_returned_clients_sum_to_the_truth(takes: int) -> None:
    engine, ledger = engine_of(limited(clients=100)), Ledger()
    truth: Counter[str] = Counter()
    minutes: Counter[tuple[int, str]] = Counter()
    for number in range(1_500):
        client = address(number * 7 % 300)
        truth[client] += 1
        minutes[int(START + number) // 60, client] += 1
        engine.feed(batch([line(number, client, f"/{number % 3}/page")]))
        if number % takes == 0:
            ledger.apply(engine.take())
    ledger.apply(engine.take())
    rows: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for row in ledger.tables["clients"].values():
        rows[row.client] += row.requests
        parts[row.client] += 1
    per_minute: Counter[tuple[int, str]] = Counter()
    for row in ledger.tables["client_minutes"].values():
        per_minute[row.minute, row.client] += row.requests
    routes: Counter[str] = Counter()
    for row in ledger.tables["client_routes"].values():
        routes[row.client] += row.requests
    agents: Counter[str] = Counter()
    for row in ledger.tables["client_facets"].values():
        agents[row.client] += row.requests
    assert max(parts.values()) > 1
    assert rows == truth
    assert per_minute == minutes
    assert routes == truth
    assert agents == truth


def test_clients_with_a_score_leave_last() -> None:
    engine = engine_of(limited(clients=100))
    walk = [line(step, "203.0.113.9", f"/api/items/{step}") for step in range(20)]
    engine.feed(batch([*known_route("/api/items/77"), *walk]))
    engine.feed(batch([line(100 + number, address(number), "/") for number in range(500)]))
    assert engine.clients["203.0.113.9"].score > 0


def test_principals_stay_within_their_limit_and_alerted_ones_leave_last() -> None:
    engine = engine_of(limited(principals=100))
    walk = [line(step, "203.0.113.9", f"/api/items/{step}") for step in range(20)]
    engine.feed(batch([*known_route("/api/items/77"), *walk]))
    for number in range(500):
        engine.feed(batch([line(100 + number, address(number), "/")]))
        assert len(engine.principals) <= 100
    assert engine.health().principals_evicted > 0
    assert "203.0.113.9" in engine.principals


def test_principals_stay_within_their_limit_when_all_of_them_have_alerts() -> None:
    engine = engine_of(Settings(limits=Limits(principals=100), detectors=ALONE))
    engine.feed(batch(known_route("/login", method="POST", status=401)))
    for number in range(150):
        engine.feed(batch([line(number, address(number), "/login", 401, method="POST") for _ in range(12)]))
    assert engine.health().alerts_open == 150
    assert len(engine.principals) <= 100


def test_routes_stay_within_their_limit_and_forgotten_ones_are_counted() -> None:
    engine = engine_of(limited(routes=10))
    for number in range(60):
        engine.feed(batch([line(number, "192.0.2.1", f"/{'ab' * number}/x") for _ in range(2)]))
        assert len(engine.routes) <= 10
        assert len(engine.route_states) <= 10
    health = engine.health()
    assert (health.routes_limit, health.routes) == (10, len(engine.routes))
    assert health.routes_refused > 40


def test_forgotten_routes_take_their_parameters_and_objects_with_them() -> None:
    engine = engine_of(limited(routes=10))
    for number in range(60):
        name = "x" * (number + 1)
        engine.feed(batch([line(number, "192.0.2.1", f"/{name}/{item}") for item in range(9)]))
    assert len(engine.params) == len(engine.owners) <= 10
    assert engine.popularity.keys() <= {0, *engine.params}
    assert engine.health().objects == sum(len(table) for table in engine.popularity.values())


def test_rows_of_forgotten_routes_are_written_whenever_rows_are_taken() -> None:
    lines = [line(number, "192.0.2.1", f"/{'ab' * (number // 3)}/x") for number in range(90)]
    late, early = Ledger(), Ledger()
    late.apply(replayed(lines, limited(routes=10))[1])
    engine = engine_of(limited(routes=10))
    for raw in lines:
        engine.feed(batch([raw]))
        early.apply(engine.take())
    assert len(late.tables["routes"]) > 10
    assert late.tables["routes"] == early.tables["routes"]


def test_random_hosts_share_one_pseudo_route_above_a_limit() -> None:
    engine = engine_of()
    request = '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /x HTTP/1.1" 404 5'
    lines = [f"host{number}.example.com {request}".encode() for number in range(300)]
    engine.feed(batch(lines))
    assert engine.sources["/var/log/access.log"].requests == 300
    hosts = {route.host for route in engine.routes.all()}
    assert OTHER_HOSTS in hosts
    assert len(hosts) < 80


def test_objects_stay_within_their_limit_and_forgotten_ones_are_counted() -> None:
    engine = engine_of(limited(objects=1_000))
    engine.feed(batch(known_route("/api/items/1")))
    for number in range(4_000):
        engine.feed(batch([line(number // 50, address(number), f"/api/items/{number * 1_009}")]))
        assert engine.health().objects <= 1_000
    health = engine.health()
    assert health.objects == sum(len(table) for table in engine.popularity.values())
    assert health.objects_forgotten > 2_000


def test_alerts_above_the_limit_are_refused_and_counted() -> None:
    engine = engine_of(Settings(limits=Limits(alerts=10), detectors=ALONE))
    engine.feed(batch(known_route("/login", method="POST", status=401)))
    for number in range(30):
        engine.feed(batch([line(number, address(number), "/login", 401, method="POST") for _ in range(12)]))
    health = engine.health()
    assert (health.alerts_open, health.alerts_limit) == (10, 10)
    assert health.alerts_refused >= 20


def test_evidence_keeps_the_first_lines_and_the_latest_within_its_limit() -> None:
    lines = [line(step, "192.0.2.9", f"/api/items/{step}") for step in range(200)]
    engine, delta = replayed([*known_route("/api/items/777"), *lines], limited(evidence_lines=20))
    slots = {row.slot: row for row in delta.evidence}
    assert engine.health().evidence_limit == 20
    assert set(slots) == set(range(20))
    assert min(row.line for row in slots.values()) < 10
    assert max(row.line for row in slots.values()) == 202


def test_one_principal_cannot_hold_more_than_its_share() -> None:
    lines: list[bytes] = []
    for number in range(TRACKS_KEPT + 30):
        name = "x" * (number % 50 + 1) + "yz"[number // 50 % 2]
        lines += [line(number, "192.0.2.1", f"/{name}/{name}v/{item * 131}") for item in range(3)]
        lines += [line(number, "192.0.2.1", f"/{name}/{name}v/login", 401, method="POST") for _ in range(3)]
    lines += [line(500 + step // 50, "192.0.2.1", f"/x/{step * 1_013}") for step in range(RECENT_KEPT + 200)]
    engine, _ = replayed(lines)
    principal = engine.principals["192.0.2.1"]
    assert len(principal.tracks) == TRACKS_KEPT
    assert len(principal.log_ins) == LOG_INS_KEPT
    assert max(len(track.recent) for track in principal.tracks.values()) == RECENT_KEPT


def test_facets_and_routes_of_a_client_stay_within_their_limits_and_lose_nothing() -> None:
    settings = limited(routes_per_client=4, facets_per_client=2)
    lines = [line(step, "192.0.2.1", f"/{'ab' * (step % 9 + 1)}", agent=f"agent/{step % 7}") for step in range(90)]
    engine, delta = replayed(lines, settings)
    client = engine.clients["192.0.2.1"]
    assert len(client.routes) <= 5
    assert len(client.agents) <= 3
    assert sum(row.requests for row in delta.client_routes) == 90
    assert sum(row.requests for row in delta.client_facets if row.kind == "user_agent") == 90


def test_tight_limits_hold_under_generated_traffic_that_reaches_all_of_them() -> None:
    engine: Engine = engine_of(TIGHT)
    for begin in range(1, 400, 20):
        feed = feed_of(list(range(begin, begin + 20)), begin * 600.0)
        for _, each in batches_of(feed, set()):
            engine.feed(Batch(each.source, 0, each.first, each.next, each.lines, LATER))
            health = engine.health()
            assert health.clients <= health.clients_limit
            assert health.principals <= health.principals_limit
            assert health.routes <= health.routes_limit
            assert health.objects <= health.objects_limit
            assert len(engine.book) <= health.alerts_limit
        engine.take()
    health = engine.health()
    assert min(
        health.clients_evicted, health.principals_evicted, health.routes_refused, health.objects_forgotten,
        health.alerts_refused,
    ) > 0  # fmt: skip
    assert any(client.nat_until for client in engine.clients.values())
