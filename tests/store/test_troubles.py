"""What is wrong with a source is said in words, with what helps; what is merely worth knowing is told apart."""

import pytest
from msgspec.structs import replace

from apiwatch.store import HealthView, SourceView, Trouble, lag_of, troubles_of
from tests.tui import fakes

HEALTH = fakes.health()
FINE = fakes.source()


def told(source: SourceView, health: HealthView | None = HEALTH) -> tuple[list[str], list[str]]:
    """What is wrong, and what is worth knowing."""
    found = troubles_of(source, health)
    return [one.text for one in found if one.wrong], [one.text for one in found if not one.wrong]


def only(found: list[str]) -> str:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("state", ["following", "reading", "ended"])
def test_a_source_that_is_read_has_none(state: str) -> None:
    assert troubles_of(replace(FINE, state=state, message="was read before"), HEALTH) == []


@pytest.mark.parametrize(("state", "word"), [("denied", "group of the log"), ("gone", "deleted")])
def test_a_source_that_cannot_be_read_is_wrong(state: str, word: str) -> None:
    wrong, notes = told(replace(FINE, state=state))
    assert word in only(wrong)
    assert notes == []


def test_a_failing_source_says_why_itself() -> None:
    assert told(replace(FINE, state="error", message="is a directory now")) == (["is a directory now"], [])
    assert told(replace(FINE, state="error")) == (["cannot be read"], [])


@pytest.mark.parametrize("state", ["waiting", "rotated"])
def test_a_source_that_may_come_is_worth_knowing(state: str) -> None:
    wrong, notes = told(replace(FINE, state=state))
    assert wrong == []
    assert "not there yet" in only(notes)


def test_lines_that_match_no_format_name_the_command_that_shows_them() -> None:
    wrong, _ = told(replace(FINE, name="/var/log/it's.log", requests=600, unparsed=400))
    assert "40% of its lines (400 of 1000)" in only(wrong)
    assert "`apiwatch parse --explain '/var/log/it'\"'\"'s.log'`" in wrong[0]
    piped, _ = told(replace(FINE, kind="stdin", name="stdin", requests=0, unparsed=9))
    assert "100%" in only(piped)
    assert "--explain" not in piped[0]
    assert told(replace(FINE, requests=96, unparsed=4)) == ([], [])


def test_a_source_without_requests_is_worth_knowing() -> None:
    assert told(replace(FINE, lines=7, requests=0, unparsed=0, skipped=7)) == ([], ["none of its 7 lines is a request"])
    assert told(replace(FINE, lines=0, requests=0, unparsed=0)) == ([], [])


def test_losses() -> None:
    wrong, notes = told(replace(FINE, dropped=1, cut=2, late=FINE.requests // 50))
    assert only(wrong).startswith("1 line was lost")
    assert notes[0].startswith("2 lines were cut at limits.line_bytes")
    assert "logged minutes late" in notes[1]
    assert told(replace(FINE, late=1)) == ([], [])


def test_lag_counts_while_input_is_unread_and_somebody_reads() -> None:
    behind = replace(FINE, backlog_bytes=12_000_000, last_time=HEALTH.heartbeat - 600)
    assert lag_of(behind, HEALTH) == 600
    assert lag_of(replace(behind, backlog_bytes=0), HEALTH) == 0
    assert lag_of(replace(behind, last_time=0.0), HEALTH) == 0
    assert lag_of(behind, None) == 0
    assert only(told(behind)[0]) == "is 10 min behind: 12.0 MB are not read yet, and alerts come late"
    assert told(replace(behind, last_time=HEALTH.heartbeat - 3)) == ([], [])
    assert told(behind, fakes.health(state="stopped")) == ([], [])
    fresh = fakes.health(started=HEALTH.heartbeat - 20)
    assert "behind" in only(told(behind, fresh)[1])


def test_a_log_that_shows_the_proxy_is_wrong_and_comes_before_what_is_worth_knowing() -> None:
    found = troubles_of(replace(FINE, message=fakes.PROXY_HINT, cut=1, state="waiting"), HEALTH)
    assert found[0] == Trouble(True, fakes.PROXY_HINT)
    assert [trouble.wrong for trouble in found] == [True, False, False]
