"""Who is quiet rests as bytes; nobody can tell, but for the memory."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.engine.resting import Table
from tests.engine.ledger import Ledger
from tests.engine.lines import batch, engine_of, known_route, line
from tests.engine.test_determinism import NORMAL, assert_same
from tests.engine.traffic import Feed, at_time, feed_of

HOUR = 3_600.0


class Guest(msgspec.Struct, array_like=True, gc=False):
    name: str
    last: float
    weight: int = 0
    dirty: bool = False
    notes: dict[int, list[str]] = msgspec.field(default_factory=dict)


def weight_of(guest: Guest) -> int:
    return guest.weight


def everybody(_: Guest) -> bool:
    return True


GUESTS = st.builds(
    Guest,
    name=st.sampled_from([f"g{number}" for number in range(30)]),
    last=st.integers(0, 5).map(float),
    weight=st.sampled_from((0, 0, 0, 1, 2)),
    dirty=st.booleans(),
    notes=st.dictionaries(
        st.integers(0, 1 << 63), st.lists(st.sampled_from(("", "a", "long " * 200)), max_size=2), max_size=3
    ),
)


def table_of(guests: list[Guest], before: float) -> tuple[Table[Guest], dict[str, Guest]]:
    """A table in which those rest that may, and the same guests in a plain dictionary."""
    plain = {guest.name: guest for guest in guests}
    table = Table(Guest, weight_of)
    for name, guest in plain.items():
        table[name] = guest
    table.rest(before, everybody)
    return table, plain


@given(guests=st.lists(GUESTS, max_size=30), before=st.integers(0, 6))
def test_a_table_with_resting_entries_equals_a_dictionary(guests: list[Guest], before: int) -> None:
    table, plain = table_of(guests, before)
    assert set(table.awake) == {
        name for name, guest in plain.items() if guest.dirty or guest.weight or guest.last >= before
    }
    assert (set(table), len(table)) == (set(plain), len(plain))
    assert {key: msgspec.msgpack.decode(blob, type=Guest) for key, blob in table.encoded()} == plain
    assert dict(table) == plain
    assert len(table.awake) == len(plain)
    assert table.get("nobody") is None


@given(guests=st.lists(GUESTS, max_size=30), before=st.integers(0, 6), count=st.integers(1, 30))
def test_those_without_weight_and_used_longest_ago_are_forgotten_first(
    guests: list[Guest], before: int, count: int
) -> None:
    table, plain = table_of(guests, before)
    count = min(count, len(plain))
    if count == 0:
        return
    order = sorted(plain.values(), key=lambda guest: (guest.weight, guest.last, guest.name))
    least = table.least(count)
    assert sorted(least) == sorted(guest.name for guest in order[:count])
    changed = [table.forget(name) for name in least]
    assert [guest for guest in changed if guest] == [plain[name] for name in least if plain[name].dirty]
    assert set(table) == set(plain) - set(least)


@given(guests=st.lists(GUESTS, min_size=1, max_size=30), before=st.integers(0, 6))
def test_what_is_changed_in_passing_is_kept(guests: list[Guest], before: int) -> None:
    table, plain = table_of(guests, before)
    awake = set(table.awake)
    for name in plain:
        with table.borrowed(name) as guest:
            assert guest == plain[name]
            guest.notes[7] = ["seen"]
    with table.borrowed("nobody") as guest:
        assert guest is None
    assert set(table.awake) == awake
    assert all(table[name].notes[7] == ["seen"] for name in plain)


def sparse(seeds: list[int], pause: float) -> Feed:
    """Behaviours that are so far apart that who did one rests before the next."""
    return [
        (source, at_time(raw, number * pause + step))
        for number, seed in enumerate(seeds)
        for step, (source, raw) in enumerate(feed_of([seed], 0.0))
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seeds=st.lists(st.integers(1, 40), min_size=4, max_size=14),
    pause=st.sampled_from((700.0, HOUR, 9 * HOUR)),
    actions=st.lists(st.sampled_from(("take", "take", "restart", "snapshot")), min_size=1, max_size=5),
)
def test_resting_changes_no_row_and_no_alert(seeds: list[int], pause: float, actions: list[str]) -> None:
    feed = sparse(seeds, pause)
    cuts = {at: actions[at % len(actions)] for at in range(5, len(feed), 9)}
    assert_same(lambda: engine_of(NORMAL), feed, cuts)


def test_the_quiet_rest_and_wake_with_all_that_is_known_of_them() -> None:
    engine, ledger = engine_of(), Ledger()
    walk = [line(step, "203.0.113.9", f"/api/items/{step * 7_919 % 9_973}") for step in range(8)]
    engine.feed(batch([*known_route("/api/items/77"), *walk]))
    ledger.apply(engine.take())
    engine.feed(batch([line(HOUR, "192.0.2.9", "/")]))
    ledger.apply(engine.take())
    assert set(engine.clients.awake) == {"192.0.2.9"}
    assert set(engine.principals.awake) == {"192.0.2.9"}
    engine.feed(batch([line(HOUR + 1, "203.0.113.9", "/api/items/5")]))
    assert "203.0.113.9" in engine.clients.awake
    ledger.apply(engine.take())
    (row,) = (row for row in ledger.tables["clients"].values() if row.client == "203.0.113.9")
    assert row.requests == 9
    (track,) = engine.principals["203.0.113.9"].tracks.values()
    assert track.distinct == 9
