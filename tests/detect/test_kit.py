"""The statistical kit against the figures of its design."""

from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.config.settings import LogIn, MissEnumeration, SequentialEnumeration
from apiwatch.detect.auth import log_in_scale
from apiwatch.detect.enumeration import miss_scale, step_scale
from apiwatch.detect.kit import DAY, FLOOR, Histogram, Null, Scale, Votes, faded, weights

STEP = step_scale(SequentialEnumeration())
MISS = miss_scale(MissEnumeration())
LOG_IN = log_in_scale(LogIn())
THRESHOLD = SequentialEnumeration().threshold


def steps_to_signal(scale: Scale, p0: float, start: float) -> int:
    weight = scale.at(p0)
    score, steps = start, 0
    while score < THRESHOLD:
        score, steps = score + weight.hit, steps + 1
    return steps


def test_threshold_is_the_logarithm_of_a_million() -> None:
    assert pytest.approx(log(1e6), abs=5e-4) == THRESHOLD


@pytest.mark.parametrize(
    ("scale", "name", "expected"),
    [
        (STEP, "step", {0.02: (4, 5), 0.05: (5, 7), 0.10: (7, 9), 0.15: (9, 11), 0.20: (10, 13), 0.30: (15, 18),
                        0.40: (20, 25), 0.50: (30, 36)}),
        (MISS, "miss", {0.02: (5, 5), 0.05: (6, 7), 0.10: (8, 10), 0.15: (10, 13), 0.20: (13, 16), 0.30: (13, 16),
                        0.40: (16, 20), 0.50: (22, 27)}),
        (LOG_IN, "log-in", {0.05: (5, 6), 0.10: (7, 8), 0.15: (8, 10), 0.20: (10, 12), 0.30: (13, 16)}),
    ],
)  # fmt: skip
def test_steps_to_the_signal(scale: Scale, name: str, expected: dict[float, tuple[int, int]]) -> None:
    found = {p0: (steps_to_signal(scale, p0, 0.0), steps_to_signal(scale, p0, FLOOR)) for p0 in expected}
    assert found == expected, name


def test_worked_example_of_the_step_test() -> None:
    weight = STEP.at(0.04)
    assert (round(weight.hit, 3), round(weight.other, 3)) == (2.996, -1.569)
    assert round(5 * weight.hit, 2) == 14.98


def test_worked_example_of_the_log_in_test() -> None:
    weight = LOG_IN.at(0.15)
    assert (round(weight.hit, 3), round(weight.other, 3)) == (1.792, -2.140)
    assert round(8 * weight.hit, 1) == 14.3
    assert 0.544 * weight.hit + 0.456 * weight.other == pytest.approx(0.0, abs=0.002)


def test_shares_are_clipped_and_the_test_is_off_above_zero_drift() -> None:
    assert (STEP.at(0.0).p0, STEP.at(0.76).p0) == (0.02, 0.75)
    assert [STEP.at(share).off for share in (0.76, 0.77, 0.78, 0.88)] == [False, False, True, True]
    assert [MISS.at(share).off for share in (0.78, 0.79)] == [False, True]
    assert [LOG_IN.at(share).off for share in (0.64, 0.65)] == [False, True]


@given(st.floats(0.02, 0.78), st.sampled_from([STEP, MISS]))
def test_clients_that_behave_as_was_learned_never_drift_upward(share: float, scale: Scale) -> None:
    weight = scale.at(share)
    assert weight.off or weight.p0 * weight.hit + (1 - weight.p0) * weight.other < 0
    assert weight.off or share * weight.hit + (1 - share) * weight.other < 0.01


def upper(share: float, seen: int) -> float:
    """Two standard errors above a share."""
    return share + 2 * sqrt(share * (1 - share) / seen)


def voted(hits: int, others: int, clients: int, day: int = 1) -> tuple[Null, list[Votes]]:
    """A null with the votes of so many clients, each with its share of them."""
    null, books = Null(), [Votes() for _ in range(clients)]
    for number in range(hits + others):
        null.vote(books[number % clients], number < hits, day, 0.05)
    return null, books


def test_worked_examples_of_the_learned_share() -> None:
    feed, _ = voted(810, 90, 60)
    assert feed.share(0.05, Votes(), 1) == pytest.approx(upper(811 / 920, 920))
    assert STEP.at(feed.share(0.05, Votes(), 1)).off
    route, _ = voted(18, 582, 40)
    assert route.share(0.05, Votes(), 1) == pytest.approx(19 / 620)
    assert steps_to_signal(STEP, route.share(0.05, Votes(), 1), 0.0) == 5
    attacker = Votes()
    for _ in range(5_000):
        route.vote(attacker, True, 1, 0.05)
    assert route.share(0.05, Votes(), 1) == pytest.approx(39 / 640)
    assert steps_to_signal(STEP, route.share(0.05, Votes(), 1), 0.0) == 6


def test_own_votes_do_not_count_for_the_one_who_is_judged() -> None:
    null, own = Null(), Votes()
    for _ in range(20):
        null.vote(own, True, 1, 0.05)
    assert null.share(0.05, own, 1) == pytest.approx(0.05)
    assert null.share(0.05, Votes(), 1) == pytest.approx(upper(21 / 40, 40))
    assert null.others(own, 1) == 0


def test_one_principal_casts_at_most_twenty_votes_a_day() -> None:
    null, own = Null(), Votes()
    for _ in range(100):
        null.vote(own, True, 1, 0.05)
    assert null.observations == 20
    for _ in range(100):
        null.vote(own, True, 2, 0.05)
    assert own.cast == 20


def test_withdrawn_votes_leave_no_trace() -> None:
    null, books = voted(30, 10, 2)
    null.withdraw(books[0], 0.0)
    null.withdraw(books[1], 0.0)
    assert null.share(0.05, Votes(), 1) == pytest.approx(0.05)
    null.withdraw(books[0], 0.0)
    assert (null.hits, null.observations) == (0, 0)


def accused(clients: int, pace: float | None, others: int = 0) -> Null:
    """A null after so many clients were accused after five hits each; others did not do the like."""
    null, _ = voted(0, others, others)
    for number in range(clients):
        own = Votes()
        for _ in range(5):
            null.vote(own, True, 1, 0.05)
        null.withdraw(own, None if pace is None else number * pace)
    return null


def test_what_one_after_the_other_does_is_usual_although_each_was_accused() -> None:
    null = accused(5, 300.0)
    assert null.share(0.05, Votes(), 1) == pytest.approx(upper(26 / 45, 45))
    assert null.judge(Votes(), True, 1, 0.05, STEP, True) == STEP.at(upper(26 / 45, 45))
    assert STEP.at(accused(12, 300.0).share(0.05, Votes(), 1)).off
    null.vote(Votes(), True, 2, 0.05)
    assert null.share(0.05, Votes(), 2) == pytest.approx(upper(28 / 47, 47))


@pytest.mark.parametrize(
    "null",
    [accused(4, 900.0), accused(50, 20.0), accused(50, None), accused(5, 300.0, others=30)],
    ids=["few", "a wave", "password guessers", "others do not"],
)
def test_attackers_do_not_make_usual_what_they_do(null: Null) -> None:
    assert null.share(0.05, Votes(), 1) <= 0.05
    assert null.judge(Votes(), True, 1, 0.05, STEP, True).p0 <= 0.05


def test_partial_first_day_runs_on_and_a_full_day_is_kept() -> None:
    null, _ = voted(10, 90, 10)
    null.vote(Votes(), True, 2, 0.05)
    assert null.share(0.05, Votes(), 2) == pytest.approx(12 / 121)
    null.vote(Votes(), True, 3, 0.05)
    assert null.share(0.05, Votes(), 3) == pytest.approx(12 / 121)
    for _ in range(50):
        null.vote(Votes(), True, 3, 0.05)
    assert null.share(0.05, Votes(), 3) == pytest.approx(12 / 121)


def test_late_vote_changes_neither_the_day_nor_the_cap() -> None:
    null, own = Null(), Votes()
    for _ in range(20):
        null.vote(own, False, 2, 0.05)
    null.vote(own, True, 1, 0.05)
    null.vote(own, True, 2, 0.05)
    assert (null.day, null.hits, null.observations, own.cast) == (2, 0, 20, 20)


def test_statistic_halves_in_a_day_of_silence_and_not_within_minutes() -> None:
    assert faded(12.0, 599.0) == 12.0
    assert faded(12.0, DAY) == pytest.approx(6.0)
    assert faded(-3.0, 2 * DAY) == pytest.approx(-0.75)


def test_weights_are_likelihood_ratios() -> None:
    weight = weights(0.2, 0.8)
    assert weight.hit == pytest.approx(log(4))
    assert weight.other == pytest.approx(-log(4))


def test_percentile_is_within_a_quarter_octave() -> None:
    histogram = Histogram()
    assert histogram.p99() == 0.0
    for value in range(1, 101):
        histogram.add(value)
    assert 99 <= histogram.p99() <= 99 * 2**0.25
    histogram.add(10_000)
    assert histogram.p99() < 150


@given(
    votes=st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 4), st.booleans()), max_size=80),
)
def test_judging_is_sharing_and_voting_in_one(votes: list[tuple[int, bool, int, bool]]) -> None:
    one, two = Null(), Null()
    books_one, books_two = [Votes() for _ in range(4)], [Votes() for _ in range(4)]
    for voter, hit, day, counts in votes:
        expected = STEP.at(two.share(0.05, books_two[voter], day))
        if counts:
            two.vote(books_two[voter], hit, day, 0.05)
        assert one.judge(books_one[voter], hit, day, 0.05, STEP, counts) == expected
        assert (one, books_one) == (two, books_two)
