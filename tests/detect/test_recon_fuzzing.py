"""Path fuzzing."""

import pytest

from apiwatch.model import Severity
from tests.engine.lines import alerts_of, events_of, known_route, line, names, replayed

FUZZER = "203.0.113.9"


def probes(
    count: int, status: int = 404, *, pace: float = 1.0, client: str = FUZZER, word: str = "secret"
) -> list[bytes]:
    return [line(10 + pace * step, client, f"/{word}-{step}/admin.php", status) for step in range(count)]


@pytest.mark.parametrize("status", [401, 403, 404, 405])
@pytest.mark.parametrize("pace", [0.0, 5_000.0])
def test_fuzzer_is_found_at_its_fifth_unknown_target_at_any_pace(status: int, pace: float) -> None:
    (event, *_) = events_of([*known_route("/"), *probes(5, status, pace=pace)])
    assert event.alert.detector == "recon.endpoint-fuzzing"
    assert event.line == 7
    assert event.alert.severity == Severity.MEDIUM
    assert event.alert.explanation.numbers[0].now == pytest.approx(14.98 if not pace else 13.85, abs=0.01)


def test_same_target_again_is_no_new_one() -> None:
    assert alerts_of([*known_route("/"), *(raw for _ in range(10) for raw in probes(4))]) == []


def test_missing_files_of_a_page_are_no_probes() -> None:
    lines = [line(step, FUZZER, f"/assets/img-{step}.png", 404) for step in range(40)]
    assert alerts_of([*known_route("/"), *lines]) == []


def test_target_that_many_clients_miss_is_neutral() -> None:
    crowd = [raw for client in range(40) for raw in probes(4, client=f"192.0.2.{client + 1}")]
    assert alerts_of([*known_route("/"), *crowd, *probes(4), *probes(1, word="other")]) == []


def test_client_whose_targets_exist_is_no_fuzzer() -> None:
    pages = [raw for page in range(30) for raw in known_route(f"/{'ab' * page}/page")]
    visits = [raw for step in range(15) for raw in (
        line(step, FUZZER, f"/{'ab' * step * 2}/page"), *probes(1, word=f"dead{step}")[:step % 4 == 0]
    )]  # fmt: skip
    assert alerts_of([*pages, *visits]) == []


def test_missing_object_of_a_known_route_is_no_unknown_target() -> None:
    lines = [line(step, FUZZER, f"/api/items/{step * 7_919}", 404) for step in range(12)]
    assert names(alerts_of([*known_route("/api/items/7"), *lines])) == ["enumeration.miss"]


def test_fuzzer_does_not_grow_the_table_of_routes() -> None:
    engine, _ = replayed([*known_route("/"), *probes(2_000)])
    assert engine.health().routes <= 3
