"""Blocks of everybody who sends certain requests, and what they leave out."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS, Guard, plan
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.comparing import compare, unexplained
from apiwatch.blocklist.applying.live import in_force
from apiwatch.blocklist.everybody import EVERYBODY, spare
from apiwatch.blocklist.exporting import export
from apiwatch.blocklist.networks import Network
from apiwatch.blocklist.protected import Protected, Rule
from apiwatch.blocklist.review import suited
from apiwatch.blocklist.special import PRIVATE, SHARED, SIX_TO_FOUR
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from apiwatch.model.condition import Condition, parse_condition
from tests.blocklist.kit import NOW, entry, guard_of

EVIL = Condition(agent="evil/1")
ENTRIES = [replace(entry(net, name=f"01JDA{at}"), condition=str(EVIL)) for at, net in enumerate(EVERYBODY)]
NETWORKS = st.builds(
    lambda number, prefix: ipaddress.ip_network((number, prefix), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(1, 32),
) | st.builds(
    lambda number, prefix: ipaddress.ip_network((number, prefix), strict=False),
    st.integers(2**32, 2**128 - 1),
    st.integers(1, 128),
)


def guarding(networks: list[Network]) -> Guard:
    return Guard(Block(), Protected(tuple(Rule(net, "H1", "us") for net in networks)))


@settings(max_examples=60, deadline=None)
@given(st.lists(NETWORKS, max_size=6), st.lists(NETWORKS, max_size=4))
def test_what_is_protected_is_left_out_and_nobody_else(protected: list[Network], asked: list[Network]) -> None:
    made = spare(plan(ENTRIES, NOW), guarding(protected))
    own = [*protected, *(network for network, _ in (*PRIVATE, *SHARED)), SIX_TO_FOUR]
    for row in made.rows:
        assert not any(row.network.version == net.version and row.network.overlaps(net) for net in own)
    for network in asked:
        first = network.network_address
        spared = any(first.version == net.version and first in net for net in own)
        assert any(first.version == row.network.version and first in row.network for row in made.rows) != spared
    assert spare(made, guarding(protected)) == made


def test_the_real_guard_lets_the_list_pass_and_a_whole_internet_never() -> None:
    guard = guard_of()
    made = spare(plan(ENTRIES, NOW), guard)
    (artifact,) = export(TARGETS["nginx"], made, guard, None)
    assert TARGETS["nginx"].parse(artifact.content) == {row.key for row in made.rows}
    for address in ("127.0.0.1", "10.1.2.3", "::1", "fe80::1", "2002:7f00:1::1"):
        assert not any(ipaddress.ip_address(address) in row.network for row in made.rows)
    with pytest.raises(GuardError, match=r"0\.0\.0\.0/0 agent=evil/1 leaves nothing out that is protected"):
        export(TARGETS["nginx"], plan(ENTRIES, NOW), guard, None)
    for condition in ("", "host=api.example.com"):
        bad = [replace(each, condition=condition) for each in ENTRIES]
        with pytest.raises(GuardError, match=r"never blocked \(rail H5\)"):
            export(TARGETS["nginx"], spare(plan(bad, NOW), guard), guard, None)


def test_a_wide_network_with_a_condition_is_typed_twice_and_still_touches_nothing_protected() -> None:
    guard = guard_of()
    (wide,) = guard.check("203.0.0.0/12", EVIL)
    assert (wide.code, wide.overridable) == ("H5", True)
    assert {finding.code for finding in guard.check("126.0.0.0/7", EVIL) if not finding.overridable} == {"H2"}
    assert guard.check("203.0.0.0/12")[0].overridable is False


def test_what_is_held_for_everybody_is_told_by_entry_and_is_nobodys_handwork() -> None:
    guard = guard_of()
    made = spare(plan(ENTRIES, NOW), guard)
    held = {row.key: Held(row.key, dropped=1) for row in made.rows}
    live = in_force(plan(ENTRIES, NOW), held, "nginx", "h", NOW, {})
    assert [each.entry for each in live] == ["01JDA0", "01JDA1"]
    assert live[0].dropped == len(made.family(4))
    few = {row.key: held[row.key] for row in made.rows if row.network.prefixlen > 8}
    assert in_force(plan(ENTRIES, NOW), few, "nginx", "h", NOW, {}) == []

    ended = [replace(each, state="withdrawn") for each in ENTRIES]
    nothing = plan(ended, NOW)
    change = compare(frozenset(), nothing, held, {each.key for each in ended}, NOW)
    assert (set(change.removed), change.foreign) == (set(held), ())
    assert unexplained("nginx", nothing, held, change, ended) == ""
    other = {"198.51.100.0/24 agent=evil/1": Held("x"), "198.51.100.7/32": Held("y")}
    assert compare(frozenset(), nothing, other, {each.key for each in ended}, NOW).foreign == ("198.51.100.7/32",)


def test_a_longer_block_of_one_network_inside_stays_whole() -> None:
    longer = replace(entry("203.0.113.0/24", 7200, name="01JDB"), condition=str(EVIL))
    made = spare(plan([*ENTRIES, longer], NOW), guard_of())
    assert "203.0.113.0/24 agent=evil/1" in {row.key for row in made.rows}
    covered = sum(row.network.num_addresses for row in made.family(4))
    assert covered == sum(row.network.num_addresses for row in spare(plan(ENTRIES, NOW), guard_of()).family(4))


def test_a_packet_filter_gets_nothing_of_it() -> None:
    rest, left = suited(TARGETS["nftables"], plan(ENTRIES, NOW), guard_of())
    assert (rest.rows, [finding.code for finding in left]) == ((), ["H9", "H9"])


def test_the_narrow_part_is_a_path_or_a_user_agent() -> None:
    found = {text: parse_condition(text).is_narrow for text in ("", "host=a", "path=/a", "agent=a", "host=a agent=b")}
    assert found == {"": False, "host=a": False, "path=/a": True, "agent=a": True, "host=a agent=b": True}
