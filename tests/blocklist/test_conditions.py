"""Blocks of some requests only: what a condition can be, what covers what, and how every target keeps it."""

import contextlib
import ipaddress
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS, Target, plan
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.live import in_force
from apiwatch.blocklist.applying.stored import stored, unstored
from apiwatch.blocklist.conditions import (
    agent_of,
    host_of,
    host_regex,
    literal,
    path_of,
    path_regex,
    portable,
    read_portable,
)
from apiwatch.blocklist.review import suited
from apiwatch.errors import GuardError, UsageError
from apiwatch.model.condition import ALWAYS, Condition, condition_of, parse_condition
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, guard_of
from tests.blocklist.servers import PROGRAMS
from tests.blocklist.test_planning import LIFETIMES, NETS, alive

ABLE = [name for name, target in TARGETS.items() if target.caps.conditions]
UNABLE = [name for name, target in TARGETS.items() if not target.caps.conditions]

AGENTS = (
    'curl"} ; deny all; #',
    "\\",
    "'\"\\'\\\"",
    "`) || ClientIP(`0.0.0.0/0`) && (ClientIP(`255.255.255.255`)",
    "#| path=/x",
    "#",
    "$uri ${x} {$HOME} {env.X} %{HTTP_HOST} @net@ %41 %s",
    '") or (ip.src in {0.0.0.0/0}) or (http.user_agent contains "x',
    "'; reboot; '",
    '*/ "}',
    "(?i).*|^",
    "=HYPERLINK(1)",
    "'=1",
    "agent=x path=/y host=z",
    "\\x41\\",
    "]}}]}}}}]}",
    "a  b",
    "x" * 200,
)
HOSTS = st.sampled_from(["", "api.example.com", "xn--bcher-kva.example", "localhost", "a_b.example"])
PATHS = st.sampled_from(["", "/users", "/users2", "/users/7", "/v1.0/a-b_c~d", "/a'b(c)*;d=e,f:@g!$&+", "/.well-known"])
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).map(str.strip)
CONDITIONS = st.builds(condition_of, HOSTS, PATHS, PRINTABLE | st.sampled_from(AGENTS))


def conditional(net: str, condition: Condition, lifetime: float | None = 3600.0, name: str = "01JDA") -> BlockEntry:
    return replace(entry(net, lifetime, name=name), condition=str(condition))


def meant(condition: Condition, host: str, path: str, agent: str) -> bool:
    """What a condition says, without a server."""
    below = path == condition.path or path.startswith(f"{condition.path}/")
    return condition.host in ("", host) and (not condition.path or below) and condition.agent in agent


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("host", "api.example.com:443", "without a port"),
        ("host", "*.example.com", "no name of a host"),
        ("host", "a b", "no name of a host"),
        ("host", "a" * 64, "no name of a host"),
        ("host", "\u212aelvin.example", "no name of a host"),
        ("path", "users", "no path that every server reads alike"),
        ("path", "/", "is every path"),
        ("path", "/users/", "means what `/users` means"),
        ("path", "/users//7", "no path that every"),
        ("path", "/users/../admin", "no path that every"),
        ("path", "/users/.", "no path that every"),
        ("path", "/%75sers", "write it decoded"),
        ("path", "/users?x=1", "without the query"),
        ("path", "/users/{id}", "is a route"),
        ("path", "/us ers", "no path that every"),
        ("path", '/us"ers', "no path that every"),
        ("path", "/users\n", "no path that every"),
        ("path", "/\u00fc", "no path that every"),
        ("path", "/" + "a" * 200, "no path that every"),
        ("agent", " curl", "without a blank at an end"),
        ("agent", "curl\n", "printable ASCII"),
        ("agent", "c\x00", "printable ASCII"),
        ("agent", "\u00fc", "printable ASCII"),
        ("agent", "a" * 201, "at most 200"),
    ],
)
def test_what_could_mean_something_else_to_a_server_is_refused(part: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        condition_of(**{part: value})
    with pytest.raises(GuardError):
        parse_condition(f"{part}={value}")


@given(CONDITIONS)
def test_texts_of_a_condition_say_all_of_it(condition: Condition) -> None:
    assert parse_condition(str(condition)) == condition
    assert read_portable(portable(condition)) == condition
    assert not set(portable(condition)) & set("\"'\\;{}#$`\n\r\t<>|&*?()[]~!^")
    assert agent_of(literal(condition.agent)) == condition.agent if condition.agent else True
    assert path_of(path_regex(condition.path)) == condition.path if condition.path else True
    assert host_of(host_regex(condition.host)) == condition.host if condition.host else True


@given(st.builds(condition_of, HOSTS.filter(bool), PATHS.filter(bool), PRINTABLE), st.data())
def test_patterns_fit_what_the_condition_says_and_nothing_else(condition: Condition, data: st.DataObject) -> None:
    def fits(pattern: str, text: str) -> bool:
        return re.search(pattern.replace(r"\z", r"\Z"), text) is not None

    path = data.draw(PATHS | st.sampled_from([f"{condition.path}{end}" for end in ("", "/", "/x", "x", "\n", "/\n")]))
    assert fits(path_regex(condition.path), path) == meant(Condition(path=condition.path), "", path, "")
    for query in ("", "?", "?/x"):
        wanted = meant(Condition(path=condition.path), "", path, "")
        assert fits(path_regex(condition.path, query=True), f"{path}{query}") == wanted
    agent = data.draw(
        PRINTABLE | st.sampled_from([condition.agent, f"a{condition.agent}b", condition.agent.swapcase()])
    )
    assert fits(literal(condition.agent), agent) == (condition.agent in agent)
    host = data.draw(
        HOSTS | st.sampled_from([condition.host.upper(), f"x{condition.host}", condition.host.replace(".", "x")])
    )
    for end, same in ((":443", True), (".", True), (".:80", True), (".x", False), (":x", False), ("\n", False)):
        assert fits(host_regex(condition.host), f"{host}{end}") == (same and host.lower() == condition.host)


@given(st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_a_stored_text_is_a_condition_or_refused(text: str) -> None:
    with contextlib.suppress(GuardError):
        assert str(parse_condition(text)) == text
    with pytest.raises(GuardError):
        plan([replace(entry("203.0.113.7"), condition=f"{text}\n")], NOW)


@given(CONDITIONS, CONDITIONS, st.data())
def test_what_covers_another_is_true_whenever_that_is(one: Condition, other: Condition, data: st.DataObject) -> None:
    host = data.draw(HOSTS | st.just(other.host))
    path = data.draw(PATHS | st.just(other.path) | st.just(f"{other.path}/x") | st.just(f"{other.path}x"))
    agent = data.draw(PRINTABLE | st.just(f"a {other.agent} b"))
    if one.covers(other) and meant(other, host, path, agent):
        assert meant(one, host, path, agent)
    assert ALWAYS.covers(one)
    assert one.covers(one)


FEW = st.sampled_from(
    [
        ALWAYS,
        Condition(path="/a"),
        Condition(path="/a/b"),
        Condition(path="/ab"),
        Condition(agent="x"),
        Condition("h.example", "/a", "xy"),
    ]
)
REQUESTS = list(itertools.product(("h.example", "o"), ("/a", "/a/b/c", "/ab"), ("xyz", "x")))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.builds(conditional, NETS, FEW, LIFETIMES), max_size=8))
def test_at_every_moment_exactly_those_requests_are_blocked(entries: list[BlockEntry]) -> None:
    made = plan(entries, NOW)
    for step in (0, 1, 3, 6):
        for request in REQUESTS:
            rows = {
                address
                for row in made.rows
                if alive(row.expires, NOW + step) and meant(row.condition, *request)
                for address in row.network
            }
            wanted = {
                address
                for each in entries
                if alive(each.expires, NOW + step) and meant(parse_condition(each.condition), *request)
                for address in ipaddress.ip_network(each.net)
            }
            assert rows == wanted


def test_a_block_of_everything_covers_the_others_and_their_order_does_not_matter() -> None:
    some = conditional("203.0.113.7", Condition(path="/users"), 50, "01JDB")
    made = plan([some, entry("203.0.113.0/24", 100)], NOW, 3)
    assert [row.key for row in made.rows] == ["203.0.113.0/24"]
    assert [each.id for each in made.entries] == ["01JDA", "01JDB"]
    held = {"203.0.113.0/24": Held("203.0.113.0/24")}
    assert [each.entry for each in in_force(made, held, "nginx", "h", NOW, {})] == ["01JDA", "01JDB"]
    longer = plan([replace(some, expires=NOW + 200), entry("203.0.113.0/24", 100)], NOW, 3)
    assert [row.key for row in longer.rows] == ["203.0.113.0/24", "203.0.113.7/32 path=/users"]
    assert [each.entry for each in in_force(longer, held, "nginx", "h", NOW, {})] == ["01JDA"]
    assert unstored(stored(longer)) == longer


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(conditional, NETS, CONDITIONS | st.just(ALWAYS), LIFETIMES), max_size=8))
def test_every_target_reads_back_networks_with_their_conditions(entries: list[BlockEntry]) -> None:
    made = plan(entries, NOW)
    for name in ABLE:
        target = TARGETS[name]
        (artifact,) = target.render(made, ("203.0.113.200/32", "2001:db8:aa::/48"))
        assert target.parse(artifact.content) == target.planned(made), name
        assert suited(target, made, guard_of()) == (made, [])


@pytest.mark.parametrize("name", ABLE)
def test_a_hostile_user_agent_stays_text(name: str) -> None:
    target = TARGETS[name]
    (harmless,) = target.render(plan([conditional("203.0.113.7", Condition(agent="curl"))], NOW), ())
    for agent in AGENTS:
        made = plan([conditional("203.0.113.7", Condition("h.example", "/a'b", agent))], NOW)
        (artifact,) = target.render(made, ())
        text = artifact.content.decode()
        assert target.parse(artifact.content) == {f"203.0.113.7/32 host=h.example path=/a'b agent={agent}"}
        assert text.isascii()
        assert len(text.splitlines()) - len(harmless.content.splitlines()) <= 4  # a line for the host, one for the path


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name in ABLE])
def test_the_check_of_a_server_takes_every_condition(name: str) -> None:
    entries = [conditional("203.0.113.7", Condition(agent=agent), name=str(at)) for at, agent in enumerate(AGENTS)]
    odd = conditional("2001:db8::/64", Condition("a_b.example", "/a'b(c)*;d=e,f:@g!$&+", "x"), name="odd")
    artifacts = TARGETS[name].render(plan([*entries, odd, entry("203.0.113.8")], NOW), ("203.0.113.200/32",))
    result = TARGETS[name].validate(artifacts)
    assert result.ok or not result.available, result.output


@pytest.mark.parametrize("name", ABLE)
def test_another_condition_than_the_file_says_is_noticed(name: str) -> None:
    target = TARGETS[name]
    (artifact,) = target.render(plan([conditional("203.0.113.7", Condition("h.example", "/users", "curl"))], NOW), ())
    right = target.parse(artifact.content)
    for part in (b"/users", b"curl", b"h.example", rb"h\x2eexample"):
        at = artifact.content.rfind(part)
        if at >= 0:
            changed = artifact.content[:at] + b"Z" + artifact.content[at + 1 :]
            with contextlib.suppress(GuardError):
                assert target.parse(changed) != right, part


@pytest.mark.parametrize("name", UNABLE)
def test_who_cannot_tell_requests_apart_refuses_and_never_widens(name: str) -> None:
    target = TARGETS[name]
    made = plan([conditional("203.0.113.7", Condition(path="/users")), entry("203.0.113.8", name="01JDB")], NOW)
    with pytest.raises(GuardError, match=r"path=/users \(entry 01JDA\) is about some requests only"):
        target.render(made, ())
    rest, (left,) = suited(target, made, guard_of())
    assert (left.code, left.net, left.hard) == ("H9", "203.0.113.7/32 path=/users", True)
    assert "01JDA" in left.text
    assert "nginx" in left.text
    (artifact,) = target.render(rest, ())
    assert target.parse(artifact.content) == {"203.0.113.8/32"}


def test_more_conditions_than_a_target_holds_are_refused() -> None:
    entries = [conditional("203.0.113.7", Condition(agent=f"a{at:03}"), name=str(at)) for at in range(51)]
    assert TARGETS["nginx"].render(plan(entries[:-1], NOW), ())
    with pytest.raises(GuardError, match="51 different conditions are too many for nginx"):
        TARGETS["nginx"].render(plan(entries, NOW), ())


def test_all_that_judge_requests_hold_conditions() -> None:
    def judges(target: Target) -> bool:
        return target.caps.layer == "http"

    assert [name for name, target in TARGETS.items() if judges(target) and not target.caps.conditions] == ["haproxy"]
