"""How many addresses there are, and how much else goes on."""

from collections.abc import Sequence
from functools import cache

import pytest

from apiwatch.model import Severity
from apiwatch.simulate import Hit
from tests.properties.attacks import ATTACKS, addresses
from tests.properties.traffic import Verdict, judged, ordered, remembered, traffic, written

RATE = 6.0
ONSET = 1_900.0
ENDS = ONSET + 240.0


@cache
def meanwhile() -> tuple[Hit, ...]:
    """Normal traffic during an attack."""
    everything = traffic("benign-users", minutes=ONSET / 60.0 + 15.0, rate=RATE)
    return tuple(hit for hit in everything if ONSET <= hit.time < ENDS)


def attacked(attack: Sequence[Hit], benign: Sequence[Hit] | None = None) -> tuple[Verdict, list[Hit]]:
    """What is raised over an attack in normal traffic, and all requests."""
    hits = ordered(meanwhile() if benign is None else benign, attack)
    return judged(written(hits), after=remembered("benign-users", ONSET, rate=RATE)), hits


def requests_before_alert(verdict: Verdict, hits: Sequence[Hit], clients: set[str]) -> int | None:
    """Requests of the attackers up to the first alert that names one of them, or their route; None without one."""
    begins = first_line()
    for event in verdict.events:
        alert = event.alert
        if alert.severity >= Severity.MEDIUM and (not alert.clients or clients.intersection(alert.clients)):
            return sum(1 for hit in hits[: event.line - begins + 1] if hit.client in clients)
    return None


@cache
def first_line() -> int:
    """Number of the first line after what is remembered."""
    everything = traffic("benign-users", minutes=ONSET / 60.0 + 15.0, rate=RATE)
    return 1 + sum(1 for hit in everything if hit.time < ONSET)


MOST = {
    "walk": {1: 12, 5: 120, 300: 160},
    "guesses": {2: 24, 60: 60},
    "scrape": {2: 122, 60: 400},
    "stuffing": {2: 18, 60: 60},
    "fuzzing": {5: 30, 300: 300},
}
"""Attack -> addresses that share it -> requests within which it has to be found."""


@pytest.mark.parametrize("name", MOST)
def test_an_attack_that_is_split_over_addresses_is_still_found(name: str) -> None:
    attack, family = ATTACKS[name]
    for count, most in MOST[name].items():
        clients = addresses(count)
        verdict, hits = attacked(attack(clients, ONSET + 1.0, 0.5, most + 20))
        needed = requests_before_alert(verdict, hits, set(clients))
        assert needed is not None, f"{name} from {count} addresses"
        assert needed <= most, f"{name} from {count} addresses"
        families = {alert.family for alert in verdict.alerts}
        assert families & {family, "population", "campaign"}
        others = {alert.client for alert in verdict.alerts if alert.severity >= Severity.MEDIUM} - set(clients) - {""}
        assert not others


@pytest.mark.parametrize("name", ["walk", "guesses", "stuffing", "fuzzing"])
def test_more_normal_traffic_hides_no_alert_and_hastens_none(name: str) -> None:
    attack, _ = ATTACKS[name]
    clients = addresses(1)
    sparse, dense = meanwhile()[::10], meanwhile()
    hits = attack(clients, ONSET + 1.0, 2.0, 60)
    needed = [requests_before_alert(*attacked(hits, benign), set(clients)) for benign in (sparse, dense)]
    alone, among = needed
    assert alone is not None
    assert among is not None
    assert alone - 1 <= among <= alone + 3


@pytest.mark.parametrize("count", [5, 40])
def test_users_who_share_one_address_raise_nothing_high(count: int) -> None:
    chosen = list(dict.fromkeys(hit.client for hit in meanwhile()))[:count]
    shared = [hit._replace(client="198.51.100.7") if hit.client in set(chosen) else hit for hit in meanwhile()]
    verdict, _ = attacked((), shared)
    assert not [(alert.detector, alert.title) for alert in verdict.alerts if alert.severity >= Severity.HIGH]
