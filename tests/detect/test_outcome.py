"""Outcomes by status, and by the sizes that a route answers with."""

import pytest

from apiwatch.detect.outcome import BY_STATUS, learn_size, refine
from apiwatch.detect.state import RouteState
from apiwatch.model import Outcome
from apiwatch.routes import Routes


def route_state() -> RouteState:
    routes = Routes(100)
    routes.match("h", "GET", "/2017-06-30/users", "", 0.0, True)
    return RouteState(routes.match("h", "GET", "/2017-06-30/users", "", 0.0, True)[0])


def taught(*sizes: int) -> RouteState:
    route = route_state()
    for size in sizes:
        learn_size(route, size)
    return route


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (Outcome.OK, (200, 201, 204, 206, 299, 304)),
        (Outcome.MISS, (400, 404, 410, 422)),
        (Outcome.DENY, (401, 403, 407, 419, 440)),
        (Outcome.LIMIT, (429,)),
        (Outcome.ERR, (500, 502, 503, 599)),
        (Outcome.NEUTRAL, (0, 100, 101, 301, 302, 303, 307, 405, 408, 409, 499, 600, 999)),
    ],
)
def test_outcome_by_status(outcome: Outcome, statuses: tuple[int, ...]) -> None:
    assert [BY_STATUS[status] for status in statuses] == [outcome] * len(statuses)


def test_worked_example_of_a_miss_mode() -> None:
    sizes = [12 if number % 100 < 62 else 600 + number % 700 for number in range(1_000)]
    route = taught(*sizes)
    assert refine(route, 12, 200, "GET") == Outcome.MISS
    assert refine(route, 900, 200, "GET") == Outcome.OK


def test_exact_size_above_forty_bytes_can_be_a_miss_mode() -> None:
    route = taught(*(160 if number % 3 == 0 else 1_000 + number for number in range(320)))
    assert refine(route, 160, 200, "GET") == Outcome.MISS
    assert refine(route, 161, 200, "GET") == Outcome.MISS
    assert refine(route, 300, 200, "GET") == Outcome.OK


@pytest.mark.parametrize(("status", "method"), [(204, "GET"), (200, "HEAD")])
def test_answers_without_a_body_are_no_misses(status: int, method: str) -> None:
    route = taught(*(12 if number % 2 else 900 for number in range(320)))
    assert refine(route, 12, 200, "GET") == Outcome.MISS
    assert refine(route, 12, status, method) == Outcome.OK


def test_route_that_is_small_by_nature_has_no_miss_mode() -> None:
    route = taught(*(12 if number % 10 else 900 for number in range(640)))
    assert refine(route, 12, 200, "GET") == Outcome.OK


def test_frequent_size_near_the_others_is_no_miss_mode() -> None:
    route = taught(*(400 if number % 3 == 0 else 900 for number in range(640)))
    assert refine(route, 400, 200, "GET") == Outcome.OK


def test_few_answers_teach_nothing() -> None:
    assert refine(taught(*([12] * 16 + [900] * 16)), 12, 200, "GET") == Outcome.OK


def test_list_of_sizes_stays_small() -> None:
    route = taught(*range(1, 5_000))
    assert len(route.sizes) == 8
    assert len(route.size_buckets) < 80
