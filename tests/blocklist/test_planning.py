import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.blocklist import plan
from apiwatch.errors import GuardError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import NOW, entry

LIFETIMES = st.one_of(st.none(), st.integers(1, 5).map(float))
NETS = st.one_of(
    st.builds(
        lambda low, prefix: str(ipaddress.ip_network((0xCB007100 + low, prefix), strict=False)),
        st.integers(0, 255),
        st.integers(24, 32),
    ),
    st.builds(
        lambda low, prefix: str(ipaddress.ip_network(((0x20010DB8 << 96) + low, prefix), strict=False)),
        st.integers(0, 255),
        st.integers(120, 128),
    ),
)
ENTRIES = st.lists(st.builds(entry, NETS, LIFETIMES), max_size=12)


def alive(expires: float | None, at: float) -> bool:
    return expires is None or expires > at


def covered(pairs: list[tuple[str, float | None]], at: float) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return {address for net, expires in pairs if alive(expires, at) for address in ipaddress.ip_network(net)}


@given(ENTRIES)
def test_at_every_moment_the_rows_block_exactly_what_the_entries_block(entries: list[BlockEntry]) -> None:
    made = plan(entries, NOW)
    rows = [(row.net, row.expires) for row in made.rows]
    for step in range(7):
        assert covered(rows, NOW + step) == covered([(each.net, each.expires) for each in entries], NOW + step)


@given(ENTRIES)
def test_rows_never_overlap_and_are_sorted(entries: list[BlockEntry]) -> None:
    rows = plan(entries, NOW).rows
    for before, after in pairwise(rows):
        same = before.network.version == after.network.version
        assert before.network.version <= after.network.version
        assert not same or int(before.network.broadcast_address) < int(after.network.network_address)


@given(ENTRIES)
def test_no_row_is_wider_than_an_entry_that_it_names(entries: list[BlockEntry]) -> None:
    named = [BlockEntry(f"e{at}", *_rest(each)) for at, each in enumerate(entries)]
    nets = {each.id: ipaddress.ip_network(each.net) for each in named}
    for row in plan(named, NOW).rows:
        assert row.ids
        for name in row.ids:
            assert row.network.subnet_of(nets[name])  # type: ignore[arg-type]  # one family: a row comes from its entry


def _rest(each: BlockEntry) -> tuple[str, str, tuple[str, ...], str, float, float | None, str]:
    return each.net, each.reason, each.alert_ids, each.actor, each.created, each.expires, each.state


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(entries: list[BlockEntry], random: object) -> None:
    named = [BlockEntry(f"e{at}", *_rest(each)) for at, each in enumerate(entries)]
    shuffled = list(named)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert plan(shuffled, NOW, 3) == plan(named, NOW, 3)


def test_inside_of_a_longer_block_nothing_is_said_twice() -> None:
    made = plan([entry("203.0.113.0/24", 100), entry("203.0.113.7", 100), entry("203.0.113.9", 50)], NOW)
    assert [(row.net, row.expires) for row in made.rows] == [("203.0.113.0/24", NOW + 100)]


def test_a_wider_block_is_split_around_one_that_lasts_longer() -> None:
    made = plan([entry("203.0.113.0/30", 50), entry("203.0.113.2", 100)], NOW)
    assert [(row.net, row.expires) for row in made.rows] == [
        ("203.0.113.0/31", NOW + 50),
        ("203.0.113.2/32", NOW + 100),
        ("203.0.113.3/32", NOW + 50),
    ]


def test_neighbours_are_not_merged() -> None:
    made = plan([entry("203.0.113.6"), entry("203.0.113.7")], NOW)
    assert [row.net for row in made.rows] == ["203.0.113.6/32", "203.0.113.7/32"]


def test_the_same_network_twice_lasts_longer_and_names_both() -> None:
    first, second = (
        entry("203.0.113.7", 50, name="a", reason="one"),
        entry("203.0.113.7/32", None, name="b", reason="two"),
    )
    (row,) = plan([first, second], NOW).rows
    assert (row.expires, row.ids, row.reason) == (None, ("b", "a"), "two")


def test_expired_and_withdrawn_entries_are_left_out() -> None:
    made = plan([entry("203.0.113.7", 0), entry("203.0.113.8", -5), entry("203.0.113.9", state="withdrawn")], NOW)
    assert (made.rows, made.entries) == ((), ())


def test_families_are_split_and_mapped_addresses_are_ipv4() -> None:
    made = plan([entry("2001:db8::/64"), entry("::ffff:203.0.113.7"), entry("203.0.113.7")], NOW)
    assert [row.net for row in made.family(4)] == ["203.0.113.7/32"]
    assert [row.net for row in made.family(6)] == ["2001:db8::/64"]


def test_remaining_time_is_whole_seconds_rounded_up() -> None:
    made = plan([entry("203.0.113.7", 0.01), entry("203.0.113.8", 10.2), entry("203.0.113.9", None)], NOW)
    assert [made.remaining(row) for row in made.rows] == [1, 11, None]


def test_revision_is_given_or_the_time() -> None:
    assert (plan([], NOW + 0.5).revision, plan([], NOW, 17).revision) == (int(NOW), 17)


def test_an_entry_without_a_network_is_named() -> None:
    with pytest.raises(GuardError, match=r"entry 01JDX of the block queue: `nowhere"):
        plan([entry("nowhere\n", name="01JDX")], NOW)
