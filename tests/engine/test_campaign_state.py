"""Campaigns survive restarts, and no cut, take or address changes what is found."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.config.settings import Limits
from apiwatch.engine import Engine
from tests.detect.crowds import addresses, scrape, stuffing
from tests.engine.ledger import Ledger
from tests.engine.lines import line
from tests.engine.test_determinism import in_pieces, uncut
from tests.engine.traffic import Feed

SOURCE = "/var/log/access.log"


def campaign_feed() -> Feed:
    """Normal log-ins and orders, then two campaigns and many fuzzers at once."""
    clients = addresses(90)
    timed = [
        (2.0 * number, line(2 * number, f"192.0.2.{number % 60}", path, method=method, size=300 + number % 60))
        for number in range(240)
        for method, path in (("POST", "/api/login"), ("GET", f"/api/orders/{70_000_000 + number % 40}"))
    ]
    timed += stuffing(clients[:60], rate=1.0, count=90, start=500.0)
    timed += scrape(clients, rate=3.0, count=240, found=0.1, start=520.0)
    timed += [
        (610 + step, line(610 + step, clients[number], f"/probe-{number}-{step}/x", 404))
        for step in range(7)
        for number in range(20)
    ]
    timed.append((1_300.0, line(1_300, "192.0.2.1", "/api/orders/70000001")))
    return [(SOURCE, raw) for _, raw in sorted(timed, key=lambda found: found[0])]


FEED = campaign_feed()
NORMAL, TIGHT = Settings(), Settings(limits=Limits(clients=100, principals=100, routes=10, objects=1_000, alerts=10))


def details(ledger: Ledger) -> list[tuple[str, str, int]]:
    alerts = ledger.tables["alerts"].values()
    return sorted((alert.detector, alert.explanation.subject.kind, alert.clients_total) for alert in alerts)


def test_feed_holds_both_kinds_of_campaign() -> None:
    found = details(uncut(lambda: Engine(NORMAL, salt=b"s"), FEED))
    assert [(detector, kind) for detector, kind, _ in found if kind == "campaign"] == [
        ("campaign.cluster", "campaign"),
        ("population.login-failures", "campaign"),
        ("population.miss", "campaign"),
    ]


@pytest.mark.parametrize("limits", [NORMAL, TIGHT], ids=["normal", "tight"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cuts=st.dictionaries(
        st.integers(1, len(FEED)), st.sampled_from(("cut", "take", "restart", "snapshot")), max_size=12
    )
)
def test_cuts_takes_and_restarts_change_no_campaign(limits: Settings, cuts: dict[int, str]) -> None:
    def make() -> Engine:
        return Engine(limits, salt=b"s")

    differences = uncut(make, FEED).differences(in_pieces(make, FEED, cuts))
    assert not differences, "\n".join(differences[:5])
