"""Who attacks, which objects, and how fast: other names and another pace change nothing."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.model import Severity
from apiwatch.simulate import Hit
from tests.engine.lines import ALONE
from tests.properties.attacks import addresses, guesses, stuffing
from tests.properties.relabelling import principal_of, relabelled, slower
from tests.properties.traffic import Verdict, attackers, judged, ordered, traffic, written

ONSET = 660.0
Spoken = list[tuple[str, str, Severity, str, int, int]]
few = settings(max_examples=2, deadline=None, derandomize=True)


@cache
def everything() -> tuple[Hit, ...]:
    """Four attackers and two campaigns in normal traffic, cut where all of them are found."""
    incident = (hit for hit in traffic("incident", minutes=20.0) if 300.0 < hit.time < ONSET + 70.0)
    crowds = guesses(addresses(40), ONSET, 2.0, 35), stuffing(addresses(30), ONSET, 2.0, 35)
    return tuple(ordered(incident, *crowds))


@cache
def plainly() -> Verdict:
    return judged(written(everything()))


def spoken(verdict: Verdict, mask: int = 0) -> Spoken:
    """All events, with the principals as they are called after relabelling."""
    return [
        (event.alert.detector, principal_of(event.alert.principal, mask), event.alert.severity, event.reason,
         event.line, event.alert.clients_total)
        for event in verdict.events
    ]  # fmt: skip


@few
@given(mask=st.integers(1, (1 << 24) - 1), shift=st.integers(0, 10**8))
def test_other_addresses_and_ids_give_the_same_alerts(mask: int, shift: int) -> None:
    assert spoken(judged(written(relabelled(everything(), mask, shift)))) == spoken(plainly(), mask)


def test_what_is_relabelled_holds_every_family_that_names_decide() -> None:
    families = {family for family, _ in plainly().accused()}
    assert families >= {"enumeration", "scraping", "auth", "recon", "population"}


@cache
def alone() -> tuple[Hit, ...]:
    """The four attackers, and normal traffic before them."""
    four = attackers("incident", minutes=20.0)
    return tuple(hit for hit in everything() if hit.client in four or hit.time < ONSET)


@pytest.mark.parametrize("factor", [10.0, 0.2])
def test_another_pace_gives_the_same_alerts_of_tests_without_a_clock(factor: float) -> None:
    found = paceless(judged(written(slower(alone(), factor)), Settings(detectors=ALONE)))
    expected = paceless(judged(written(alone()), Settings(detectors=ALONE)))
    assert found == expected
    assert {detector.partition(".")[0] for detector, _ in expected} >= {"enumeration", "auth", "recon"}


def paceless(verdict: Verdict) -> dict[tuple[str, str], int]:
    found = verdict.opened(Severity.INFO)
    return {(detector, principal): line for (detector, principal), line in found.items() if "scraping" not in detector}
