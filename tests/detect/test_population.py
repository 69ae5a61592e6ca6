"""Campaigns: many addresses, one behaviour, one alert; and crowds that are none."""

from collections.abc import Iterable, Iterator
from random import Random

import pytest

from apiwatch.detect import DETECTORS
from apiwatch.model import Alert, AlertEvent, Severity
from tests.detect.crowds import (
    ONSET,
    Outcome,
    Timed,
    addresses,
    judged,
    lookups,
    precision_and_recall,
    scrape,
    shop,
    stuffing,
    widgets,
)
from tests.engine.lines import BROWSER, alerts_of, known_route, line, names
from tests.engine.traffic import at_time

CLIENTS = addresses(2_000)


def only_campaign(found: Outcome) -> tuple[Alert, AlertEvent]:
    """The one campaign row, and the event that opened it."""
    (alert,) = found.campaigns
    opened = next(event for event in found.events if event.alert.id == alert.id)
    assert (opened.reason, opened.alert.update) == ("open", 0)
    return alert, opened


@pytest.mark.parametrize(
    ("rate", "count", "within"), [(1.0, 500, 60.0), (0.2, 120, 300.0)], ids=["500 addresses", "unique, slow"]
)
def test_distributed_stuffing_is_one_campaign_with_its_members(rate: float, count: int, within: float) -> None:
    attack = stuffing(CLIENTS[:500], rate=rate, count=count)
    found = judged(shop(ONSET + 620), attack)
    alert, opened = only_campaign(found)
    assert alert.detector == "population.login-failures"
    assert (alert.explanation.subject.kind, alert.severity, alert.score) == ("campaign", Severity.HIGH, 60)
    assert found.requests_before(opened, attack) <= 60
    assert found.requests_before(opened, attack) / rate <= within
    precision, recall = precision_and_recall(alert, CLIENTS[:count])
    assert precision >= 0.95
    assert recall >= 0.90
    assert [row.detector for row in found.alerts] == ["population.login-failures"]


@pytest.mark.parametrize(
    ("clients", "rate", "count", "found", "share"),
    [(50, 10.0, 2_000, 0.03, "e-mail"), (1_000, 4.0, 1_200, 0.66, "ids"), (2_000, 8.0, 2_400, 0.05, "e-mail")],
)
def test_distributed_scrape_is_one_campaign_with_its_members(
    clients: int, rate: float, count: int, found: float, share: str
) -> None:
    guilty = CLIENTS[:clients]
    make = lookups if share == "e-mail" else scrape
    attack = make(guilty, rate=rate, count=count, found=found)
    outcome = judged(shop(ONSET + 300), widgets(3_200, ONSET + 300), attack)
    alert, opened = only_campaign(outcome)
    assert alert.family == "population"
    assert alert.explanation.subject.kind == "campaign"
    assert outcome.requests_before(opened, attack) <= 100
    assert outcome.requests_before(opened, attack) / rate <= 60
    precision, recall = precision_and_recall(alert, guilty)
    assert precision >= 0.95
    assert recall >= 0.90
    assert len(alert.clients) <= 1_000
    assert alert.clients_total >= 0.9 * clients
    assert len(outcome.alerts) <= 3, "alerts of members belong to the campaign"


def test_explanation_of_a_campaign_is_complete() -> None:
    alert, _ = only_campaign(judged(shop(ONSET + 200), stuffing(CLIENTS[:500], rate=2.0, count=300)))
    record = alert.explanation
    assert record.tags == DETECTORS[alert.detector].tags
    assert all((record.tags.owasp, record.tags.oat, record.tags.attack))
    assert len(record.samples) == 5
    assert all("/api/login" in text for text in record.samples)
    assert len(record.numbers) == 2
    assert all(all((number.name, number.value, number.baseline, number.threshold)) for number in record.numbers)
    assert all(record.counter_evidence)
    assert len(record.why) > 30
    assert "allow-list" in record.clears_when
    assert f"campaign of {alert.clients_total} addresses" in alert.title
    assert alert.explanation.subject.key == alert.principal == "campaign:POST /api/login"


def test_campaign_is_updated_and_never_repeated() -> None:
    found = judged(shop(ONSET + 900), stuffing(CLIENTS, rate=2.0, count=1_800))
    (alert,) = found.campaigns
    events = [event for event in found.events if event.alert.id == alert.id]
    assert [event.reason for event in events][:2] == ["open", "members"]
    assert len(events) <= 6
    assert alert.clients_total > 1_500


def test_campaign_from_the_first_line_is_found_before_the_route_is_known() -> None:
    attack = stuffing(CLIENTS[:300], rate=1.0, count=300, start=0.0)
    found = judged(shop(300), attack)
    alert, opened = only_campaign(found)
    assert found.requests_before(opened, attack) <= 40
    assert any("little is known" in text for text in opened.alert.explanation.counter_evidence)
    assert alert.clients_total >= 200


def test_stuffing_through_ipv6_networks_counts_each_network_once() -> None:
    many = [f"2001:db8:{number:x}::1" for number in range(1, 300)]
    alert, _ = only_campaign(judged(shop(ONSET + 300), stuffing(many, rate=1.0, count=290)))
    assert precision_and_recall(alert, many)[0] == 1.0
    one = [f"2001:db8:7::{number:x}" for number in range(1, 300)]
    found = judged(shop(ONSET + 300), stuffing(one, rate=1.0, count=290))
    assert found.campaigns == []
    assert [alert.principal for alert in found.alerts] == ["2001:db8:7::/64"]


def test_one_slow_client_is_no_campaign() -> None:
    known = known_route("/login", method="POST", status=401)
    lines = [line(600.0 * step, "203.0.113.9", "/login", 401, method="POST", user=f"u{step}") for step in range(60)]
    assert names(alerts_of([*known, *lines])) == ["auth.password-spray"]


def changed(stream: Iterable[Timed], path: bytes, status: bytes) -> Iterator[Timed]:
    """The shop after a release: from the onset on a path answers everybody with another status."""
    for at, raw in stream:
        broken = at >= ONSET and path in raw.split(b'"')[1]
        yield at, raw.replace(b'" 200 ', b'" ' + status + b" ", 1) if broken else raw


@pytest.mark.parametrize(
    ("path", "status"), [(b"/api/orders/", b"404"), (b"/api/products/", b"404"), (b"POST /api/login", b"401")]
)
def test_release_that_fails_for_everybody_is_an_outage_and_no_campaign(path: bytes, status: bytes) -> None:
    assert judged(changed(shop(ONSET + 600), path, status)).campaigns == []


def test_marketing_surge_of_new_clients_is_no_campaign() -> None:
    dice = Random(2)  # noqa: S311  # reproducible, not secret
    surge: list[Timed] = []
    for step, client in enumerate(CLIENTS):
        at = ONSET + step / 8
        path = dice.choice(("/spring-sale", "/api/products/1", "/api/products/2", "/api/products/3"))
        surge.append((at, line(at, client, path, size=2_400)))
    assert judged(shop(ONSET + 300), surge).alerts == []


def test_office_behind_one_address_is_no_campaign() -> None:
    dice = Random(4)  # noqa: S311  # reproducible, not secret
    agents = (BROWSER, "Mozilla/5.0 Firefox/130.0", "okhttp/4.12.0", "Mozilla/5.0 (Macintosh) Safari/605.1")
    office: list[Timed] = []
    for person in range(120):
        at = ONSET + 4.0 * person
        status = 401 if dice.random() < 0.35 else 200
        agent = agents[person % 4]
        office.append(
            (at, line(at, "198.51.100.7", "/api/login", status, method="POST", user=f"p{person}", agent=agent))
        )
        office.append((at + 2, line(at + 2, "198.51.100.7", "/api/me", user=f"p{person}", agent=agent)))
    assert judged(shop(ONSET + 500), office).alerts == []


@pytest.mark.parametrize("seed", [1, 2])
def test_normal_traffic_raises_no_campaign(seed: int) -> None:
    assert judged(shop(1_800, seed=seed), widgets(3_200, 1_800)).alerts == []


def test_same_alert_of_many_clients_is_one_row_after_the_first_five() -> None:
    lines = [*known_route("/")]
    for step in range(8):
        for number in range(40):
            at = 10 + step * 2 + number / 40
            lines.append(line(at, CLIENTS[number], f"/probe-{number}-{step}/x.php", 404))
    found = alerts_of(lines)
    assert names(found) == ["campaign.cluster", "population.miss", *["recon.endpoint-fuzzing"] * 5]
    (cluster,) = [alert for alert in found if alert.family == "campaign"]
    assert set(cluster.clients) == set(CLIENTS[:40])
    assert cluster.explanation.subject.kind == "campaign"
    assert len(cluster.explanation.samples) == 5


def test_campaign_on_a_known_route_is_high_once_its_members_are_named() -> None:
    day = 90_000.0
    before = [(at + day, raw) for at, raw in _at_day(widgets(3_200, 500), day)]
    attack = lookups(CLIENTS[:300], rate=3.0, count=300, found=0.05, start=day + 500)
    known = [(0.0, raw) for raw in known_route("/2017-06-30/users?email=first@example.com")]
    found = judged(known, before, attack)
    alert, opened = only_campaign(found)
    assert (opened.alert.explanation.subject.kind, opened.alert.severity) == ("route", Severity.MEDIUM)
    assert opened.alert.clients == ()
    assert (alert.explanation.subject.kind, alert.severity, alert.score) == ("campaign", Severity.HIGH, 60)
    assert [event.reason for event in found.events if event.alert.id == alert.id][:2] == ["open", "severity"]


def _at_day(lines: list[Timed], seconds: float) -> list[Timed]:
    return [(at, at_time(raw, at + seconds)) for at, raw in lines]


def test_other_attack_of_a_member_and_another_attacker_have_rows_of_their_own() -> None:
    attack = stuffing(CLIENTS[:100], rate=1.0, count=300)
    probes = [
        (at, line(at, CLIENTS[3], f"/secret-{step}/x.php", 404)) for step in range(9) for at in (ONSET + 200 + step,)
    ]
    late = [
        (at, line(at, CLIENTS[1_500], "/api/login", 401, method="POST", user="root"))
        for step in range(30)
        for at in (ONSET + 9_000.0 + 9 * step,)
    ]
    found = judged(shop(ONSET + 400), attack, probes, late)
    assert names(found.alerts) == ["auth.brute-force", "population.login-failures", "recon.endpoint-fuzzing"]
