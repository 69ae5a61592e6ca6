"""Which routes there are: from the engine with an OpenAPI file to the reader."""

from pathlib import Path

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.routes import Specification
from apiwatch.routes.openapi.specification import Operation, PathItem
from apiwatch.store import Scope
from tests.engine.lines import batch, line
from tests.store.looking import reading
from tests.store.rows import Collector, alert

FIRST, SECOND = "192.0.2.7", "192.0.2.8"
PLAIN, OLD = Operation((), False, None), Operation((), True, None)
SPECIFIED = Specification(
    [
        ("/api/items/{id}", PathItem("/api/items/{int}", None, {"GET": PLAIN, "DELETE": PLAIN})),
        ("/api/old", PathItem("/api/old", None, {"GET": OLD})),
        ("/api/never", PathItem("/api/never", frozenset({"h1.example.com"}), {"POST": OLD})),
    ]
)


def store(db: Path, specification: Specification | None) -> None:
    engine = Engine(Settings(), salt=b"s", specification=specification)
    paths = ("/api/items/1", "/api/old", "/api/hidden")
    engine.feed(batch([line(step, (FIRST, SECOND)[step > 1], path) for step in range(6) for path in paths]))
    delta = engine.take()
    assert engine.take().declared is None
    with Collector(db) as collector:
        collector.commit(
            clients=delta.clients,
            client_routes=delta.client_routes,
            routes=delta.routes,
            route_minutes=delta.route_minutes,
            declared=delta.declared,
            alerts=[alert("i1", FIRST, family="inventory", host="", route="GET /api/hidden", title="answers")],
        )


async def test_inventory_tells_what_is_declared_and_what_is_asked_for(db: Path) -> None:
    store(db, SPECIFIED)
    async with reading(db) as reader:
        views = await reader.inventory()
        (one,) = await reader.inventory(scope=Scope(route="GET /api/old"))
        mine = await reader.inventory(scope=Scope(client=SECOND))
    known = [(view.route, view.declared, view.deprecated, view.requests) for view in views if "/api" in view.route]
    assert known == [
        ("GET /api/hidden", False, False, 5),
        ("GET /api/old", True, True, 6),
        ("GET /api/items/{int}", True, False, 6),
        ("DELETE /api/items/{int}", True, False, 0),
        ("POST /api/never", True, True, 0),
    ]
    hidden = views[0]
    assert (hidden.finding, hidden.alert_id, hidden.first_client) == ("answers", "i1", FIRST)
    assert (one.origin, one.clients, one.window.s2xx, one.mix.ok) == ("openapi", 2, 6, 6)
    assert views[-1].host == "h1.example.com"
    assert [view.route for view in mine if "/api" in view.route] == [route for route, *_ in known[:3]]


async def test_declarations_go_with_their_file(db: Path) -> None:
    store(db, SPECIFIED)
    store(db, None)
    async with reading(db) as reader:
        views = await reader.inventory()
    assert all(view.requests and view.declared is None for view in views)
