"""Large answers: stolen exports and widened filters; and media, month-end reports, polling, and growing routes."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.detect.exfiltration.sizes import RouteSizes, bucket_of, learn
from apiwatch.model import Alert, Severity
from tests.detect.amount_attacks import BAD, EXPORTS, MEGABYTE, WARM, export
from tests.engine.lines import alerts_of, events_of, line

ONE, MANY = "exfiltration.oversized-response", "exfiltration.principal-bytes"
DAY = 86_400.0


def exfiltration(lines: list[bytes], settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(lines, settings) if alert.family == "exfiltration"]


def test_one_answer_a_hundred_times_as_large_is_found_at_once() -> None:
    events = events_of([*EXPORTS, export(WARM, 900_000, 100 * MEGABYTE)])
    assert [(event.alert.detector, event.line) for event in events] == [(ONE, len(EXPORTS) + 1)]
    assert "100 MB" in events[0].alert.title


def test_several_answers_ten_times_as_large_are_found_at_the_third() -> None:
    lines = [*EXPORTS, *(export(WARM + 60 * step, 900_000 + 777 * step, 20 * MEGABYTE) for step in range(4))]
    first = next(event for event in events_of(lines) if event.alert.family == "exfiltration")
    assert (first.alert.detector, first.line) == (MANY, len(EXPORTS) + 3)


def test_worked_example_of_the_byte_cusum_signals_at_the_second_answer() -> None:
    body = [
        line(7 * step, f"10.1.{step % 60}.1", f"/api/cards/{step}", size=[400, 600, 900, 1_400, 2_000][step % 5])
        for step in range(600)
    ]
    large = [line(4_300 + step, BAD, f"/api/cards/{9_000 + 500 * step}", size=90_000) for step in range(2)]
    assert [alert.detector for alert in exfiltration([*body, *large])] == [MANY]
    assert exfiltration([*body, large[0]]) == []


@pytest.mark.parametrize(("path", "high"), [("/v1/customers/{}", True), ("/v1/tiles/{}", False)])
def test_routes_about_people_are_high_once_they_are_warm(path: str, high: bool) -> None:
    warm = [line(5 * step, f"10.1.{step // 200}.{step % 200}", path.format(step)) for step in range(400)]
    (alert,) = exfiltration([*warm, line(2_100, BAD, path.format(900_000), size=5 * MEGABYTE)])
    assert alert.severity == (Severity.HIGH if high else Severity.MEDIUM)


def test_widened_filter_is_found_by_the_size_of_its_answer() -> None:
    warm = [
        line(5 * step, f"10.1.{step % 60}.1", f"/accounts?email=u{step}@example.org", size=1_500 + step % 900)
        for step in range(400)
    ]
    (alert,) = exfiltration([*warm, line(2_100, BAD, "/accounts?zip=9021%25", size=3 * MEGABYTE)])
    assert (alert.detector, alert.client) == (ONE, BAD)


def test_huge_answer_of_a_page_that_everybody_opens_is_found() -> None:
    warm = [
        line(5 * step, f"10.1.{step // 200}.{step % 200}", "/api/menu", size=1_500 + step % 90) for step in range(400)
    ]
    known = [line(2_000 + step, BAD, "/api/menu", size=1_520) for step in range(5)]
    (alert,) = exfiltration([*warm, *known, line(2_100, BAD, "/api/menu", size=5 * MEGABYTE)])
    assert (alert.detector, alert.client) == (ONE, BAD)


def test_media_and_reports_are_measured_on_their_own_routes() -> None:
    videos = [line(WARM + 20 * step, f"10.1.{step % 50}.1", f"/media/{step % 40}.mp4", size=80 * MEGABYTE)
              for step in range(300)]  # fmt: skip
    assert exfiltration([*EXPORTS, *videos]) == []


def test_size_that_several_others_get_is_usual() -> None:
    full = [
        line(10 * step + 5, f"10.1.{step % 50}.1", f"/images/{step}", size=4 * MEGABYTE if step % 20 == 0 else 9_000)
        for step in range(600)
    ]
    lover = [line(7_000 + 20 * step, BAD, f"/images/{9_000 + step}", size=4 * MEGABYTE) for step in range(40)]
    assert exfiltration([*full, *lover]) == []


def test_document_that_is_polled_counts_once() -> None:
    inbox = [line(4 * step, f"10.1.{step % 90}.1", f"/api/inbox?since={step}", size=300 + step % 200)
             for step in range(900)]  # fmt: skip
    polled = [line(3_700 + 20 * step, BAD, f"/api/inbox?since={5_000 + step}", size=60_000) for step in range(60)]
    assert exfiltration([*inbox, *polled]) == []


def test_small_answers_stay_silent_whatever_is_usual() -> None:
    pings = [line(4 * step, f"10.1.{step % 90}.1", f"/api/flags/{step % 9 + 500}", size=15) for step in range(900)]
    assert exfiltration([*pings, *(line(3_700 + step, BAD, f"/api/flags/{9_000 + step}", size=40_000)
                                   for step in range(2))]) == []  # fmt: skip


def test_staff_and_who_did_the_same_on_an_earlier_day_are_silent() -> None:
    theft = export(WARM, 900_000, 100 * MEGABYTE)
    assert exfiltration([*EXPORTS, theft], Settings(classes=Classes(staff=("203.0.113.8/30",)))) == []
    monthly = [export(-20 * DAY + step, 800_000 + step, 90 * MEGABYTE, user="reporting") for step in range(2)]
    again = export(WARM, 800_001, 100 * MEGABYTE, user="reporting")
    warm_before = [export(-25 * DAY + 10 * step, step, MEGABYTE, client=f"10.1.{step % 50}.1", user=f"clerk{step % 50}")
                   for step in range(150)]  # fmt: skip
    assert exfiltration([*warm_before, *monthly, *EXPORTS, again]) == []


def test_route_that_grows_for_everybody_is_learned_anew() -> None:
    before = [line(5 * step, f"10.1.{step % 60}.1", f"/api/feed/{step}", size=900) for step in range(600)]
    release = [
        line(3_100 + 5 * step, f"10.1.{step % 60}.1", f"/api/feed/{step}", size=900 * 40) for step in range(1_500)
    ]
    assert exfiltration([*before, *release]) == []


def test_answers_without_a_size_and_errors_are_no_matter() -> None:
    lines = [line(5 * step, f"10.1.{step % 60}.1", f"/api/feed/{step}", size="-") for step in range(400)]
    lines += [line(3_000 + step, BAD, f"/api/feed/{step}", 500, size=50 * MEGABYTE) for step in range(5)]
    assert exfiltration(lines) == []


def test_one_principal_teaches_at_most_twenty_answers() -> None:
    sizes = RouteSizes()
    for _ in range(500):
        learn(sizes, 1, 50_000, 1_000)
    assert sum(sizes.buckets.values()) == 20
    for pid in range(2, 400):
        learn(sizes, pid, 1_000, 1_000)
    assert max(sizes.buckets, key=sizes.buckets.__getitem__) == bucket_of(1_000)
