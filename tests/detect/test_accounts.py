"""Accounts over all their clients: who is aimed at, and who was taken over; and users who forgot a password."""

import pytest

from apiwatch.engine.accounts import ACCOUNTS_KEPT
from apiwatch.model import Alert, Severity
from tests.detect.account_attacks import LEARNED, guesses, log_in
from tests.detect.test_auth import ATTACKER, attempts
from tests.engine.lines import alerts_of, batch, engine_of, names, replayed

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"


def found(lines: list[bytes], detector: str) -> list[Alert]:
    return [alert for alert in alerts_of([*LEARNED, *lines]) if alert.detector == detector]


def taken_over(lines: list[bytes]) -> list[Alert]:
    return found(lines, "auth.account-takeover")


@pytest.mark.parametrize("pace", [1.0, 600.0, 3_240.0])
def test_success_of_a_client_that_guesses_is_a_take_over_at_any_pace(pace: float) -> None:
    success = log_in(20 + 40 * pace, ATTACKER, "u7", 200)
    (alert,) = taken_over([*attempts(40, users=40, pace=pace), success])
    assert (alert.severity, alert.client) == (Severity.CRITICAL, ATTACKER)
    assert "POST /login" in alert.explanation.samples[-1]
    assert " 200 " in alert.explanation.samples[-1]


def test_take_over_is_seen_without_user_names() -> None:
    (alert,) = taken_over([*attempts(12), *attempts(1, 302, start=60.0)])
    assert alert.explanation.counter_evidence


def test_stranger_who_gets_in_after_the_failures_of_many_others_is_a_take_over() -> None:
    (alert,) = taken_over([*guesses(6, networks=6), log_in(9_000, "198.51.100.7", "alice", 200, agent="curl/8.9.1")])
    assert alert.principal == "198.51.100.7"


def test_forgotten_password_is_not_a_take_over() -> None:
    fails = [log_in(100 + step * 20, "198.51.100.7", "alice", 401) for step in range(4)]
    assert alerts_of([*LEARNED, *fails, log_in(300, "198.51.100.7", "alice", 200)]) == []


@pytest.mark.parametrize("back", ["192.0.2.77", "192.0.2.78"], ids=["same network", "other network, same device"])
def test_user_who_is_known_may_fail_more_often(back: str) -> None:
    known = log_in(50, "192.0.2.77", "alice", 200, agent=PHONE)
    fails = [log_in(100 + step * 20, back, "alice", 401, agent=PHONE) for step in range(6)]
    assert alerts_of([*LEARNED, known, *fails, log_in(300, back, "alice", 200, agent=PHONE)]) == []


def test_stranger_is_no_known_user_because_of_the_agent() -> None:
    known = log_in(50, "192.0.2.77", "alice", 200)
    lines = [known, *guesses(6, networks=3, agents=1), log_in(9_000, "198.51.100.7", "alice", 200)]
    assert len(taken_over(lines)) == 1


def test_failures_of_long_ago_do_not_count() -> None:
    assert taken_over([*guesses(6, networks=6), log_in(100_000, "198.51.100.7", "alice", 200, agent="curl/8")]) == []


def test_office_whose_users_go_on_to_log_in_is_no_guesser_any_more() -> None:
    monday = [log_in(100 + step, ATTACKER, f"u{step}", 401) for step in range(12)]
    later = [log_in(200 + step, ATTACKER, f"u{step + 20}", 200) for step in range(40)]
    engine = engine_of()
    engine.feed(batch([*LEARNED, *monday, *later]))
    before = engine.take().alerts[0].count
    engine.feed(batch([log_in(300, ATTACKER, "u90", 200)]))
    assert [alert.count for alert in engine.take().alerts] in ([], [before])


def test_one_account_tried_from_many_networks_is_found_at_the_tenth_failure() -> None:
    assert found(guesses(9, networks=9), "auth.account-targeted") == []
    (alert,) = found(guesses(10, networks=3), "auth.account-targeted")
    assert (alert.severity, alert.principal) == (Severity.MEDIUM, "account:alice")
    assert alert.explanation.subject.kind == "user"
    assert len(alert.explanation.samples) == 5


def test_members_of_an_aimed_at_account_are_the_networks_that_try() -> None:
    (alert,) = found(guesses(20, networks=4), "auth.account-targeted")
    assert set(alert.clients) == {f"203.0.113.{number}" for number in (1, 2, 3, 4)}


def test_two_networks_or_two_days_are_no_aim() -> None:
    assert found(guesses(30, networks=2, pace=3_000.0), "auth.account-targeted") == []
    assert found(guesses(30, networks=30, pace=10_000.0), "auth.account-targeted") == []


def test_device_with_an_old_password_that_moves_is_no_aim() -> None:
    known = log_in(50, "192.0.2.77", "alice", 200, agent=PHONE)
    moving = [log_in(100 + 3_600 * step, f"100.64.{step % 5}.1", "alice", 401, agent=PHONE) for step in range(24)]
    assert not [alert for alert in alerts_of([*LEARNED, known, *moving]) if alert.family == "auth"]


def test_accounts_are_bounded() -> None:
    engine = engine_of()
    lines = [log_in(step / 10, f"10.0.{step % 200}.{step % 250}", f"user{step}", 401)
             for step in range(ACCOUNTS_KEPT + 500)]  # fmt: skip
    engine.feed(batch([*LEARNED, *guesses(5, networks=5, pace=0.0)]))
    engine.feed(batch(lines))
    assert len(engine.accounts) <= ACCOUNTS_KEPT
    assert "alice" in engine.accounts


def test_the_lines_in_which_somebody_got_in_are_kept_whatever_follows() -> None:
    got_in = [log_in(60 + step, ATTACKER, f"u{step}", 200) for step in (0, 3, 9)]
    lines = [*attempts(40, users=40), *got_in, *attempts(200, users=200, start=100.0)]
    _, delta = replayed([*LEARNED, *lines])
    kept = {row.slot: row.text for row in delta.evidence if row.slot < 0}
    assert sorted(kept) == [-3, -2, -1]
    assert [kept[-1 - step] for step in range(3)] == [raw.decode() for raw in got_in]
    assert len({row.slot for row in delta.evidence if row.slot >= 0}) == 50


def test_of_many_successes_the_first_and_the_latest_are_kept() -> None:
    got_in = [log_in(60 + step, ATTACKER, f"u{step}", 200) for step in range(35)]
    _, delta = replayed([*LEARNED, *attempts(40, users=40), *got_in])
    kept = {row.text.split()[2] for row in delta.evidence if row.slot < 0}
    assert len(kept) == 20
    assert kept > {f"u{step}" for step in (*range(10), *range(25, 34))}


def test_names_of_the_family() -> None:
    lines = [*attempts(40, users=40), log_in(60, ATTACKER, "u7", 200)]
    assert names(alerts_of([*LEARNED, *lines])) == ["auth.account-takeover"]
