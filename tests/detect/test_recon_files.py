"""Who asks for files that are gone, where each file is answered once, looks for no endpoints."""

import pytest

from apiwatch.detect.recon.files import file_kind
from tests.engine.lines import alerts_of, known_route, line, names

CLEANER, FUZZER = "198.51.100.7", "203.0.113.9"


def cleared(people: int, status: int, files: int = 8) -> list[bytes]:
    """Each of so many people deletes files of their own, each once."""
    return [
        line(
            9 * person + n, f"192.0.2.{person + 1}", f"/dav/p{person}/notes/n{n}q.txt", status, method="DELETE", size=0
        )
        for person in range(people)
        for n in range(files)
    ]


def gone(status: int = 404, method: str = "DELETE", folder: str = "dav/me/notes", ending: str = "txt") -> list[bytes]:
    return [line(900 + n, CLEANER, f"/{folder}/gone{n}q.{ending}", status, method=method, size=76) for n in range(25)]


def test_files_that_are_gone_are_no_unknown_endpoints_where_others_had_theirs_deleted() -> None:
    assert alerts_of([*known_route("/"), *cleared(3, 204), *gone()]) == []


@pytest.mark.parametrize(
    "lines",
    [
        [*cleared(2, 204), *gone()],
        [*cleared(4, 404, files=1), *gone()],
        [*cleared(3, 204), *gone(403)],
        [*cleared(3, 204), *gone(method="PUT")],
        [*cleared(3, 204), *gone(folder="dav")],
        [*cleared(3, 204), *gone(folder="old/me/notes")],
        [*cleared(3, 204), *gone(ending="php")],
    ],
)
def test_what_is_otherwise_is_an_unknown_endpoint(lines: list[bytes]) -> None:
    assert "recon.endpoint-fuzzing" in names(alerts_of([*known_route("/"), *lines]))


def test_file_of_such_a_tree_is_no_success_of_a_search() -> None:
    probed = [line(100 + n, CLEANER, f"/w{n}/{n}/x{n}.bak", 404) for n in range(6)]
    had = [raw.replace(b" 404 ", b" 204 ") for raw in gone()]
    assert names(alerts_of([*known_route("/"), *cleared(3, 204), *probed, *had])) == ["recon.endpoint-fuzzing"]
    assert "recon.fuzz-hit" in names(alerts_of([*known_route("/"), *cleared(2, 204), *probed, *had]))


def test_who_looked_for_endpoints_makes_no_file_tree_of_what_was_found() -> None:
    probed = [line(n, FUZZER, f"/w{n}/{n}/x{n}.bak", 404) for n in range(6)]
    found = [line(20 + n, FUZZER, f"/dav/a/b/f{n}.txt", 204, method="DELETE", size=0) for n in range(9)]
    assert not any(
        alert.client == CLEANER for alert in alerts_of([*known_route("/"), *found, *cleared(3, 204), *gone()])
    )
    alerts = alerts_of([*known_route("/"), *probed, *found, *cleared(2, 204), *gone()])
    assert [alert.detector for alert in alerts if alert.client == CLEANER] == ["recon.endpoint-fuzzing"]


def test_kinds_are_bounded_in_size() -> None:
    kind = file_kind("GET", f"/{'a' * 9_000}/b/c.TXT")
    assert kind is not None
    assert len(kind) < 100
    assert kind.endswith(" 3 .txt")
    assert file_kind("GET", f"/a/b/c.{'x' * 9}") is None
