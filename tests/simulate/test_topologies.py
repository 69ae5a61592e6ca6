"""The hold-out topology shares nothing with the others but the incidents, and the day has a rhythm."""

from itertools import islice

import pytest

from apiwatch.formats import LineParser
from apiwatch.model import Request
from apiwatch.simulate import TOPOLOGIES, Hit, Stage, generate, topology
from apiwatch.simulate.holdout.visits import REFUSED
from apiwatch.simulate.rhythm import Rhythm

MONDAY = 1_785_715_200.0
"""3 August 2026, 00:00 UTC."""


def normal(name: str, *, seconds: float = 900, rate: float = 20) -> list[Hit]:
    return list(topology(name).population(Stage(101, MONDAY + 36_000, seconds, rate)))


def words(hits: list[Hit]) -> set[str]:
    return {word for hit in hits for word in hit.target.partition("?")[0].split("/") if word.isalpha()}


def test_the_hold_out_shares_no_host_no_agent_and_hardly_a_word_with_the_others() -> None:
    ours = normal("C")
    for name in ("A", "B"):
        other = normal(name)
        assert {hit.host for hit in ours}.isdisjoint({hit.host for hit in other})
        assert {hit.agent for hit in ours}.isdisjoint({hit.agent for hit in other})
        assert words(ours) & words(other) <= {"i", "fonts"}


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_the_rate_is_kept_in_every_topology(name: str) -> None:
    assert len(normal(name, seconds=2_400)) == pytest.approx(2_400 * 20, rel=0.06)


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_lines_of_every_topology_are_understood(name: str) -> None:
    parser = LineParser(format="auto", trusted_proxy=(), salt=b"salt")
    events = generate("R4", seed=101, minutes=5, rate=5, start=MONDAY, format="combined", layout=name, cast="both")
    lines = [event.line.encode() for event in events]
    assert all(isinstance(record, Request) for record in parser.parse(lines, 1, MONDAY + 86_400))


def test_a_refused_log_in_of_the_hold_out_answers_200_like_an_accepted_one() -> None:
    tried = [hit for hit in normal("C") if hit.target == "/identity/session" and hit.method == "POST"]
    assert {hit.status for hit in tried} == {200}
    assert 0.05 < sum(hit.size == REFUSED for hit in tried) / len(tried) < 0.2


def test_an_attack_stays_the_same_attack_in_every_topology() -> None:
    def attack(name: str) -> list[tuple[float, str, int]]:
        events = generate("R5", seed=101, minutes=8, rate=0.5, start=MONDAY, layout=name, format="combined")
        lines = (event for event in events if event.line.startswith("240."))
        return [(event.time, event.line.partition(" ")[0], 200) for event in islice(lines, 100)]

    assert len(attack("A")) == 100
    assert attack("A") == attack("C")


def test_nights_are_quiet_evenings_busy_and_the_asked_rate_is_the_mean_of_the_whole() -> None:
    day = Rhythm(MONDAY, 86_400.0)
    by_hour = [day.at(3_600.0 * hour) for hour in range(24)]
    assert sum(by_hour) / 24 == pytest.approx(1.0, abs=0.02)
    assert by_hour[20] > 8 * by_hour[3]
    assert Rhythm(MONDAY + 12_000, 600.0).at(0.0) == pytest.approx(1.0, abs=0.1)
    week = Rhythm(MONDAY, 7 * 86_400.0)
    assert week.at(43_200.0) > 1.1 * week.at(5 * 86_400.0 + 43_200.0)
