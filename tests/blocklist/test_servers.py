"""Lists in real web servers: who gets 403 before, while and after a list is in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import run
from apiwatch.blocklist.writing import replace_file
from apiwatch.errors import ApplyError
from tests.blocklist.kit import NOW, entry, need
from tests.blocklist.servers import (
    PROGRAMS,
    Served,
    asks,
    blocked,
    client_of,
    is_cut,
    programs_of_the_environment,
    serving,
)

LISTED = plan([entry("127.0.0.7", 60), entry("127.0.0.64/26", 60), entry("2001:db8::/64", 60)], NOW)
OTHER = plan([entry("127.0.0.1", 60)], NOW)
ALLOW = {"haproxy": ()}
"""HAProxy's lists have no exceptions."""

WATCHING = {"traefik", "envoy"}
"""They see by themselves that the file is another."""

OPEN_CONNECTION = {
    "nginx": None,
    "apache": None,
    "haproxy": 403,
    "caddy": None,
    "traefik": 403,
    "envoy": 403,
    "varnish": 403,
}
"""What the next request on a connection gets that was open before the list: an answer, or None: it was cut."""


@pytest.fixture(params=PROGRAMS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Served]]:
    programs_of_the_environment()
    need(PROGRAMS[request.param])
    with serving(request.param, tmp_path) as running:
        yield request.param, running


def applier_of(name: str, served: Served) -> Applier:
    makes = TARGETS[name].applier
    assert makes is not None
    return makes(served.options, run)


def test_a_list_is_in_force_from_its_apply_to_its_undo(served: tuple[str, Served]) -> None:
    name, server = served
    target, applier = TARGETS[name], applier_of(name, server)
    allow = ALLOW.get(name, ("127.0.0.70/32",))
    listed = {7, 65} if allow else {7, 65, 70}
    artifacts = target.render(LISTED, allow)
    assert (applier.counts, applier.expires, applier.read()) == (False, False, {})
    assert blocked(server, set()) == set()
    nothing = applier.snapshot()
    connection = client_of(server, 7)
    connection.auto_open = False
    connection.connect()
    assert asks(connection) not in (None, 403)

    for _ in range(2):
        applier.apply(artifacts, LISTED, NOW)
        assert blocked(server, listed) == listed
        assert set(applier.read()) == target.planned(LISTED)
        assert server.path.read_bytes() == artifacts[0].content
    if OPEN_CONNECTION[name] is None:
        assert is_cut(connection)
    else:
        assert asks(connection) == OPEN_CONNECTION[name]
    connection.close()

    with pytest.raises(ApplyError, match="nothing was changed"):
        applier.apply([target.render(OTHER, ())[0].__class__("x", b"nonsense {\n", 0o640)], OTHER, NOW)
    if name in WATCHING:
        replace_file(server.path, b"nonsense: {{\n", 0o644)
        assert blocked(server, listed) == listed
        replace_file(server.path, artifacts[0].content, 0o644)
    elif name != "haproxy":
        good = server.config.read_text()
        server.config.write_text(f"{good}\nnonsense {{\n")
        with pytest.raises(ApplyError, match=r"failed: .*the old file is back"):
            applier.apply(target.render(OTHER, ()), OTHER, NOW)
        server.config.write_text(good)
    assert server.path.read_bytes() == artifacts[0].content
    assert blocked(server, listed) == listed

    applier.restore(nothing)
    applier.restore(nothing)
    assert blocked(server, set()) == set()
    assert applier.read() == {}

    applier.apply(target.render(OTHER, allow), OTHER, NOW)
    assert blocked(server, {1}) == {1}
    applier.remove()
    applier.remove()
    assert blocked(server, set()) == set()
    assert applier.read() == {}
    assert target.parse(server.path.read_bytes()) == frozenset()
