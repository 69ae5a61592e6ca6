"""How routes are learned, collapse, are told apart by host, and are forgotten."""

import msgspec

from apiwatch.routes import UNMATCHED, Param, Route, Routes, TreeState
from apiwatch.routes.slugs import kept_literals

HOST = "api.example.com"


def ask(routes: Routes, path: str, times: int = 1, *, answered: bool = True, host: str = HOST) -> Route:
    for _ in range(times):
        route, _ = routes.match(host, "GET", path, "", 0.0, answered)
    return route


def objects(routes: Routes, path: str) -> tuple[Param, ...]:
    return routes.match(HOST, "GET", path, "", 0.0, False)[1]


def test_route_is_learned_at_its_second_answered_request() -> None:
    routes = Routes(100)
    assert ask(routes, "/users/1").template == UNMATCHED
    assert ask(routes, "/users/2", answered=False).template == UNMATCHED
    assert ask(routes, "/users/3").template == "/users/{int}"


def test_miss_on_a_learned_route_matches_it() -> None:
    routes = Routes(100)
    route = ask(routes, "/users/1", 2)
    assert ask(routes, "/users/99", answered=False) is route
    assert route.requests == 2


def test_many_alike_children_collapse_and_their_values_are_objects() -> None:
    routes = Routes(1_000)
    for number in range(25):
        ask(routes, f"/blog/post-about-{number}", 3)
    route = ask(routes, "/blog/never-seen", answered=False)
    assert route.template == "/blog/{slug}"
    assert [(found.name, found.kind, found.value) for found in objects(routes, "/blog/never-seen")] == [
        ("blog.slug", "slug", "never-seen")
    ]
    assert len(routes) < 5


def test_resources_with_different_children_do_not_collapse() -> None:
    routes = Routes(1_000)
    words = "users orders items carts prices stores teams plans notes files tags hooks keys jobs logs units rooms beds"
    for index, word in enumerate([*words.split(), "cars", "dogs", "cats", "toys", "mails", "maps"]):
        ask(routes, f"/api/{word}/{'list' if index % 3 else 'view'}{index}/{index}", 3)
    assert ask(routes, "/api/users/view0/7", answered=False).template == "/api/users/view0/{int}"
    assert not ask(routes, "/api/other/view0/7", answered=False).matched


def test_few_busy_children_do_not_collapse() -> None:
    routes = Routes(1_000)
    for name in ("login", "home", "about", "news", "shop"):
        ask(routes, f"/{name}", 200)
    for number in range(30):
        ask(routes, f"/page-{number}", 2)
    assert ask(routes, "/login").template == "/login"
    assert not ask(routes, "/page-99", answered=False).matched


def test_busy_sibling_and_unlike_sibling_stay_literal() -> None:
    def below(name: str, rest: str, count: int) -> tuple[str, str, int]:
        return f"/users/{name}{rest}", "GET", count

    routes = [below(f"u{number}", rest, 10) for number in range(30) for rest in ("", "/posts")]
    routes += [below("me", "", 100), below("me", "/posts", 20), below("search", "/advanced/form", 9)]
    names = {template.split("/")[2] for template, _, _ in routes}
    assert kept_literals(names, routes, "/users/") == ["me", "search"]


def test_hosts_have_their_own_routes() -> None:
    routes = Routes(100)
    ask(routes, "/users/1", 2)
    assert not ask(routes, "/users/1", answered=False, host="www.example.com").matched


def test_host_cannot_pose_as_another_host_with_a_path() -> None:
    routes = Routes(100)
    ask(routes, "/a", 2, host="x GET /a")
    assert not ask(routes, "/a", answered=False, host="x").matched


def test_least_recently_used_route_goes_first() -> None:
    routes = Routes(10)
    for number in range(12):
        routes.match(HOST, "GET", f"/{'x' * number}/y", "", float(number), True)
        routes.match(HOST, "GET", f"/{'x' * number}/y", "", float(number), True)
        routes.match(HOST, "GET", "//y", "", float(number), True)
    assert routes.match(HOST, "GET", "/y", "", 99.0, False)[0].matched
    assert not routes.match(HOST, "GET", "/x/y", "", 99.0, False)[0].matched
    assert routes.refused > 0


def test_restored_table_continues() -> None:
    routes = Routes(1_000)
    for number in range(25):
        ask(routes, f"/blog/post-{number}-x", 3)
    ask(routes, "/once")
    blob = msgspec.msgpack.encode((routes.state, list(routes.all())))
    state, found = msgspec.msgpack.decode(blob, type=tuple[TreeState, list[Route]])
    other = Routes(1_000)
    other.restore(state, found)
    for path in ("/blog/unknown", "/once", "/twice"):
        assert ask(other, path) == ask(routes, path)
    assert ask(other, "/once").template == "/once"
