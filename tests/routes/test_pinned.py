"""Templates that the settings pin or forbid."""

from pathlib import Path

import msgspec
import pytest

from apiwatch.config import Settings, load, problems
from apiwatch.config.routes import RouteSettings
from apiwatch.routes import Route, Routes, TreeState
from tests.config.files import problem_of
from tests.config.files import written as settings_of
from tests.engine.lines import batch, engine_of, line
from tests.routes.openapi_files import specification
from tests.routes.test_openapi import EU


def answered(routes: Routes, path: str, times: int = 1) -> Route:
    for _ in range(times):
        route, _ = routes.match("h", "GET", path, "", 0.0, True)
    return route


def test_pinned_template_wins_from_its_first_answer() -> None:
    routes = Routes(100, pinned=["/users/{name}/posts", "/files/{int}.json"])
    route, params = routes.match("h", "GET", "/users/anna/posts", "", 0.0, True)
    assert (route.template, route.origin) == ("/users/{slug}/posts", "pinned")
    assert [(found.name, found.kind, found.value) for found in params] == [("users", "slug", "anna")]
    assert answered(routes, "/users/17/posts") is route
    assert answered(routes, "/files/x.json").template == "/files/{int}.json"
    assert not answered(routes, "/users/anna/likes").matched


def test_openapi_wins_over_pins(tmp_path: Path) -> None:
    routes = Routes(100, pinned=["/v1/users/{name}"])
    routes.specify(specification(tmp_path))
    assert routes.match(EU, "GET", "/v1/users/7", "", 0.0, True)[0].template == "/v1/users/{int}"
    assert routes.match("other", "GET", "/v1/users/7", "", 0.0, True)[0].template == "/v1/users/{slug}"


def test_forbidden_template_stays_literal() -> None:
    routes = Routes(1_000, forbidden=["/reports/{year}", "/docs/{page}/raw"])
    assert answered(routes, "/reports/2024", 2).template == "/reports/2024"
    assert answered(routes, "/reports/2024/17", 2).template == "/reports/2024/{int}"
    assert answered(routes, "/docs/17/raw", 2).template == "/docs/17/raw"
    assert answered(routes, "/docs/17/html", 2).template == "/docs/{int}/html"
    for number in range(40):
        answered(routes, f"/reports/about-{number}", 3)
        answered(routes, f"/blog/about-{number}", 3)
    assert answered(routes, "/reports/about-3").template == "/reports/about-3"
    assert answered(routes, "/blog/about-3").template == "/blog/{slug}"


def test_collapse_of_an_earlier_run_does_not_outlive_a_ban() -> None:
    before = Routes(1_000)
    for number in range(40):
        answered(before, f"/blog/about-{number}", 3)
    state, routes = msgspec.convert(
        msgspec.to_builtins((before.state, list(before.all()))), type=tuple[TreeState, list[Route]]
    )
    after = Routes(1_000, forbidden=["/blog/{post}"])
    after.restore(state, routes)
    assert answered(after, "/blog/about-3", 2).template == "/blog/about-3"


def test_the_engine_takes_both_from_the_settings() -> None:
    engine = engine_of(Settings(routes=RouteSettings(pin=("/a/{name}",), forbid=("/b/{int}",))))
    lines = [line(step, "192.0.2.1", path) for path in ("/a/x", "/b/7", "/c/7") for step in range(3)]
    engine.feed(batch(lines))
    assert {route.route for route in engine.take().routes} >= {"GET /a/{slug}", "GET /b/7", "GET /c/{int}"}


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("users/{id}", "`users/{id}` is not a path template, because it does not start with /"),
        ("/users/{}", "is not a path template, because of `{}`; write for example /users/{name}/posts"),
        ("/users/{a", "because of `{a`"),
        ("/a?b=1", "because of `a?b=1`"),
        ("/", "`/` has no segment"),
        ("/" + "x" * 600, "is longer than 500 characters"),
    ],
)
def test_wrong_template_is_explained(tmp_path: Path, template: str, says: str) -> None:
    problem = problem_of(tmp_path, f"routes:\n  pin:\n    - /fine\n    - '{template}'\n")
    assert "line 4: `routes.pin`" in problem
    assert says in problem


def test_settings_are_read(tmp_path: Path) -> None:
    text = "routes:\n  openapi: [a.yaml]\n  pin: ['/users/{name}/']\n  forbid: ['/reports/{year}']\n"
    path = settings_of(tmp_path, text)
    assert problems(path) == []
    assert load(path).routes == RouteSettings(("a.yaml",), ("/users/{name}",), ("/reports/{year}",))
