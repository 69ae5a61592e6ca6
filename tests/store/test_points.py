"""Objects of an enumeration over time, from the engine to the reader."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.detect.points import KEPT, Points
from apiwatch.engine import Engine
from apiwatch.store import Scope
from tests.engine.lines import batch, line, scattered
from tests.store.looking import reading
from tests.store.rows import Collector

WALKER, USER, ROUTE = "203.0.113.7", "192.0.2.8", "GET /api/orders/{int}"


@given(number=st.integers(0, 5_000))
def test_points_are_spread_evenly_and_never_too_many(number: int) -> None:
    points = Points(True)
    for step in range(number):
        points.add(float(step), 7 * step, step % 2 == 0, WALKER)
    steps = points.flat[::3]
    assert steps == list(range(0, number, points.stride))
    assert points.flat[1::3] == [7 * step for step in steps]
    assert len(steps) <= KEPT
    assert points.stride == 1 or len(steps) >= KEPT // 2


async def test_walk_is_a_line_and_users_have_none(db: Path) -> None:
    walk = [line(step, WALKER, f"/api/orders/{5000 + step}", 404 if step % 4 else 200) for step in range(600)]
    usual = [line(step, USER, f"/api/orders/{number}") for step, number in enumerate(scattered(60))]
    engine = Engine(Settings(), salt=b"s")
    with Collector(db) as collector:
        for lines in (usual, walk[:300], walk[300:]):
            engine.feed(batch(lines))
            delta = engine.take()
            collector.commit(points=delta.points)
        assert delta.points
        assert not engine.take().points
        async with reading(db) as reader:
            points = await reader.points(Scope(client=WALKER, route=ROUTE))
            assert await reader.points(Scope(client=USER)) == ()
            assert await reader.points(Scope(client=WALKER, route="GET /other")) == ()
            assert await reader.points(Scope(route=ROUTE)) == points
    numbers = [point.number for point in points]
    assert KEPT // 2 <= len(points) <= KEPT
    assert numbers == list(range(numbers[0], numbers[0] + len(points) * points[0].stride, points[0].stride))
    assert all(point.ordered and point.found == ((point.number - 5000) % 4 == 0) for point in points)
    assert {(point.principal, point.client, point.parameter) for point in points} == {(WALKER, WALKER, "orders")}
