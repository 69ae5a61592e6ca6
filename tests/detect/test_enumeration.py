"""Walks and guesses: what is found, when, and what is not."""

from collections.abc import Iterator
from itertools import chain
from random import Random

import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors, SequentialEnumeration
from apiwatch.model import Severity
from tests.engine.lines import ALONE as ALONE_TESTS
from tests.engine.lines import alerts_of, events_of, known_route, line, names, replayed, scattered

ROUTE = known_route("/api/items/900000")
WALKER = "203.0.113.9"
ALONE = Settings(detectors=ALONE_TESTS)


def walk(
    ids: list[int], *, pace: float = 1.0, status: int = 200, client: str = WALKER, start: float = 10.0
) -> list[bytes]:
    return [line(start + pace * step, client, f"/api/items/{item}", status) for step, item in enumerate(ids)]


def populated(clients: int = 40, *, reads: int = 6, start: float = 0.0) -> list[bytes]:
    """Clients that read items here and there."""
    return [
        line(start + client, f"192.0.2.{client + 1}", f"/api/items/{item}")
        for client in range(clients)
        for item in scattered(reads, client)
    ]


@pytest.mark.parametrize("pace", [0.0, 1.0, 30.0, 3_000.0])
def test_walk_is_found_at_its_sixth_request_at_any_pace(pace: float) -> None:
    (event,) = [
        event for event in events_of([*ROUTE, *walk(list(range(500, 508)), pace=pace)]) if event.reason == "open"
    ]
    assert event.alert.detector == "enumeration.sequential"
    assert event.line - len(ROUTE) == (7 if pace > 1_000 else 6)
    assert event.alert.severity == Severity.MEDIUM


def test_walk_over_eight_objects_is_high_once_the_route_is_known() -> None:
    warm = 25 * 3_600.0
    before = [*ROUTE, *populated()]
    events = events_of([*before, *walk(list(range(500, 512)), start=warm)])
    assert [(event.reason, event.alert.severity) for event in events] == [("open", 2), ("severity", 3)]
    assert [event.line - len(before) for event in events] == [5, 8]


@pytest.mark.parametrize(
    "ids",
    [
        list(range(500, 514)),
        list(range(514, 500, -1)),
        list(range(500, 600, 7)),
        list(range(1_000, 3_000, 100)),
        [500 + (step % 2) * 40_000 + step // 2 for step in range(24)],
        [500 + base + shuffled for base in range(0, 24, 8) for shuffled in (3, 0, 6, 1, 7, 2, 5, 4)],
    ],
    ids=["up", "down", "stride 7", "stride 100", "two interleaved", "shuffled by eight"],
)  # fmt: skip
def test_walks_of_many_shapes_are_found(ids: list[int]) -> None:
    assert names(alerts_of([*ROUTE, *populated(), *walk(ids)])) == ["enumeration.sequential"]


def test_random_reads_and_rereads_are_no_walk() -> None:
    ids = scattered(20)
    assert alerts_of([*ROUTE, *walk(ids + ids)]) == []


def test_popular_objects_may_be_read_in_order() -> None:
    newest = list(range(700, 740))
    readers = [
        raw
        for reader in range(4)
        for raw in walk(newest[reader::3] + newest[reader % 3 :: 3], client=f"192.0.2.{reader + 1}")
    ]
    opened = [line(0, f"198.51.{client}.{item % 100}", f"/api/items/{item}") for item in newest for client in range(3)]
    alerts = alerts_of([*ROUTE, *opened, *readers, *walk(newest)])
    assert WALKER not in {alert.client for alert in alerts}
    alerts = alerts_of([*ROUTE, *opened, *readers, *walk(list(range(812_000, 812_040)))])
    assert WALKER in {alert.client for alert in alerts}


def test_route_that_everybody_reads_in_order_switches_the_test_off() -> None:
    feed = [
        raw
        for client in range(120)
        for raw in walk(list(range(client * 50, client * 50 + 5)), client=f"192.0.2.{client + 1}")
    ]
    assert alerts_of([*ROUTE, *feed, *walk(list(range(90_000, 90_020)))]) == []
    assert names(alerts_of([*ROUTE, *walk(list(range(90_000, 90_020)))])) == ["enumeration.sequential"]


def test_small_space_is_exempt_once_it_is_known_to_be_small() -> None:
    categories = list(range(1, 31))
    visits = [
        line(number / 10, f"198.51.100.{number % 200 + 1}", f"/api/items/{categories[number * 7 % 30]}")
        for number in range(4_100)
    ]
    ids = [*range(31, 45)]
    assert alerts_of([*visits, *walk(ids, start=500)]) == []


@pytest.mark.parametrize("pace", [0.0, 20.0, 3_000.0])
def test_guesses_are_found_at_any_pace(pace: float) -> None:
    ids = scattered(12)
    (event, *_) = events_of([*ROUTE, *walk(ids, pace=pace, status=404)])
    assert event.alert.detector == "enumeration.miss"
    assert event.line == len(ROUTE) + 6


def address_book(at: float, client: str, ids: Iterator[int], dice: Random) -> list[bytes]:
    """A new phone looks up sixty numbers, of which four in five are unknown."""
    return [
        line(at + step, client, f"/api/items/{next(ids)}", 404 if dice.random() < 0.8 else 200) for step in range(60)
    ]


def test_address_books_with_mostly_unknown_numbers_are_normal_from_the_second_day_on() -> None:
    dice, ids = Random(6), iter(scattered(6_000, seed=4))  # noqa: S311  # reproducible, not secret
    visits = [address_book(3_000.0 * visit, f"192.0.2.{visit + 1}", ids, dice) for visit in range(90)]
    day = 29
    late = [event for event in events_of([*ROUTE, *chain(*visits)], ALONE) if event.line > day * 60 + 2]
    assert [event.alert.client for event in late] == []
    walker = walk(list(range(500, 512)), start=270_000.0, status=404)
    found = alerts_of([*ROUTE, *chain(*visits), *walker], ALONE)
    assert [alert.detector for alert in found if alert.client == WALKER] == ["enumeration.sequential"]


def test_missing_object_that_several_clients_ask_for_is_neutral() -> None:
    ids = scattered(12)
    others = [
        raw
        for other in range(3)
        for raw in walk(ids[other * 4 : other * 4 + 4], client=f"192.0.2.{other + 1}", status=404)
    ]
    more = [
        raw for other in range(9) for raw in walk(ids[(other % 3) * 4 :][:4], client=f"192.0.2.{other + 9}", status=404)
    ]
    assert alerts_of([*ROUTE, *others, *more, *walk(ids, status=404)]) == []


def test_forbidden_counts_and_an_expired_token_does_not() -> None:
    ids = scattered(14)
    assert names(alerts_of([*ROUTE, *walk(ids, status=403)])) == ["enumeration.miss"]
    assert alerts_of([*ROUTE, *walk(ids[:1]), *walk(ids[1:], status=401, start=60)]) == []
    assert names(alerts_of([*ROUTE, *walk(ids[:1]), *walk(ids[1:], status=401, start=90_000)])) == ["enumeration.miss"]


def test_lookups_that_always_answer_200_are_misses_by_their_size() -> None:
    def lookup(at: float, client: str, name: str, size: int) -> bytes:
        return line(at, client, f"/2017-06-30/users?email={name}@example.com", size=size)

    known = [
        lookup(client, f"192.0.2.{client % 90 + 1}", f"known{client}", 700 + client % 400) for client in range(200)
    ]
    guesses = [lookup(300 + guess, WALKER, f"guess{guess}", 12) for guess in range(40)]
    alerts = alerts_of([*known, *guesses])
    assert names(alerts) == ["enumeration.lookup-oracle"]
    assert alerts[0].route == "GET /2017-06-30/users"


def test_account_route_without_visible_objects_counts_each_request_as_one() -> None:
    lines = [line(step, WALKER, "/members/lookup", 404, method="POST") for step in range(12)]
    known = known_route("/members/lookup", method="POST")
    (alert,) = alerts_of([*known, *lines])
    assert alert.detector == "enumeration.miss"
    assert any("not visible in this log" in text for text in alert.explanation.counter_evidence)


def test_fresh_token_in_each_request_does_not_hide_a_walk() -> None:
    lines = [line(40 * step, WALKER, f"/api/items/{step}?access_token=secret{step}") for step in range(12)]
    alerts = alerts_of([*ROUTE, *lines])
    assert names(alerts) == ["enumeration.sequential"]
    assert alerts[0].principal == WALKER


def test_attacker_who_is_first_on_the_system_is_found() -> None:
    assert names(alerts_of(walk(list(range(30))))) == ["enumeration.sequential"]


def test_suspect_is_listed_before_there_is_an_alert() -> None:
    _, delta = replayed([*ROUTE, *walk([500, 501, 502])])
    assert delta.alerts == []
    (row,) = [row for row in delta.suspects if row.detector == "enumeration.sequential"]
    assert (row.client, row.hits, row.objects) == (WALKER, 2, 3)
    assert 0.0 < row.evidence < 1.0


def test_switched_off_detector_is_silent() -> None:
    settings = Settings(detectors=Detectors(sequential=SequentialEnumeration(enabled=False)))
    assert alerts_of([*ROUTE, *walk(list(range(20)))], settings) == []


def test_route_that_everybody_reads_in_order_is_learned_from_those_who_were_accused_of_it() -> None:
    readers = [
        raw
        for reader in range(12)
        for raw in walk(
            list(range(1_000 * reader, 1_000 * reader + 30)), start=400.0 * reader, client=f"192.0.2.{reader + 1}"
        )
    ]
    alerts = alerts_of([*ROUTE, *readers], ALONE)
    assert {alert.detector for alert in alerts} == {"enumeration.sequential"}
    assert len(alerts) == 5
    wave = [raw.replace(b"192.0.2.", b"198.51.100.") for raw in populated(30, start=9_000.0)]
    assert len(alerts_of([*ROUTE, *wave, *readers], ALONE)) == 12


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(("route", "severity"), [("files", Severity.MEDIUM), ("previews", Severity.LOW)])
def test_list_of_files_that_loads_its_previews_is_of_low_severity(route: str, severity: Severity, status: int) -> None:
    step = 1 if status == 200 else 7_919
    lines = [line(10 + n / 20, WALKER, f"/{route}/{500 + n * step}", status) for n in range(20)]
    (alert,) = alerts_of([*known_route(f"/{route}/900000"), *lines])
    assert (alert.family, alert.severity) == ("enumeration", severity)
