"""The popularity gate."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from apiwatch.detect.popularity import POPULAR, Popularity


def test_first_three_visitors_find_the_object_unpopular() -> None:
    table = Popularity()
    assert [table.visit(7, visitor) for visitor in (1, 2, 3, 4, 5)] == [0, 1, 2, POPULAR, POPULAR]


def test_same_visitor_counts_once() -> None:
    table = Popularity()
    assert [table.visit(7, visitor) for visitor in (1, 1, 2, 1, 2, 3)] == [0, 1, 1, 2, 2, 2]


def test_object_is_forgotten_after_two_rotations_without_a_visit() -> None:
    table = Popularity()
    for visitor in (1, 2, 3):
        table.visit(7, visitor)
        table.visit(8, visitor)
    assert table.rotate() == 0
    assert table.visit(7, 9) == POPULAR
    assert table.rotate() == 1
    assert table.visit(7, 10) == POPULAR
    assert table.visit(8, 10) == 0


@given(
    st.lists(
        st.one_of(st.tuples(st.integers(0, 5), st.integers(1, 6)), st.sampled_from(("rotate", "take"))), max_size=60
    )
)
def test_changes_rebuild_the_table(events: list[tuple[int, int] | str]) -> None:
    table, blobs = Popularity(), [Popularity().dump()]
    for event in events:
        if event == "rotate":
            table.rotate()
        elif event == "take":
            blobs = [table.dump()] if table.rotated else [*blobs, *filter(None, [table.take_changes()])]
        elif isinstance(event, tuple):
            table.visit(*event)
    blobs = [table.dump()] if table.rotated else [*blobs, *filter(None, [table.take_changes()])]
    other = Popularity()
    other.load(blobs[0])
    for blob in blobs[1:]:
        other.replay(blob)
    assert (other.young, other.old) == (table.young, table.old)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 8)), max_size=80))
def test_count_is_exact_up_to_three(visits: list[tuple[int, int]]) -> None:
    table = Popularity()
    truth: defaultdict[int, set[int]] = defaultdict(set)
    for identity, visitor in visits:
        assert table.visit(identity, visitor) == min(POPULAR, len(truth[identity]))
        if len(truth[identity]) < POPULAR:
            truth[identity].add(visitor)
