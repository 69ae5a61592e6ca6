"""The scenarios through the real engine: what has to be found is found, and normal traffic raises nothing."""

from collections.abc import Iterator
from itertools import islice

import pytest

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import AlertEvent, Batch, Severity
from apiwatch.simulate import Label, generate, labels

START = 1_717_236_000.0
RATE = 10.0

SINGLE = {
    "walk": 12.0,
    "slow-walk": 16.0,
    "misses": 12.0,
    "scrape": 16.0,
    "stuffing": 12.0,
    "spray": 30.0,
    "brute-force": 12.0,
    "fuzzing": 12.0,
}
"""Scenario -> minutes that are enough for its pace."""


def alerts(scenario: str, *, minutes: float, rate: float = RATE, seed: int = 1) -> Iterator[AlertEvent]:
    engine = Engine(Settings(), salt=b"salt")
    events = generate(scenario, seed=seed, minutes=minutes, rate=rate, start=START)
    offset = 0
    while lines := [event.line.encode() for event in islice(events, 1000)]:
        engine.feed(Batch("access.log", 0, str(offset), str(offset + len(lines)), lines, START + 86_400))
        offset += len(lines)
        yield from engine.take().events


def attackers(scenario: str, *, minutes: float, rate: float = RATE, seed: int = 1) -> list[Label]:
    found = labels(scenario, seed=seed, minutes=minutes, rate=rate, start=START)
    return [label for label in found if label.role == "attacker"]


def requests_until(label: Label, scenario: str, line: int, *, minutes: float, rate: float = RATE) -> int:
    """Lines of the attacker among the first `line` lines."""
    events = islice(generate(scenario, seed=1, minutes=minutes, rate=rate, start=START), line)
    return sum(1 for event in events if event.line.partition(" ")[0] in label.clients)


@pytest.mark.parametrize(("scenario", "minutes"), SINGLE.items(), ids=list(SINGLE))
def test_each_attack_is_found_by_its_detector_in_time_and_nobody_else_is_accused(scenario: str, minutes: float) -> None:
    raised = list(alerts(scenario, minutes=minutes))
    [attacker] = attackers(scenario, minutes=minutes)
    ours = [event for event in raised if event.alert.client in attacker.clients]
    first = next(event for event in ours if event.alert.severity >= Severity.MEDIUM)
    assert first.alert.detector in attacker.expect
    assert first.alert.family == attacker.family
    assert attacker.first <= first.time + 1
    assert attacker.must_detect_requests is not None
    assert requests_until(attacker, scenario, first.line, minutes=minutes) <= attacker.must_detect_requests
    others = [event.alert for event in raised if event.alert.client not in attacker.clients]
    assert not [(alert.detector, alert.principal) for alert in others if alert.severity >= Severity.MEDIUM]


def test_the_incident_of_the_demo_raises_four_attackers_within_two_minutes_and_nothing_before() -> None:
    minutes, rate = 60.0, 8.0
    labelled = attackers("incident", minutes=minutes, rate=rate)
    onset = min(label.first for label in labelled)
    first: dict[str, AlertEvent] = {}
    for event in alerts("incident", minutes=minutes, rate=rate):
        if event.time > onset + 120:
            break
        if event.alert.severity >= Severity.MEDIUM:
            first.setdefault(event.alert.client, event)
    assert set(first) == {address for label in labelled for address in label.clients}
    for label in labelled:
        event = first[label.clients[0]]
        assert event.alert.detector in label.expect
        assert event.alert.explanation.samples
    assert min(event.time for event in first.values()) <= onset + 6


@pytest.mark.parametrize("scenario", ["benign", "benign-users"])
def test_normal_traffic_raises_nothing_of_medium_or_above(scenario: str) -> None:
    raised = [event.alert for event in alerts(scenario, minutes=40, rate=12)]
    assert not [(a.detector, a.principal, a.title) for a in raised if a.severity >= Severity.MEDIUM]
