"""Every replay in every grade: the attacker of the labels is really in the log, and the twin attacks nobody."""

import re
from collections import Counter
from hashlib import sha256
from itertools import pairwise

import pytest

from apiwatch.errors import UsageError
from apiwatch.simulate import GRADES, REPLAYS, TOPOLOGIES, Cast, Event, Label, generate, labels

START = 1_717_236_000.0
CASES = [(name, grade) for name, replay in REPLAYS.items() for grade in replay.grades]


def made(
    name: str, grade: str = "g0", *, cast: Cast = "attack", layout: str = "A", seed: int = 101, minutes: float = 8
) -> list[Event]:
    return list(
        generate(name, seed=seed, minutes=minutes, rate=0.5, start=START, grade=grade, cast=cast, layout=layout)
    )


def truth(name: str, grade: str = "g0", *, cast: Cast = "attack", layout: str = "A", minutes: float = 8) -> list[Label]:
    return labels(name, seed=101, minutes=minutes, rate=0.5, start=START, grade=grade, cast=cast, layout=layout)


def clients(events: list[Event]) -> Counter[str]:
    return Counter(event.line.partition(" ")[0] for event in events)


def test_there_are_twenty_replays_and_each_has_the_loud_grades() -> None:
    assert list(REPLAYS) == [f"R{number}" for number in range(1, 21)]
    assert all({"g0", "g1", "g2"} <= set(replay.grades) <= set(GRADES) for replay in REPLAYS.values())
    assert all(replay.twin for replay in REPLAYS.values())


@pytest.mark.parametrize(("name", "grade"), CASES)
def test_the_labelled_attacker_is_in_the_log_with_as_many_requests(name: str, grade: str) -> None:
    events = made(name, grade)
    found = clients(events)
    [attacker] = [label for label in truth(name, grade) if label.role == "attacker"]
    assert (attacker.replay, attacker.grade) == (name, grade)
    assert sum(found[address] for address in attacker.clients) == attacker.requests > 0
    assert all(found[address] for address in attacker.clients)
    assert attacker.exposed <= attacker.requests
    assert attacker.expect[0].startswith(f"{attacker.family}.")
    assert all(earlier.time <= later.time for earlier, later in pairwise(events))


@pytest.mark.parametrize("name", REPLAYS)
def test_the_twin_comes_without_an_attacker_and_shares_no_address_with_one(name: str) -> None:
    attackers = {address for grade in REPLAYS[name].grades for address in REPLAYS[name].attacker(grade).clients}
    alone = truth(name, cast="twin", minutes=60)
    assert not [label for label in alone if label.role == "attacker" or label.expect]
    twins = {address for label in alone if label.role == "twin" for address in label.clients}
    assert twins.isdisjoint(attackers)
    assert twins <= set(clients(made(name, cast="twin", minutes=60)))


@pytest.mark.parametrize("layout", TOPOLOGIES)
def test_the_same_arguments_give_the_same_bytes_in_every_layout_and_another_seed_others(layout: str) -> None:
    def digest(seed: int) -> str:
        lines = "\n".join(event.line for event in made("R4", "g3", cast="both", layout=layout, seed=seed))
        return sha256(lines.encode()).hexdigest()

    assert digest(101) == digest(101) != digest(102)


@pytest.mark.parametrize("name", ["R5", "R16", "R20"])
def test_another_layout_keeps_times_and_outcomes_and_changes_the_names(name: str) -> None:
    here, there = made(name, cast="both"), made(name, cast="both", layout="B")
    outcome = re.compile(r'" (\d{3} \d+) "')
    paths = [[event.line.split(" ")[6] for event in events] for events in (here, there)]
    assert [event.time for event in here] == [event.time for event in there]
    assert [outcome.findall(event.line) for event in here] == [outcome.findall(event.line) for event in there]
    assert sum(a != b for a, b in zip(*paths, strict=True)) > len(here) / 3
    [label] = [label for label in truth(name, layout="B") if label.role == "attacker"]
    assert label.route not in {known.route for known in truth(name)}


def test_neighbouring_ids_stay_neighbours_in_the_other_layout() -> None:
    paths = [event.line.split(" ")[6] for event in made("R5", layout="B") if "/clients/" in event.line]
    numbers = [int(path.rpartition("/")[2], 16) for path in paths]
    assert len(numbers) > 100
    assert {later - earlier for earlier, later in pairwise(numbers)} == {1}


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("R9", {"grade": "g4"}, r"R9: the grade `g4` means nothing .*g0, g1, g2, g3"),
        ("R1", {"grade": "g9"}, r"R1: the grade `g9` does not exist; choose one of g0"),
        ("R1", {"layout": "Z"}, r"no topology `Z`; choose one of A, B"),
        ("R21", {}, r"no scenario `R21`; .*R1 to R20"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(name: str, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        made(name, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=sentence):
        truth(name, **options)  # type: ignore[arg-type]
