import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from ipaddress import ip_address, ip_network
from itertools import islice, pairwise
from random import getstate

import msgspec
import pytest

from apiwatch.errors import UsageError
from apiwatch.simulate import FORMATS, SCENARIOS, Event, Label, generate, labels

START = 1_717_236_000.0

WANTED = {
    "incident", "benign", "benign-users", "traps", "walk", "slow-walk", "stuffing", "spray", "brute-force", "fuzzing",
    "scrape", "misses",
}  # fmt: skip
BENIGN_NETWORKS = [ip_network(text) for text in ("198.18.0.0/15", "100.64.0.0/10", "2001:db8::/32")]
ATTACKER_NETWORKS = [ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def made(
    scenario: str, *, seed: int = 1, minutes: float = 4, rate: float = 10, start: float = START, form: str = "combined"
) -> Iterator[Event]:
    return generate(scenario, seed=seed, minutes=minutes, rate=rate, start=start, format=form)


def truth(scenario: str, *, seed: int = 1, minutes: float = 4, rate: float = 10, start: float = START) -> list[Label]:
    return list(labels(scenario, seed=seed, minutes=minutes, rate=rate, start=start))


def client(line: str) -> str:
    return line.partition(" ")[0]


def digest(events: Iterator[Event]) -> str:
    return sha256("\n".join(f"{event.time} {event.line}" for event in events).encode()).hexdigest()


def test_every_scenario_is_there_and_says_what_happens() -> None:
    assert set(SCENARIOS) == WANTED
    titles = [scenario.title for scenario in SCENARIOS.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("scenario", sorted(WANTED))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(scenario: str) -> None:
    assert digest(made(scenario)) == digest(made(scenario))
    assert digest(made(scenario)) != digest(made(scenario, seed=2))


def test_global_chance_is_neither_used_nor_changed() -> None:
    before = getstate()
    assert sum(1 for _ in made("incident")) > 1000
    assert getstate() == before


@pytest.mark.parametrize("scenario", sorted(WANTED))
def test_lines_come_in_the_order_of_time_within_the_asked_span(scenario: str) -> None:
    times = [event.time for event in made(scenario)]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= START
    assert times[0] < START + 5
    assert times[-1] < START + 240


def test_another_start_moves_every_time_and_every_label() -> None:
    shifted = zip(made("incident"), made("incident", start=START + 86_400), strict=True)
    assert all(abs(there.time - here.time - 86_400) < 1e-3 for here, there in shifted)
    firsts = [label.first - START for label in truth("incident")]
    assert [label.first for label in truth("incident", start=0.0)] == pytest.approx(firsts, abs=1e-3)


def test_the_rate_is_kept() -> None:
    machines = sum(label.requests for label in truth("benign", minutes=40, rate=15))
    lines = sum(1 for _ in made("benign", minutes=40, rate=15))
    assert lines - machines == pytest.approx(40 * 60 * 15, rel=0.05)


def test_the_first_minute_is_as_busy_as_the_others() -> None:
    per_minute = Counter(int(event.time - START) // 60 for event in made("benign", minutes=10, rate=40))
    assert per_minute[0] == pytest.approx(per_minute.total() / 10, rel=0.2)


@pytest.mark.parametrize("scenario", sorted(WANTED))
def test_labels_agree_with_the_lines(scenario: str) -> None:
    seen: dict[str, list[float]] = {}
    for event in made(scenario):
        seen.setdefault(client(event.line), []).append(event.time)
    for label in truth(scenario):
        times = sorted(time for address in label.clients for time in seen.get(address, []))
        assert len(times) == label.requests
        assert (times[0], times[-1]) == (label.first, label.last)


@pytest.mark.parametrize("scenario", sorted(WANTED - {"benign", "benign-users", "traps"}))
def test_attackers_are_named_first_with_the_alert_that_is_expected(scenario: str) -> None:
    attackers = [label for label in truth(scenario) if label.role == "attacker"]
    assert attackers == truth(scenario)[: len(attackers)]
    assert len(attackers) == (4 if scenario == "incident" else 1)
    for label in attackers:
        assert label.expect
        assert all(detector.startswith(f"{label.family}.") for detector in label.expect)
        assert label.must_detect_requests
        assert label.first > START + 120


@pytest.mark.parametrize("scenario", ["benign", "benign-users", "traps"])
def test_normal_traffic_has_no_attacker_and_expects_no_alert(scenario: str) -> None:
    found = truth(scenario)
    assert found
    assert not [label for label in found if label.role == "attacker" or label.expect or label.family]


def test_labels_can_be_written_as_json() -> None:
    for label in truth("incident"):
        fields = msgspec.json.decode(msgspec.json.encode(label))
        assert fields["role"] in {"attacker", "benign", "trap"}
        assert msgspec.convert(fields, Label) == label


def test_an_actor_that_comes_too_late_has_no_label() -> None:
    names = {label.campaign for label in truth("incident", minutes=0.3)}
    assert "incident/walk" in names
    assert "incident/fuzzing" not in names


def test_only_reserved_addresses_appear_and_attackers_live_apart() -> None:
    attackers = {address for label in truth("incident") if label.role == "attacker" for address in label.clients}
    seen = {client(event.line) for event in made("incident", rate=60)}
    assert attackers <= seen
    for address in seen:
        parsed = ip_address(address)
        assert str(parsed) == address
        networks = ATTACKER_NETWORKS if address in attackers else BENIGN_NETWORKS
        assert any(parsed in network for network in networks if network.version == parsed.version), address


def test_lines_are_made_one_by_one_in_bounded_memory() -> None:
    events = made("incident", minutes=60 * 24 * 30, rate=100)
    for _ in islice(events, 15_000):
        pass
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in islice(events, 20_000):
            pass
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000
    assert peak - before < 2_000_000


@pytest.mark.parametrize("call", [made, truth])
def test_an_unknown_scenario_is_refused_with_the_known_ones(call: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match=r"earthquake.*incident.*benign"):
        call("earthquake")


def test_an_unknown_format_is_refused_with_the_known_ones_before_any_line() -> None:
    with pytest.raises(UsageError, match="the format `xml`.*" + ".*".join(FORMATS)):
        made("benign", form="xml")
