"""Steps that are missing: Honda's reset without its token, Toyota's token without a password; and who may skip them."""

import pytest

from apiwatch.model import Alert, AlertEvent, Severity
from tests.detect.account_attacks import (
    BAD,
    crowd,
    log_in,
    proper_reset,
    proper_token,
    reset,
    without_password,
)
from tests.engine.lines import alerts_of, events_of, line

RESETS = crowd(proper_reset)
TOKENS = crowd(proper_token)
FEW = crowd(proper_token, count=300)
OFFICE = "198.51.100.20"


def of(lines: list[bytes], family: str = "identity") -> list[Alert]:
    return [alert for alert in alerts_of(lines) if alert.family == family]


def after(history: list[bytes], lines: list[bytes]) -> list[AlertEvent]:
    return [event for event in events_of([*history, *lines]) if event.line > len(history)]


def test_honda_reset_without_its_token_is_found_at_once() -> None:
    (event, *_) = after(RESETS, [reset(5_000, BAD, "alice"), log_in(5_030, BAD, "alice")])
    assert (event.alert.detector, event.line) == ("recovery.missing-token-step", len(RESETS) + 1)
    assert "token" in event.alert.title


def test_honda_chain_is_one_alert_that_grows_to_high() -> None:
    late = [made for step in range(3) for made in (reset(9_000 + 90 * step, BAD, f"u{step}"),
                                                   log_in(9_040 + 90 * step, BAD, f"u{step}"))]  # fmt: skip
    more = crowd(proper_reset, first=540, count=400)
    events = after([*RESETS, *more], late)
    assert {event.alert.family for event in events if event.alert.principal == BAD} >= {"recovery"}
    assert events[-1].alert.severity >= Severity.MEDIUM


def test_toyota_token_without_a_password_is_low_then_medium_then_high() -> None:
    lines = [
        without_password(5_000, "a"),
        line(5_030, BAD, "/users?page=1", user="a"),
        without_password(5_120, "b"),
        line(5_180, BAD, "/users?page=2", user="b"),
    ]
    events = [event for event in after(TOKENS, lines) if event.alert.family == "identity"]
    found = [(event.alert.detector, event.alert.severity, event.line - len(TOKENS)) for event in events]
    assert found[:2] == [
        ("identity.missing-predecessor", Severity.LOW, 1),
        ("identity.missing-predecessor", Severity.MEDIUM, 3),
    ]


def test_reading_about_people_after_skipped_steps_is_high_on_a_warm_route() -> None:
    history = [*TOKENS, *crowd(proper_token, first=540, count=400)]
    lines = [
        without_password(9_000, "a"),
        without_password(9_100, "b"),
        line(9_180, BAD, "/users?page=2", user="b"),
    ]
    assert after(history, lines)[-1].alert.severity == Severity.HIGH


def test_kiosk_takes_every_step() -> None:
    kiosk = [raw for step in range(6) for raw in proper_token(5_000.0 + 100 * step, OFFICE, 900 + step)]
    assert of([*TOKENS, *kiosk]) == []


def test_help_desk_takes_the_token_step() -> None:
    desk = [raw for step in range(30) for raw in proper_reset(5_000.0 + 960 * step, OFFICE, 900 + step)[:2]]
    assert of([*RESETS, *desk], "recovery") == []


def test_few_clients_teach_nothing() -> None:
    assert of([*FEW, without_password(5_000, "a"), without_password(5_060, "b")]) == []


def test_step_that_some_leave_out_is_no_predecessor() -> None:
    others = [without_password(3_000.0 + step, f"x{step}", f"10.9.0.{step + 1}") for step in range(5)]
    loose = [*TOKENS, *others]
    assert [alert for alert in of([*loose, without_password(5_000, "a"), without_password(5_060, "b")])
            if alert.principal == BAD] == []  # fmt: skip


@pytest.mark.parametrize("wait", [60.0, 1_700.0])
def test_step_may_lie_half_an_hour_back(wait: float) -> None:
    slow = [line(5_000, OFFICE, "/authenticate", method="POST"), without_password(5_000 + wait, "a", OFFICE)]
    assert of([*TOKENS, *slow]) == []


def test_client_with_too_many_routes_to_remember_is_not_judged() -> None:
    walker = [line(5_000 + step, OFFICE, f"/page{chr(97 + step // 20)}{chr(97 + step % 20)}/x")
              for step in range(80) for _ in range(2)]  # fmt: skip
    assert of([*TOKENS, *walker, without_password(5_300, "a", OFFICE)]) == []


def test_asking_for_the_message_is_not_completing_the_reset() -> None:
    def forgot(at: float, client: str, number: int) -> list[bytes]:
        return [line(at, client, "/password/new"), line(at + 10, client, "/password/forgot", method="POST")]

    lines = [*crowd(forgot), line(5_000, BAD, "/password/forgot", method="POST")]
    (alert,) = alerts_of(lines)
    assert (alert.detector, alert.severity) == ("identity.missing-predecessor", Severity.LOW)
