"""Log-in failures: brute force, stuffing and spray, and what is none of them."""

import pytest

from apiwatch.config import Settings
from apiwatch.model import Severity
from tests.engine.lines import (
    ALONE,
    BROWSER,
    alerts_of,
    batch,
    engine_of,
    events_of,
    known_route,
    line,
    names,
    replayed,
)

ATTACKER = "203.0.113.9"
LEARNED = [line(0, f"192.0.2.{client + 1}", "/login", 200, method="POST", size=300 + client) for client in range(2)]


def attempts(
    count: int,
    status: int = 401,
    *,
    pace: float = 1.0,
    users: int = 0,
    start: float = 10.0,
    client: str = ATTACKER,
    size: int = 80,
) -> list[bytes]:
    """Log-ins of one client; with `users` that many names are logged in turn."""
    return [
        line(
            start + pace * step,
            client,
            "/login",
            status,
            method="POST",
            size=size,
            user=f"u{step % users}" if users else "-",
        )
        for step in range(count)
    ]


@pytest.mark.parametrize("pace", [0.0, 1.0, 60.0, 3_240.0])
def test_brute_force_is_found_at_the_eighth_failure_at_any_pace(pace: float) -> None:
    (event, *_) = events_of([*LEARNED, *attempts(12, pace=pace)])
    assert event.alert.detector == "auth.brute-force"
    assert event.line - len(LEARNED) in {8, 9}
    assert event.alert.severity == Severity.HIGH


def test_first_on_the_system_is_found_at_the_ninth() -> None:
    (event, *_) = events_of(attempts(12))
    assert event.line == 9


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_every_way_to_refuse_is_a_failure(status: int) -> None:
    assert names(alerts_of([*LEARNED, *attempts(12, status)])) == ["auth.brute-force"]


def test_names_tell_stuffing_and_spray_from_brute_force() -> None:
    assert names(alerts_of([*LEARNED, *attempts(16, users=2)])) == ["auth.brute-force"]
    assert names(alerts_of([*LEARNED, *attempts(40, users=4)])) == ["auth.credential-stuffing"]
    assert names(alerts_of([*LEARNED, *attempts(16, users=16, pace=60.0)])) == ["auth.password-spray"]


def test_uneven_pace_is_stuffing_at_any_speed() -> None:
    for scale in (1, 10, 600):
        times = [scale * (step * step * 3 % 41 + step * 5) for step in range(16)]
        lines = [line(10 + at, ATTACKER, "/login", 401, method="POST", user=f"u{at}") for at in sorted(times)]
        assert names(alerts_of([*LEARNED, *lines])) == ["auth.credential-stuffing"]


def test_office_with_54_percent_failures_is_silent() -> None:
    office = [
        line(
            10 + number * 5,
            ATTACKER,
            "/login",
            401 if number * 54 % 100 < 54 else 200,
            method="POST",
            size=300 + number,
        )
        for number in range(2_000)
    ]
    _, delta = replayed(office)
    assert delta.alerts == []
    (row,) = [row for row in delta.suspects if row.detector == "auth.log-in"]
    assert row.failures / row.observations == pytest.approx(0.54, abs=0.01)


def test_three_failures_never_signal() -> None:
    assert alerts_of([*LEARNED, *attempts(3)]) == []


def test_redirect_is_a_success() -> None:
    assert alerts_of([*LEARNED, *attempts(60, 302)]) == []
    mixed = [raw for step in range(60) for raw in attempts(1, 302 if step % 2 else 401, start=10.0 + step)]
    assert alerts_of([*LEARNED, *mixed]) == []
    _, delta = replayed([*LEARNED, *mixed])
    (row,) = [row for row in delta.suspects if row.detector == "auth.log-in"]
    assert (row.failures, row.successes) == (30, 30)


def test_always_200_with_one_size_is_re_scored_and_found_at_the_eighth_attempt() -> None:
    lines = attempts(12, 200, size=4_481)
    (event, *_) = events_of([*LEARNED, *lines])
    assert event.alert.detector == "auth.brute-force"
    assert event.line - len(LEARNED) == 8
    assert event.alert.explanation.numbers[0].now == pytest.approx(14.5, abs=0.3)
    assert event.alert.count == 8
    assert len(event.alert.explanation.samples) == 5


def test_known_fail_size_counts_for_the_next_client_from_its_first_attempt() -> None:
    first = attempts(12, 200, size=4_481)
    second = attempts(12, 200, size=4_481, client="203.0.113.10", start=60.0)
    events = [event for event in events_of([*LEARNED, *first, *second]) if event.alert.client == "203.0.113.10"]
    assert events[0].line - len(LEARNED) - 12 == 8
    assert events[0].alert.count == 8


def test_client_that_goes_on_after_each_log_in_has_no_fail_mode() -> None:
    lines: list[bytes] = []
    for step in range(40):
        lines += attempts(1, 200, start=10.0 + 9 * step, size=512)
        lines += [line(12.0 + 9 * step, ATTACKER, "/account", user="alice") for _ in range(3)]
    assert alerts_of([*LEARNED, *known_route("/account"), *lines]) == []


def test_route_that_refuses_by_status_has_no_fail_mode() -> None:
    refusals = [raw for client in range(9) for raw in attempts(1, 401, client=f"192.0.2.{client + 20}")]
    assert alerts_of([*LEARNED, *refusals, *attempts(40, 200, size=512)]) == []


def test_204_is_a_success() -> None:
    assert alerts_of([*LEARNED, *attempts(40, 204, size=0)]) == []


def test_user_who_is_not_logged_is_said_so() -> None:
    (alert,) = alerts_of([*LEARNED, *attempts(12)])
    assert alert.detector == "auth.brute-force"
    assert any("cannot be told apart" in text for text in alert.explanation.counter_evidence)
    _, delta = replayed([*LEARNED, *attempts(12)])
    assert {row.note for row in delta.suspects} == {"users are not logged"}


def test_target_user_may_stand_in_the_query() -> None:
    lines = [line(10 + step * step, ATTACKER, f"/login?username=u{step}", 401, method="POST") for step in range(16)]
    assert "auth.credential-stuffing" in names(alerts_of([*LEARNED, *lines]))


def test_http_authentication_counts_failures_and_successes() -> None:
    def basic(number: int, status: int) -> bytes:
        return line(number, ATTACKER, "/private", status, user=f"u{number % 5}")

    known = known_route("/private", status=401)
    assert alerts_of([*known, *(basic(number, 401 if number % 8 == 0 else 200) for number in range(400))]) == []
    assert "auth.credential-stuffing" in names(
        alerts_of([*known, *(basic(number * number, 401) for number in range(30))])
    )


def test_shared_address_is_split_by_agent_and_still_judged() -> None:
    agents = [BROWSER, "Mozilla/5.0 Firefox/130.0", "okhttp/4.12.0", "curl/8.9.1", "Wget/1.24"]
    office = [line(step, ATTACKER, "/", agent=agents[step % 5]) for step in range(10)]
    attack = [line(20 + step, ATTACKER, "/login", 401, method="POST", agent="curl/8.9.1") for step in range(12)]
    engine = engine_of()
    engine.feed(batch([*LEARNED, *office, *attack]))
    (alert,) = engine.take().alerts
    assert alert.principal == f"{ATTACKER} curl"
    assert alert.explanation.subject.kind == "nat"


def test_addresses_of_one_network_are_one_principal() -> None:
    lines = [line(10 + step, f"2001:db8::{step + 1:x}", "/login", 401, method="POST") for step in range(12)]
    (alert,) = alerts_of([*LEARNED, *lines])
    assert alert.principal == "2001:db8::/64"
    assert alert.explanation.subject.kind == "ipv6-64"
    assert alert.clients_total > 1


def test_failures_of_many_other_clients_do_not_teach_that_failing_is_usual() -> None:
    crowd = [raw for client in range(60) for raw in attempts(12, client=f"198.51.100.{client + 1}")]
    events = events_of([*LEARNED, *crowd, *attempts(12)], Settings(detectors=ALONE))
    (*_, event) = [event for event in events if event.alert.client == ATTACKER]
    assert event.alert.detector == "auth.brute-force"


def rounds_of_log_ins(clients: int, rounds: int, **more: int) -> list[bytes]:
    """Clients that log in again and again, in turn, and do nothing else."""
    return [
        raw
        for turn in range(rounds)
        for client in range(clients)
        for raw in attempts(1, 200, client=f"192.0.2.{client + 50}", start=10.0 + 60 * turn + client / 100, **more)
    ]


def test_log_with_nothing_but_log_ins_takes_one_size_for_a_welcome() -> None:
    assert alerts_of(rounds_of_log_ins(40, 12, size=27)) == []


def test_refusals_by_status_undo_what_the_sizes_seemed_to_say() -> None:
    """Two services with answers of one size look refused; then somebody is refused by status, and only that counts."""
    services = rounds_of_log_ins(2, 60, size=27)
    (found,) = [alert for alert in alerts_of([*services, *attempts(60, users=60, start=4_000.0)])
                if alert.client == ATTACKER]  # fmt: skip
    assert found.detector in {"auth.credential-stuffing", "auth.password-spray"}
