"""Objects of other users: Peloton, Kia and Honda's admin pages; and owners, staff, shared files and catalogues."""

from random import Random

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.model import Alert, Severity
from tests.detect.account_attacks import BAD, FILES, file
from tests.engine.lines import alerts_of, events_of, line

WRITABLE = [raw.replace(b"GET", b"PUT") for raw in FILES]


def of(lines: list[bytes], settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(lines, settings) if alert.detector == "enumeration.foreign-object"]


def foreign(count: int, *, user: str = "mallory", method: str = "GET", pace: float = 30.0) -> list[bytes]:
    return [file(5_000 + pace * step, 3 + (37 * step) % 400, user, method=method) for step in range(count)]


def test_foreign_objects_are_found_at_the_fourth_at_any_pace() -> None:
    for pace in (1.0, 3_600.0):
        assert of([*FILES, *foreign(3, pace=pace)]) == []
        (alert,) = of([*FILES, *foreign(4, pace=pace)])
        assert (alert.principal, alert.explanation.subject.kind) == ("user:mallory", "user")


def test_severity_is_high_on_a_warm_route() -> None:
    crowd = [line(5_000 + step, f"10.6.{step // 200}.{step % 200}", f"/api/files/{90_000 + 17 * step}", user=f"c{step}")
             for step in range(310)]  # fmt: skip
    (alert,) = of([*FILES, *crowd, *(file(9_000 + step, 3 + 37 * step % 400) for step in range(5))])
    assert alert.severity == Severity.HIGH


def test_nobody_who_is_logged_in_is_found_at_the_second_object() -> None:
    (event, *_) = [event for event in events_of([*FILES, *foreign(3, user="-")])
                   if event.alert.detector == "enumeration.foreign-object"]  # fmt: skip
    assert event.line == len(FILES) + 2
    assert event.alert.principal == BAD


def test_writing_to_the_second_object_of_others_is_enough() -> None:
    (alert,) = of([*WRITABLE, *foreign(2, method="PUT")])
    assert "written" in alert.explanation.numbers[0].value


def test_reading_an_object_before_it_is_written_does_not_hide_the_write() -> None:
    lines = [raw for pair in zip(foreign(2), foreign(2, method="PUT"), strict=True) for raw in pair]
    (alert,) = of([*FILES, *WRITABLE, *lines])
    assert "2 of them written" in alert.explanation.numbers[0].value


def test_the_same_object_again_is_one_object() -> None:
    assert of([*FILES, *(file(5_000 + step, 5) for step in range(40))]) == []


def test_owner_who_moves_and_logs_in_again_touches_nothing_foreign() -> None:
    moved = [line(5_000 + 5 * step, f"10.7.{step % 90}.1", f"/api/files/{7_000 + 13 * step}", user=f"owner{step % 90}")
             for step in range(500)]  # fmt: skip
    assert alerts_of([*FILES, *moved]) == []


def test_refused_requests_touch_nothing() -> None:
    refused = [raw.replace(b" 200 ", b" 403 ") for raw in foreign(4)]
    assert of([*FILES, *refused]) == []


def test_staff_is_silent_where_it_is_named() -> None:
    assert of([*FILES, *foreign(20)], Settings(classes=Classes(staff=(f"{BAD}/32",)))) == []


def test_catalogue_that_users_share_is_not_private() -> None:
    shared = [
        line(5 * step, f"10.5.{step % 90}.1", f"/api/files/{7_000 + 13 * (step * step % 700)}", user=f"o{step % 89}")
        for step in range(1_500)
    ]
    assert of([*shared, *(file(9_000 + step, step * step % 700) for step in range(12))]) == []


def test_log_without_users_has_no_owners() -> None:
    anonymous = [line(5 * step, f"10.5.{step % 90}.1", f"/api/files/{7_000 + 13 * step}") for step in range(500)]
    assert of([*anonymous, *foreign(20, user="-")]) == []


def test_few_partners_that_share_everything_own_nothing() -> None:
    dice = Random(3)  # noqa: S311  # reproducible, not secret
    shared = [
        line(
            60 * step, f"10.5.{step % 3}.1", f"/api/files/{7_000 + 13 * dice.randrange(600)}", user=f"partner{step % 3}"
        )
        for step in range(3_000)
    ]
    assert of(shared) == []


def test_owner_is_known_for_more_than_two_days() -> None:
    idle = [line(86_400.0 * day, "10.9.9.9", "/") for day in range(1, 5)]
    late = [file(4.5 * 86_400.0 + 30 * step, 3 + (37 * step) % 400, "mallory") for step in range(4)]
    assert len(of([*FILES, *idle, *late])) == 1
