"""OpenAPI files: what is read, which path wins, and what is said about files that are wrong."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.errors import ConfigError
from apiwatch.routes import Routes
from apiwatch.routes.openapi.files import read_specification
from apiwatch.routes.patterns import Patterns, segments_of
from tests.routes.openapi_files import SHOP, specification, written

EU = "eu.example.com"


@pytest.mark.parametrize(
    ("host", "path", "template", "values"),
    [
        (EU, "/v1/users/17", "/v1/users/{int}", ["17"]),
        ("US.example.com:443", "//v1/users/17/", "/v1/users/{int}", ["17"]),
        ("", "/v1/users/me", "/v1/users/me", []),
        (EU, "/v1/users/anna", "/v1/users/{int}", ["anna"]),
        ("anything", "/internal/v1/users/a%20b;v=2", "/internal/v1/users/{int}", ["a b"]),
        (
            EU,
            "/v1/users/7/files/report.final.pdf",
            "/v1/users/{slug}/files/{slug}.{slug}",
            ["7", "report", "final.pdf"],
        ),
        (EU, "/v1/shared", "/v1/shared", []),
        ("anything", "/v1/users/17", None, []),
        (EU, "/users/17", None, []),
        (EU, "/v1/users/17/", "/v1/users/{int}", ["17"]),
        (EU, "/v1/users/17/files/none", None, []),
        (EU, "/v1/x-note", None, []),
    ],
)
def test_path_follows_what_the_file_says(
    tmp_path: Path, host: str, path: str, template: str | None, values: list[str]
) -> None:
    match = specification(tmp_path).find(host, path)
    assert (match.template if match else None) == template
    assert [found.value for found in (match.params if match else ())] == values


def test_json_is_read_as_yaml_is(tmp_path: Path) -> None:
    as_json = read_specification([str(written(tmp_path, json.dumps(yaml.safe_load(SHOP)), "openapi.json"))])
    match = as_json.find(EU, "/v1/users/17")
    assert match is not None
    assert match == specification(tmp_path).find(EU, "/v1/users/17")
    assert as_json.size == specification(tmp_path).size == 12


def test_operations_have_roles_deprecation_and_query_keys(tmp_path: Path) -> None:
    found = specification(tmp_path)
    user, me, enter = (found.find(EU, f"/v1/{path}") for path in ("users/1", "users/me", "enter"))
    assert user is not None
    assert me is not None
    assert enter is not None
    assert user.operations["GET"].keys == frozenset({"fields", "api_key"})
    assert user.operation("HEAD") == user.operations["GET"]
    assert user.operation("PATCH") is None
    assert user.operations["DELETE"].deprecated
    assert not user.operations["GET"].deprecated
    assert me.operations["GET"].keys is None
    assert enter.operations["POST"].roles == ("login",)


def test_more_special_base_paths_and_first_files_win(tmp_path: Path) -> None:
    short = written(
        tmp_path, "openapi: 3.1.0\npaths: {'/{a}/{b}': {get: {}}, '/v1/users/{id}': {put: {}}}", "short.yaml"
    )
    both = read_specification([str(short), str(written(tmp_path))])
    match = both.find(EU, "/v1/users/7")
    assert match is not None
    assert list(match.operations) == ["PUT"]
    assert both.covers("anything")
    own = "openapi: 3.0.0\nservers: [{url: /}, {url: /api}]\npaths: {'/{x}': {get: {}}, '/{x}/{y}': {get: {}}}"
    match = specification(tmp_path, own).find("h", "/api/things")
    assert match is not None
    assert match.template == "/api/{slug}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("swagger: '2.0'\npaths: {}", "this is Swagger 2.0; convert it to OpenAPI 3 first"),
        ("openapi: 4.0.0\npaths: {}", "`openapi` is 4.0.0; it must be a version 3.0 or 3.1"),
        ("openapi: 3.1\npaths: {}", "`openapi` is 3.1; it must be a version 3.0 or 3.1, in quotes"),
        ("info: {}\n", "`openapi` is missing"),
        ("- a\n", "is no OpenAPI document"),
        ("openapi: 3.0.0\n", "`paths` must be a mapping"),
        ("openapi: 3.0.0\npaths: {users: {}}", "`paths.users` is no path; it must start with /"),
        ("openapi: 3.0.0\npaths: {/a: [1]}", "`paths./a` must be a mapping"),
        ("openapi: 3.0.0\npaths: {/a: {get: 7}}", "`paths./a.get` must be a mapping"),
        ("openapi: 3.0.0\npaths: {/a: {get: {parameters: {}}}}", "`paths./a.get.parameters` must be a list"),
        (
            "openapi: 3.0.0\npaths: {/a: {get: {parameters: [{in: query}]}}}",
            "parameters[0]` must have a `name` and `in`",
        ),
        ("openapi: 3.0.0\npaths: {/a: {$ref: '#/x'}}", "`paths./a` refers to #/x, which is not in the file"),
        ("openapi: 3.0.0\npaths: {/a: {$ref: 'b.yaml#/x'}}", "refers to another file (b.yaml#/x); bundle the files"),
        ("openapi: 3.0.0\nx: {$ref: '#/x'}\npaths: {/a: {$ref: '#/x'}}", "refers to itself in a circle"),
        ("openapi: 3.0.0\nservers: [{}]\npaths: {}", "`servers[0]` must have a `url`"),
        ("openapi: 3.0.0\nservers: [{url: 'https://[x/'}]\npaths: {}", "`servers[0].url` is no address"),
        ("openapi: 3.0.0\npaths:\n  /a: {get: [}\n", "openapi.yaml, line 3: this is not valid YAML"),
        ("openapi: !!python/object:os.system {}\n", "this is not valid YAML"),
        ('{"openapi": "3.0.0", "paths": {,', "is not valid JSON"),
        ("[" * 100_000, "this is not valid YAML"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("\x00", "is not valid YAML"),
        ("", "is no OpenAPI document"),
    ],
)
def test_wrong_file_is_explained_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        specification(tmp_path, text)
    message = str(caught.value)
    assert says in message
    assert message.startswith(str(tmp_path / "openapi.yaml"))
    assert "\n" not in message
    assert len(message) < 400


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none.yaml", "there is no OpenAPI file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=says):
            read_specification([str(path)])


def test_aliases_that_stand_for_gigabytes_cost_nothing(tmp_path: Path) -> None:
    bomb = "a0: &a0 {get: {}}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60))
    assert specification(tmp_path, f"openapi: 3.0.0\n{bomb}paths: {{/a: *a0}}").size == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(
        st.lists(st.sampled_from(("a", "b", "{x}", "{y}", "a{x}", "{x}.b")), min_size=1, max_size=4), max_size=9
    ),
    asked=st.lists(st.sampled_from(("a", "b", "ab", "a.b", "c", "")), max_size=5),
)
def test_no_better_pattern_is_missed(paths: list[list[str]], asked: list[str]) -> None:
    """Against a plain comparison of each pattern: the found one fits, and none that fits is better."""
    patterns: Patterns[list[str]] = Patterns()
    for path in paths:
        patterns.add("/" + "/".join(path), path)
    segments = segments_of("/".join(asked))

    def fits(pattern: str, text: str) -> bool:
        match pattern:
            case "{x}" | "{y}":
                return True
            case "a{x}":
                return len(text) > 1 and text.startswith("a")
            case "{x}.b":
                return len(text) > 2 and text.endswith(".b")
        return pattern == text

    def rank(path: list[str]) -> list[int]:
        return [2 if part in {"{x}", "{y}"} else 1 if "{" in part else 0 for part in path]

    fitting = [path for path in paths if len(path) == len(segments) and all(map(fits, path, segments))]
    found = next(patterns.find(segments), None)
    assert (found is None) == (not fitting)
    if found is not None:
        assert found[0] in fitting
        assert rank(found[0]) == min(map(rank, fitting))


def test_specified_route_needs_no_second_answer_and_does_not_collapse(tmp_path: Path) -> None:
    routes = Routes(500)
    routes.specify(specification(tmp_path))
    for number in range(60):
        route, params = routes.match(EU, "GET", f"/v1/users/name{number}", "", 0.0, True)
        assert (route.label, route.origin, params[0].name) == ("GET /v1/users/{int}", "openapi", "users")
    login, _ = routes.match(EU, "POST", "/v1/enter", "", 0.0, True)
    assert login.is_login
    deleted, _ = routes.match(EU, "DELETE", "/v1/users/7", "", 0.0, True)
    assert deleted.deprecated


def test_host_that_no_file_names_gets_no_routes_by_misses(tmp_path: Path) -> None:
    routes = Routes(500)
    routes.specify(specification(tmp_path))
    for number in range(50):
        assert not routes.match(f"h{number}", "GET", "/internal/v1/users/me", "", 0.0, False)[0].matched
    assert routes.match(EU, "GET", "/v1/users/me", "", 0.0, False)[0].matched


def test_method_that_is_not_specified_is_learned_under_the_same_template(tmp_path: Path) -> None:
    routes = Routes(500)
    routes.specify(specification(tmp_path))
    assert not routes.match(EU, "PATCH", "/v1/users/7", "", 0.0, True)[0].matched
    route, _ = routes.match(EU, "PATCH", "/v1/users/8", "", 0.0, True)
    assert (route.label, route.origin) == ("PATCH /v1/users/{int}", "learned")
