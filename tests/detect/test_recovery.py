"""Resets and codes: the Honda chain and guessed codes, and users and help desks that look like them."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.model import Alert, Severity
from tests.detect.account_attacks import BAD, CODES, LEARNED, RESETS, code, log_in, reset
from tests.engine.lines import BROWSER, alerts_of, events_of, line

OFFICE = "198.51.100.20"


def of(lines: list[bytes], detector: str, settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of([*LEARNED, *RESETS, *CODES, *lines], settings) if alert.detector == detector]


def chain(
    accounts: int, *, client: str = BAD, pace: float = 60.0, named: bool = True, agent: str = BROWSER
) -> list[bytes]:
    """Reset and log-in of one account after the other."""
    users = [f"u{step}" if named else "-" for step in range(accounts)]
    return [
        made
        for step, user in enumerate(users)
        for made in (
            reset(100 + 2 * pace * step, client, user, agent=agent),
            log_in(100 + pace * (2 * step + 1), client, user, agent=agent),
        )
    ]


def test_honda_chain_is_found_at_the_second_account() -> None:
    events = events_of([*LEARNED, *RESETS, *chain(3)])
    assert [event.alert.detector for event in events] == ["recovery.reset-then-login"]
    assert events[0].line == len(LEARNED) + len(RESETS) + 4


def test_honda_chain_on_a_warm_route_is_high() -> None:
    warm = [reset(20 * step, f"10.1.{step // 250}.{step % 250}", f"w{step}") for step in range(320)]
    later = [
        made
        for step in range(2)
        for made in (reset(9_000 + 99 * step, BAD, f"u{step}"), log_in(9_030 + 99 * step, BAD, f"u{step}"))
    ]
    entries = [log_in(20 * step + 5, f"10.1.{step // 250}.{step % 250}", f"w{step}") for step in range(320)]
    times = sorted(zip([*range(0, 6_400, 20), *range(5, 6_405, 20)], [*warm, *entries], strict=True))
    (alert,) = alerts_of([raw for _, raw in times] + later)
    assert (alert.detector, alert.severity, alert.principal) == ("recovery.reset-then-login", Severity.HIGH, BAD)


@pytest.mark.parametrize("named", [True, False])
def test_chain_is_found_with_and_without_names(named: bool) -> None:
    assert len(of(chain(2, named=named), "recovery.reset-then-login")) == 1


def test_forgotten_password_is_no_chain() -> None:
    again = [reset(100, OFFICE, "alice"), reset(160, OFFICE, "alice"), log_in(200, OFFICE, "alice"),
             reset(900, OFFICE, "alice"), log_in(950, OFFICE, "alice")]  # fmt: skip
    assert alerts_of([*LEARNED, *RESETS, *again]) == []


def test_two_people_of_one_office_with_their_own_browsers_are_no_chain() -> None:
    lines = [*chain(1, client=OFFICE), reset(900, OFFICE, "bob", agent="Firefox/130.0"),
             log_in(940, OFFICE, "bob", agent="Firefox/130.0")]  # fmt: skip
    assert of(lines, "recovery.reset-then-login") == []


def test_log_in_of_somebody_else_or_much_later_does_not_follow_a_reset() -> None:
    others = [made for step in range(4) for made in (reset(100 + 60 * step, OFFICE, f"u{step}"),
                                                     log_in(130 + 60 * step, OFFICE, f"other{step}"))]  # fmt: skip
    assert of(others, "recovery.reset-then-login") == []
    assert of(chain(4, pace=400.0), "recovery.reset-then-login") == []


def test_many_accounts_are_found_at_the_fifth() -> None:
    resets = [reset(100 + 60 * step, BAD, f"u{step}") for step in range(5)]
    assert of(resets[:4], "recovery.many-accounts") == []
    (alert,) = of(resets, "recovery.many-accounts")
    assert alert.severity == Severity.MEDIUM


def test_accounts_that_the_log_does_not_name_count_each_and_it_says_so() -> None:
    (alert,) = of([reset(100 + 60 * step, BAD) for step in range(5)], "recovery.many-accounts")
    assert "not visible" in alert.explanation.counter_evidence[0]


@pytest.mark.parametrize("status", [200, 404])
def test_resets_that_the_log_does_not_name_are_one_row(status: int) -> None:
    resets = [
        raw.replace(b'" 200 ', f'" {status} '.encode()) for raw in (reset(100 + 30 * step, BAD) for step in range(40))
    ]
    found = [alert for alert in alerts_of([*LEARNED, *RESETS, *resets]) if alert.client == BAD]
    assert len([alert for alert in found if alert.family in {"recovery", "enumeration"}]) == 1


def test_account_in_the_query_counts_once() -> None:
    known = [line(0, OFFICE, f"/forgot?email=w{step}@example.org", method="POST") for step in range(3)]
    same = [line(100 + step, BAD, "/forgot?email=a@example.org", method="POST") for step in range(20)]
    assert of([*known, *same], "recovery.many-accounts") == []
    many = [line(100 + step, BAD, f"/forgot?email=a{step}@example.org", method="POST") for step in range(5)]
    assert len(of([*known, *many], "recovery.many-accounts")) == 1


def test_help_desk_is_silent_through_the_day_and_always_when_it_is_named() -> None:
    day = [reset(100 + 960 * step, OFFICE, f"u{step}") for step in range(30)]
    assert alerts_of([*LEARNED, *RESETS, *day]) == []
    staff = Settings(classes=Classes(staff=("198.51.100.16/28",)))
    busy = [*(reset(100 + step, OFFICE, f"u{step}") for step in range(30)), *chain(4, client=OFFICE)]
    assert len(of(busy, "recovery.many-accounts")) == 1
    assert alerts_of([*LEARNED, *RESETS, *busy], staff) == []


def test_codes_are_guessed_at_the_sixth_failure() -> None:
    wrong = [code(100 + 10 * step, BAD, 401, "alice") for step in range(6)]
    assert of(wrong[:5], "recovery.code-guessing") == []
    assert len(of(wrong, "recovery.code-guessing")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_every_way_to_refuse_a_code_counts(status: int) -> None:
    assert len(of([code(100 + step, BAD, status, "alice") for step in range(6)], "recovery.code-guessing")) == 1


def test_users_who_mistype_and_late_messages_are_no_guessing() -> None:
    mistyped = [code(100 + 5 * step, OFFICE, 200 if step % 4 == 3 else 401, "alice") for step in range(40)]
    assert of(mistyped, "recovery.code-guessing") == []
    office = [code(100 + 5 * step, OFFICE, 401, f"u{step % 20}") for step in range(60)]
    assert of(office, "recovery.code-guessing") == []
    slow = [code(100 + 125 * step, OFFICE, 401, "alice") for step in range(20)]
    assert of(slow, "recovery.code-guessing") == []
