"""Lists in real web servers: who gets 403 before, while and after a list is in force."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import run
from apiwatch.blocklist.everybody import EVERYBODY, spare
from apiwatch.blocklist.guard import Guard
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.protected import Protected, Rule
from apiwatch.blocklist.writing import replace_file
from apiwatch.config.settings import Block
from apiwatch.errors import ApplyError, GuardError, UsageError
from tests.blocklist.kit import NOW, entry, need
from tests.blocklist.servers import (
    PROGRAMS,
    Served,
    asks,
    blocked,
    client_of,
    free_port,
    is_cut,
    programs_of_the_environment,
    serving,
    status_of,
)

LISTED = plan([entry("127.0.0.7", 60), entry("127.0.0.64/26", 60), entry("2001:db8::/64", 60)], NOW)
OTHER = plan([entry("127.0.0.1", 60)], NOW)
ALLOW = {"haproxy": (), "haproxy-conditions": ()}
"""HAProxy's lists have no exceptions."""

WATCHING = {"traefik", "envoy"}
"""They see by themselves that the file is another."""

RELOADING = ("nginx", "apache")
"""They read their configuration at a time of their own, also when the list is the same."""

OPEN_CONNECTION = {
    "nginx": None,
    "apache": None,
    "haproxy": 403,
    "haproxy-conditions": None,
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

    times = 1 if name == "varnish" else 2  # each compiles a program
    for _ in range(times):
        witness = client_of(server, 1)
        assert asks(witness) not in (None, 403)
        applier.apply(artifacts, LISTED, NOW)
        assert blocked(server, listed) == listed
        # A reload that is still under way would read what the configuration becomes below.
        assert name not in RELOADING or is_cut(witness)
        witness.close()
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

    for _ in range(times):
        applier.restore(nothing)
    assert blocked(server, set()) == set()
    assert applier.read() == {}

    applier.apply(target.render(OTHER, allow), OTHER, NOW)
    assert blocked(server, {1}) == {1}
    for _ in range(times):
        applier.remove()
    assert blocked(server, set()) == set()
    assert applier.read() == {}
    assert target.parse(server.path.read_bytes()) == frozenset()


AGENT = "cu\"rl\\\\7 {x} $uri #;`'%41"
SOME = plan(
    [
        replace(entry("127.0.0.7", name="a"), condition="path=/users"),
        replace(entry("127.0.0.7", name="b"), condition=f"agent={AGENT}"),
        replace(entry("127.0.0.64/26", name="c"), condition="host=api.example.com"),
        replace(entry("127.0.0.1", name="d"), condition="host=h.example path=/admin agent=bot"),
        entry("127.0.0.70", name="e"),
    ],
    NOW,
)
BLOCKED = (
    (7, "/users", "o", "x"),
    (7, "/users/7?x=/", "o", "x"),
    (7, "/users?x", "o", "x"),
    (7, "/", "o", f"x {AGENT} y"),
    (65, "/", "API.example.com:8080", "x"),
    (1, "/admin/x", "h.example", "a bot"),
    (70, "/", "o", "x"),
)
OPEN = (
    (7, "/users2", "o", "x"),
    (7, "/Users", "o", "x"),
    (7, "/x?/users", "o", "x"),
    (7, "/", "o", AGENT.upper()),
    (65, "/", "xapi.example.com", "x"),
    (65, "/", "api.example.com.evil", "x"),
    (1, "/admin/x", "o", "a bot"),
    (1, "/admin/x", "h.example", "x"),
    (1, "/", "h.example", "bot"),
)
READS = {"nginx", "apache", "caddy", "traefik"}
"""They compare a path as they understand it: decoded, without `//` and `..`."""


def test_only_requests_under_the_condition_are_refused(served: tuple[str, Served]) -> None:
    name, server = served
    target, applier = TARGETS[name], applier_of(name, server)
    if not target.caps.conditions:
        with pytest.raises(GuardError, match="cannot tell requests apart"):
            target.render(SOME, ())
        return
    applier.apply(target.render(SOME, ()), SOME, NOW)
    assert set(applier.read()) == target.planned(SOME)

    def status(client: int, path: str, host: str, agent: str) -> int:
        return status_of(server, client, path, host=host, agent=agent)

    def refused(*requests: tuple[int, str, str, str]) -> bool:
        until = time.monotonic() + 5
        while not (all_are := {status(*request) for request in requests} == {403}) and time.monotonic() < until:
            time.sleep(0.02)  # an old worker answers for a moment
        return all_are

    assert refused(*BLOCKED)
    assert not [request for request in OPEN if status(*request) == 403]
    for path in ("/%75sers/1", "//users", "/x/../users"):
        known = name in READS or (name == "haproxy-conditions" and "%" in path)
        assert refused((7, path, "o", "x")) if known else status(7, path, "o", "x") != 403, path
    applier.remove()
    assert applier.read() == {}


def test_everybody_with_a_user_agent_is_refused_but_those_who_are_protected(served: tuple[str, Served]) -> None:
    name, server = served
    target, applier = TARGETS[name], applier_of(name, server)
    if not target.caps.conditions:
        return
    guard = Guard(Block(), Protected((Rule(parse_network("127.0.0.7/32"), "H1", "us"),)))
    made = spare(plan([replace(entry(net, name=net), condition="agent=evil/1") for net in EVERYBODY], NOW), guard)
    applier.apply(target.render(made, ()), made, NOW)
    assert set(applier.read()) == target.planned(made)
    until = time.monotonic() + 5
    refused = [(1, "/", "x evil/1"), (70, "/x", "evil/1.2")] * 5
    while {status_of(server, who, path, agent=agent) for who, path, agent in refused} != {403}:
        assert time.monotonic() < until
        time.sleep(0.02)  # an old worker answers for a moment
    assert status_of(server, 7, "/", agent="evil/1") != 403
    assert status_of(server, 1, "/", agent="evil/2") != 403
    applier.remove()


def test_caddy_says_when_other_directives_answer_before_the_list(tmp_path: Path) -> None:
    need("caddy")
    with serving("caddy", tmp_path) as server:
        server.config.write_text(server.config.read_text().replace("\torder error first\n", ""))
        with pytest.raises(ApplyError, match="order error first"):
            applier_of("caddy", server).apply(TARGETS["caddy"].render(LISTED, ()), LISTED, NOW)
        assert TARGETS["caddy"].parse(server.path.read_bytes()) == frozenset()


def test_haproxy_takes_thousands_at_once_and_no_list_that_it_does_not_use(tmp_path: Path) -> None:
    need("haproxy")
    many = plan([entry(f"203.{at >> 8}.{at & 255}.0/28") for at in range(1500)], NOW)
    haproxy = TARGETS["haproxy"]
    with serving("haproxy", tmp_path) as server:
        applier = applier_of("haproxy", server)
        applier.apply(haproxy.render(many, ()), many, NOW)
        assert set(applier.read()) == haproxy.planned(many)
        makes = haproxy.applier
        assert makes is not None
        unused = makes({**server.options, "path": str(tmp_path / "unused.acl")}, run)
        with pytest.raises(ApplyError, match=r"has no list .*src -f"):
            unused.apply(haproxy.render(LISTED, ()), LISTED, NOW)
        assert set(applier.read()) == haproxy.planned(many)
    with pytest.raises(ApplyError, match="stats socket PATH level admin"):
        applier.read()


@pytest.mark.parametrize("name", ["nginx", "apache", "haproxy"])
def test_a_failed_reload_puts_the_old_file_back(name: str, tmp_path: Path) -> None:
    need("true", "false")
    target, path = TARGETS[name], tmp_path / "list"
    makes = target.applier
    assert makes is not None
    good = makes({"path": str(path), "check": "true", "reload": "true 'two words'"}, run)
    good.apply(target.render(LISTED, ()), LISTED, NOW)
    before = path.read_bytes()
    for options in ({"check": "true", "reload": "false"}, {"check": "no-such-program"}):
        bad = makes({"path": str(path), **options}, run)
        with pytest.raises(ApplyError, match=r"(exit code 1|not installed here); the old file is back"):
            bad.apply(target.render(OTHER, ()), OTHER, NOW)
        assert path.read_bytes() == before
    assert set(good.read()) == target.planned(LISTED)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_server_that_does_not_answer_is_one_sentence(name: str, tmp_path: Path) -> None:
    makes = TARGETS[name].applier
    assert makes is not None
    nowhere = f"http://127.0.0.1:{free_port()}"
    silent = {
        "haproxy": {"socket": str(tmp_path / "none")},
        "caddy": {"admin": nowhere},
        "traefik": {"api": nowhere},
        "envoy": {"admin": nowhere},
        "varnish": {"varnishadm": f"varnishadm -t 1 -n {tmp_path}"},
    }
    applier = makes({"path": str(tmp_path / "list"), **silent.get(name, {})}, run)
    if name in silent:
        with pytest.raises(ApplyError) as caught:
            applier.read()
        assert "\n" not in str(caught.value)
    else:
        assert applier.read() == {}
    applier.remove()
    assert not (tmp_path / "list").exists()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nginx", {}, "block.targets.nginx.path` must be an absolute path"),
        ("nginx", {"path": "list"}, "block.targets.nginx.path` must be an absolute path"),
        ("nginx", {"path": "/x", "sock": "y"}, "`sock` is no option of nginx; it takes path, check, reload"),
        ("apache", {"path": "/x", "reload": "a 'b"}, "block.targets.apache.reload` is no command"),
        ("apache", {"path": "/x", "check": ""}, "block.targets.apache.check` is no command"),
        ("haproxy", {"path": "/x;y", "socket": "/z"}, "block.targets.haproxy.path` has a character"),
        ("haproxy", {"path": "/x", "socket": "z"}, "block.targets.haproxy.socket` must be an absolute path"),
        ("caddy", {"path": "/x", "admin": "unix//x"}, "block.targets.caddy.admin` is no address"),
        ("traefik", {"path": "/x", "api": "8080"}, "block.targets.traefik.api` is no address"),
        ("envoy", {"path": "/x", "admin": "http://"}, "block.targets.envoy.admin` is no address"),
        ("varnish", {"path": "/x", "config": "x"}, "block.targets.varnish.config` must be an absolute path"),
    ],
)
def test_an_option_that_cannot_mean_anything_is_named(name: str, options: dict[str, str], said: str) -> None:
    makes = TARGETS[name].applier
    assert makes is not None
    with pytest.raises(UsageError, match=re.escape(said)):
        makes(options, run)
