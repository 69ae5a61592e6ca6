"""The life of an alert, and what it says about itself."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest

from apiwatch.detect import DETECTORS
from apiwatch.model import Severity
from tests.detect import account_attacks, amount_attacks, inventory_attacks
from tests.detect.explaining import assert_complete
from tests.engine.lines import (
    START,
    alerts_of,
    batch,
    engine_of,
    events_of,
    known_route,
    line,
    names,
    replayed,
    scattered,
)

BAD = "203.0.113.9"
ITEMS = known_route("/api/items/900000")
LOGIN = known_route("/login", method="POST", status=401)
DAY = 86_400.0


def walk(count: int, start: float = 10.0, *, pace: float = 1.0, first: int = 500, client: str = BAD) -> list[bytes]:
    return [line(start + pace * step, client, f"/api/items/{first + step}") for step in range(count)]


def log_ins(count: int, *, users: int, gap: Callable[[int], float]) -> list[bytes]:
    return [
        line(gap(step), BAD, "/login", 401, method="POST", user=f"u{step % users}" if users else "-")
        for step in range(count)
    ]


ATTACKS = {
    "enumeration.sequential": [*ITEMS, *walk(30)],
    "enumeration.miss": [
        *ITEMS,
        *(line(step, BAD, f"/api/items/{item}", 404) for step, item in enumerate(scattered(30))),
    ],
    "scraping.distinct-objects": [
        *ITEMS,
        *(line(step, BAD, f"/api/items/{item}") for step, item in enumerate(scattered(80))),
    ],
    "auth.brute-force": [*LOGIN, *log_ins(30, users=0, gap=float)],
    "auth.credential-stuffing": [*LOGIN, *log_ins(30, users=7, gap=float)],
    "auth.password-spray": [*LOGIN, *log_ins(30, users=30, gap=lambda step: 60.0 * step)],
    "recon.endpoint-fuzzing": [*ITEMS, *(line(step, BAD, f"/secret-{step}/x.php", 404) for step in range(30))],
    "recon.fuzz-hit": [
        *ITEMS,
        *(line(step, BAD, f"/secret-{step}/x.php", 404) for step in range(12)),
        line(20, BAD, "/hidden/reports"),
    ],
    "recon.injection-probe": [*ITEMS, *(line(step, BAD, f"/api/items/7?q=1'+or+{step}={step}--") for step in range(9))],
    "recon.known-path": [*ITEMS, *(line(step, BAD, f"/{step}/.env", 404) for step in range(4))],
    "recon.scanner-agent": [*ITEMS, *(line(step, BAD, "/about", agent=f"sqlmap/1.{step}") for step in range(9))],
    "recon.parameter-tampering": [*ITEMS, *(line(step, BAD, f"/api/list?user_id={step}*") for step in range(9))],
    "recon.verb-anomaly": [
        *ITEMS,
        *(
            line(step, BAD, "/api/items/900000", 405, method=method)
            for step, method in enumerate(["DELETE", "PUT"] * 4)
        ),
    ],
}
PROBES = {name for name in ATTACKS if name.startswith("recon.")} - {"recon.endpoint-fuzzing"}
"""Detectors whose single observations are signals: they have fewer samples, and OWASP knows no threat for some."""


def test_every_detector_has_an_attack_here() -> None:
    together = {name for name, detector in DETECTORS.items() if detector.family in {"population", "campaign"}}
    elsewhere = account_attacks.ATTACKS.keys() | amount_attacks.ATTACKS.keys() | inventory_attacks.ATTACKS.keys()
    assert ATTACKS.keys() | elsewhere == DETECTORS.keys() - together


@pytest.mark.parametrize("detector", ATTACKS)
def test_explanation_is_complete(detector: str) -> None:
    (alert,) = alerts_of(ATTACKS[detector])
    found = alert.explanation
    assert alert.detector == found.detector == detector
    assert found.family == alert.family == detector.partition(".")[0]
    assert found.subject.key == alert.principal == BAD
    assert found.subject.kind == "ipv4"
    assert found.severity in ({"info", "low", "medium", "high"} if detector in PROBES else {"medium", "high"})
    assert found.tags.oat or detector in PROBES
    assert all(BAD in text for text in found.samples)
    assert found.samples
    assert_complete(alert, samples=len(found.samples) if detector in PROBES else 5)


@pytest.mark.parametrize("detector", sorted(ATTACKS.keys() - PROBES))
def test_first_alert_has_five_samples_already(detector: str) -> None:
    opened = events_of(ATTACKS[detector])[0].alert.explanation
    assert len(opened.samples) == 5
    assert len(set(opened.samples)) == 5 or detector.startswith("auth")


@pytest.mark.parametrize("detector", ATTACKS)
def test_evidence_names_lines_of_the_source(detector: str) -> None:
    lines = ATTACKS[detector]
    _, delta = replayed(lines)
    assert len(delta.evidence) >= (1 if detector in PROBES else 5)
    assert len({row.slot for row in delta.evidence}) == len(delta.evidence)
    for row in delta.evidence:
        assert row.text == lines[row.line - 1].decode()


@pytest.mark.parametrize("detector", sorted(ATTACKS.keys() - {"scraping.distinct-objects"}))
def test_ten_times_slower_gives_the_same_alert_of_a_pace_free_test(detector: str) -> None:
    def stretched(raw: bytes) -> bytes:
        stamp = raw.split(b"[")[1].split(b"]")[0].decode()
        at = datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").timestamp() - START
        later = line(10 * at, "-", "/").split(b"[")[1].split(b"]")[0]
        return raw.replace(stamp.encode(), later)

    quick, slow = alerts_of(ATTACKS[detector]), alerts_of([stretched(raw) for raw in ATTACKS[detector]])
    assert [(a.detector, a.severity, a.principal, a.count) for a in quick] == [
        (a.detector, a.severity, a.principal, a.count) for a in slow
    ]


def test_alert_is_updated_and_never_repeated() -> None:
    lines = [*ITEMS, *walk(400, pace=3.0)]
    events = [event for event in events_of(lines) if event.alert.family == "enumeration"]
    assert len({event.alert.id for event in events}) == 1
    assert [event.reason for event in events] == ["open", "volume"]
    assert [event.alert.update for event in events] == [0, 1]
    (alert,) = [alert for alert in alerts_of(lines) if alert.family == "enumeration"]
    assert alert.count == 399


def test_two_tests_of_one_family_share_a_row_and_count_a_line_once() -> None:
    lines = [line(step, BAD, f"/api/items/{500 + step}", 404) for step in range(30)]
    _, delta = replayed([*ITEMS, *lines])
    (alert,) = delta.alerts
    assert alert.family == "enumeration"
    assert alert.count <= 30
    assert len({row.line for row in delta.evidence}) == len(delta.evidence)


def test_families_have_rows_of_their_own() -> None:
    lines = [*walk(12), *(line(40 + step, BAD, f"/secret-{step}/x.php", 404) for step in range(12))]
    assert names(alerts_of([*ITEMS, *lines])) == ["enumeration.sequential", "recon.endpoint-fuzzing"]


def test_name_of_a_log_in_alert_follows_the_users() -> None:
    lines = [*log_ins(12, users=1, gap=float), *log_ins(30, users=9, gap=lambda step: 20.0 + step)]
    events = events_of([*LOGIN, *lines])
    assert events[0].alert.detector == "auth.brute-force"
    (alert,) = alerts_of([*LOGIN, *lines])
    assert alert.detector == "auth.credential-stuffing"


def test_return_after_half_an_hour_is_told_again() -> None:
    events = events_of([*ITEMS, *walk(12), *walk(12, start=3_000.0, first=700)])
    assert [event.reason for event in events] == ["open", "restart"]


def test_closed_alert_is_opened_again_within_a_week_and_is_new_after_it() -> None:
    engine = engine_of()
    engine.feed(batch([*ITEMS, *walk(12)]))
    (first,) = engine.take().alerts
    engine.advance(START + 1.1 * DAY)
    assert [alert.closed for alert in engine.take().alerts] == [True]
    engine.feed(batch(walk(12, start=1.2 * DAY, first=700)))
    (again,) = engine.take().alerts
    assert (again.id, again.closed) == (first.id, False)
    engine.advance(START + 3 * DAY)
    engine.advance(START + 9 * DAY)
    engine.advance(START + 9.1 * DAY)
    engine.take()
    engine.feed(batch(walk(12, start=10 * DAY, first=1_700)))
    (new,) = engine.take().alerts
    assert new.id != first.id
    assert not new.closed


def test_identifier_is_the_same_in_every_run() -> None:
    assert {alert.id for alert in alerts_of([*ITEMS, *walk(12)])} == {
        alert.id for alert in alerts_of([*ITEMS, *walk(30)])
    }


@pytest.mark.parametrize(("detector", "expected"), [("enumeration.sequential", 2), ("auth.brute-force", 3)])
def test_cold_route_caps_severity_unless_the_meaning_is_fixed(detector: str, expected: int) -> None:
    (alert,) = alerts_of(ATTACKS[detector])
    assert alert.severity == Severity(expected)


def test_route_is_warm_after_half_an_hour_and_three_hundred_principals_or_a_day() -> None:
    crowd = [line(step / 10, f"198.51.{step // 250}.{step % 250 + 1}", "/api/items/7") for step in range(320)]
    for before, start, expected in (
        (crowd, 600.0, 2),
        (crowd, 1_900.0, 3),
        (crowd[:100], 1_900.0, 2),
        (crowd[:100], DAY + 60, 3),
    ):
        (alert,) = alerts_of([*ITEMS, *before, *walk(30, start=start)])
        assert alert.severity == expected


def test_alert_keeps_its_highest_score_and_the_client_its_own() -> None:
    engine, delta = replayed(
        [*ITEMS, *walk(30), *(line(60 + step, BAD, f"/secret-{step}/x", 404) for step in range(12))]
    )
    client = engine.clients[BAD]
    assert max(alert.score for alert in delta.alerts) == client.score == 58
    points = msgspec.json.decode(client.points)
    assert [point for point, _ in points] == [35, 35]


def test_title_holds_no_more_than_text_that_can_be_shown() -> None:
    lines = [line(step, BAD, f"/%1b%5d/{500 + step}") for step in range(20)]
    (alert,) = alerts_of(lines)
    assert alert.title.isprintable()
