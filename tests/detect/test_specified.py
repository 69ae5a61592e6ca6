"""What an OpenAPI file makes visible: routes, methods and query keys that it does not know, and what it calls old."""

from pathlib import Path

import pytest

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import AlertEvent, Severity
from tests.detect.inventory_attacks import API, BAD, Timed, in_time, mine, once
from tests.engine.lines import batch
from tests.routes.openapi_files import specification

FILE = """
openapi: 3.1.0
servers: [{url: 'https://api.example.com/v2'}]
paths:
  /users/{id}:
    parameters: [{name: id, in: path, schema: {type: integer}}]
    get: {parameters: [{name: fields, in: query, schema: {type: string}}]}
  /items: {get: {}, post: {}}
  /legacy/{id}: {get: {deprecated: true}}
"""


def told(directory: Path, *parts: list[Timed]) -> list[AlertEvent]:
    engine = Engine(Settings(), salt=b"s", specification=specification(directory, FILE))
    engine.feed(batch(in_time(*parts)))
    return engine.take().events


def of(events: list[AlertEvent], detector: str) -> list[tuple[Severity, str]]:
    return [(event.alert.severity, event.alert.title) for event in events if event.alert.detector == detector]


NORMAL = [
    made
    for step in range(200)
    for made in (
        once(20 * step, API, mine(step % 20), f"/v2/users/{500 + step % 20}?fields=name"),
        once(20 * step + 1, API, mine(step % 20), "/v2/items?utm_source=mail"),
    )
]


def test_specified_use_is_silent_from_the_first_line(tmp_path: Path) -> None:
    preflight = [once(5, API, BAD, "/v2/items", 204, method="OPTIONS"), once(6, API, BAD, "/v2/items", method="HEAD")]
    assert told(tmp_path, NORMAL, preflight) == []


def test_route_that_no_file_knows_needs_no_learning(tmp_path: Path) -> None:
    events = told(tmp_path, NORMAL, [once(60 + step, API, BAD, "/v2/debug/dump", size=300) for step in range(3)])
    assert of(events, "inventory.shadow-endpoint") == [
        (Severity.HIGH, "GET /v2/debug/dump answers, which is not specified")
    ]
    other = [once(60 + step, API, mine(3), "/v2/extra", size=300) for step in range(3)]
    assert of(told(tmp_path, NORMAL, other), "inventory.shadow-endpoint")[0][0] == Severity.INFO


def test_other_hosts_are_learned_as_ever(tmp_path: Path) -> None:
    assert told(tmp_path, NORMAL, [once(60 + step, "www.example.com", BAD, "/about/us") for step in range(3)]) == []


@pytest.mark.parametrize(
    ("status", "expected"), [(405, [Severity.MEDIUM]), (404, [Severity.MEDIUM]), (200, [Severity.MEDIUM])]
)
def test_method_that_is_not_specified(tmp_path: Path, status: int, expected: list[Severity]) -> None:
    """Routes are cold here, so that an answer is no more than medium: but at once."""
    count = 1 if status == 200 else 3
    tries = [once(60 + step, API, BAD, f"/v2/users/{500 + step}", status, method="DELETE") for step in range(count)]
    events = told(tmp_path, NORMAL, tries)
    assert [severity for severity, _ in of(events, "recon.verb-anomaly")] == [Severity.MEDIUM]
    assert of(events, "inventory.shadow-endpoint") == []
    posts = [once(60 + step, API, BAD, f"/v2/users/{500 + step}", status, method="POST") for step in range(count)]
    assert [severity for severity, _ in of(told(tmp_path, NORMAL, posts), "recon.verb-anomaly")] == [Severity.MEDIUM]


def test_query_key_that_is_not_specified(tmp_path: Path) -> None:
    keys = [
        once(60 + step, API, BAD, f"/v2/users/507?{key}=1") for step, key in enumerate(("isAdmin", "debug", "role"))
    ]
    found = of(told(tmp_path, NORMAL, keys), "recon.parameter-tampering")
    assert [severity for severity, _ in found] == [Severity.LOW, Severity.MEDIUM]
    assert "unknown-key" in found[-1][1]
    app = [once(60 + step, API, mine(step % 20), f"/v2/users/507?build={step}") for step in range(40)]
    assert len(of(told(tmp_path, NORMAL, app), "recon.parameter-tampering")) <= 5


def test_deprecated_operation_is_reported_unless_many_use_it(tmp_path: Path) -> None:
    late = [once(60 + step, API, BAD, f"/v2/legacy/{step}") for step in range(3)]
    assert [severity for severity, _ in of(told(tmp_path, NORMAL, late), "inventory.zombie-version")] == [
        Severity.INFO,
        Severity.MEDIUM,
    ]
    apps = [once(100 + 20 * step + 5, API, mine(step % 20), f"/v2/legacy/{step}") for step in range(100)]
    events = told(tmp_path, NORMAL, apps)
    assert all(severity == Severity.INFO for severity, _ in of(events, "inventory.zombie-version"))
