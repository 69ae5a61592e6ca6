"""Identities: answers without credentials, copied tokens, made-up users; and phones, kiosks, offices, share pages."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.model import Alert, Severity
from tests.detect.account_attacks import BAD, ME, WORKOUTS, log_in, with_token
from tests.engine.lines import BROWSER, alerts_of, events_of, line

OFFICE = "198.51.100.20"
S3 = (
    "79a5 bucket [01/Jan/2026:{at} +0000] {client} {who} 3E57427F3EXAMPLE REST.GET.OBJECT {key}"
    ' "GET /bucket/{key} HTTP/1.1" 200 - 1113 1113 7 6 "-" "S3Console/0.4" - s9lz SigV4 ECDHE-RSA-AES128-GCM-SHA256'
    " AuthHeader bucket.s3.us-west-1.amazonaws.com TLSv1.2 - -"
)


def of(lines: list[bytes], detector: str, settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(lines, settings) if alert.detector == detector]


def stored(second: int, client: str, who: str) -> bytes:
    at = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return S3.format(at=at, client=client, who=who, key=f"report-{second % 7}.pdf").encode()


def test_private_route_that_answers_without_a_user_is_found_at_the_first_request() -> None:
    lines = [*WORKOUTS, line(5_000, BAD, "/api/user/4007/workouts")]
    (event,) = events_of(lines)
    assert (event.alert.detector, event.alert.severity) == ("identity.mixed-auth", Severity.MEDIUM)
    assert event.line == len(lines)
    assert "does not say" in event.alert.explanation.counter_evidence[0]


def test_log_that_states_that_nobody_asked_is_surer() -> None:
    history = [stored(60 * step, f"10.4.{step % 40}.7", f"arn:aws:iam::1:user/u{step % 40}") for step in range(1_430)]
    (alert,) = of([*history, stored(86_399, BAD, "-")], "identity.mixed-auth")
    assert "health check" in alert.explanation.counter_evidence[0]


def test_share_pages_that_were_always_mixed_are_silent() -> None:
    mixed = [
        line(3 * step, f"10.3.1.{step % 200 + 1}", f"/share/{step % 30 + 500}", user="-" if step % 5 < 2 else "w")
        for step in range(1_000)
    ]
    assert of(mixed, "identity.mixed-auth") == []


def test_basket_that_now_and_then_a_guest_looks_at_is_known_after_a_few() -> None:
    guests = [
        line(3 * step, f"10.3.{step // 200}.{step % 200 + 1}", "/api/cart", user="-" if step % 65 == 64 else "w")
        for step in range(3_000)
    ]
    found = of(guests, "identity.mixed-auth")
    assert len(found) <= 3
    again = [line(9_500 + step, BAD, "/api/cart") for step in range(5)]
    assert BAD in {alert.client for alert in of([*guests, *again], "identity.mixed-auth")}


def test_public_route_that_users_join_later_is_silent() -> None:
    public = [line(step, f"10.3.2.{step % 200 + 1}", "/api/news/7") for step in range(400)]
    users = [line(500 + step, f"10.3.0.{step % 200 + 1}", "/api/news/7", user=f"w{step % 200}") for step in range(900)]
    assert of([*public, *users, line(2_000, BAD, "/api/news/7")], "identity.mixed-auth") == []


def test_what_many_get_without_credentials_accuses_only_the_first_of_a_day() -> None:
    users = [line(step, f"10.3.0.{step % 200 + 1}", "/api/basket", user=f"w{step % 200}") for step in range(300)]
    guests = [line(400 + step, f"10.3.4.{step % 40 + 1}", "/api/basket") for step in range(80)]
    found = of([*users, *guests], "identity.mixed-auth")
    assert [alert.client for alert in found] == ["10.3.4.1"]
    again = [line(90_000 + step, BAD, "/api/basket") for step in range(4)]
    found = of([*users, *guests[:3], *again], "identity.mixed-auth")
    assert [alert.client for alert in found] == ["10.3.4.1", BAD]


def test_refused_requests_and_preflights_are_no_answers() -> None:
    preflight = [line(step, OFFICE, "/api/user/4001/workouts", 204, method="OPTIONS", user="w") for step in range(300)]
    lines = [*preflight, *WORKOUTS, line(5_000, BAD, "/api/user/4007/workouts", 401),
             line(5_001, BAD, "/api/user/4007/workouts", method="OPTIONS")]  # fmt: skip
    assert of(lines, "identity.mixed-auth") == []


def test_copied_token_is_found_in_the_third_network() -> None:
    moves = [with_token(100 + 60 * step, f"203.0.{113 + step}.9", "stolen", agent=f"agent/{step}") for step in range(3)]
    first = with_token(90, "203.0.113.9", "stolen")
    (event,) = events_of([*ME, first, *moves])
    assert (event.alert.detector, event.alert.severity) == ("identity.token-roaming", Severity.MEDIUM)
    assert event.line == len(ME) + 4
    assert event.alert.explanation.subject.kind == "token"


@pytest.mark.parametrize("prefix", ["203.0.113", "2001:db8:7:"], ids=["/24", "/48"])
def test_addresses_of_one_network_are_one(prefix: str) -> None:
    ends = [f"{prefix}.{step + 1}" if "." in prefix else f"{prefix}{step + 1}::9" for step in range(9)]
    moves = [with_token(100 + step, end, "t") for step, end in enumerate(ends)]
    assert of([*ME, *moves], "identity.token-roaming") == []


def test_hand_over_between_cells_is_no_theft() -> None:
    cells = ["100.64.1.9", "100.64.2.9", "100.64.1.9", "100.64.3.9", "100.64.2.9", "100.64.1.9"]
    phone = [with_token(100 + 40 * step, cells[step % 6], "phone") for step in range(40)]
    assert of([*ME, *phone], "identity.token-roaming") == []


def test_traveller_in_three_networks_a_day_is_no_theft() -> None:
    moves = [with_token(100 + 2_000 * step, f"100.64.{step}.9", "traveller") for step in range(9)]
    assert of([*ME, *moves], "identity.token-roaming") == []


def as_user(at: float, client: str, user: str, *, agent: str = BROWSER) -> bytes:
    return line(at, client, "/api/user/4001/workouts", user=user, agent=agent)


def test_users_without_log_ins_are_found_at_the_third() -> None:
    made_up = [as_user(5_000 + 60 * step, BAD, f"a{step}") for step in range(3)]
    assert of([*WORKOUTS, *made_up[:2]], "identity.many-users") == []
    (alert,) = of([*WORKOUTS, *made_up], "identity.many-users")
    assert (alert.severity, alert.principal) == (Severity.MEDIUM, BAD)


def test_kiosk_whose_users_log_in_is_silent() -> None:
    kiosk = [made for step in range(12) for made in (log_in(5_000 + 150 * step, OFFICE, f"a{step}"),
                                                     as_user(5_010 + 150 * step, OFFICE, f"a{step}"))]  # fmt: skip
    learned = [log_in(step, f"10.3.0.{step + 1}", f"w{step}") for step in range(3)]
    assert of([*learned, *WORKOUTS, *kiosk], "identity.many-users") == []


def test_shared_address_users_seen_before_slow_changes_and_staff_are_silent() -> None:
    agents = [BROWSER, "Firefox/130.0", "okhttp/4.12.0", "curl/8.9.1"]
    office = [as_user(5_000 + 10 * step, OFFICE, f"a{step}", agent=agents[step % 4]) for step in range(12)]
    assert of([*WORKOUTS, *office], "identity.many-users") == []
    known = [as_user(300 * step, OFFICE, f"a{step}") for step in range(9)]
    again = [as_user(5_000 + step, OFFICE, f"a{step % 9}") for step in range(30)]
    assert of([*known, *WORKOUTS[10:], *again], "identity.many-users") == []
    staff = Settings(classes=Classes(staff=(OFFICE,)))
    testers = [as_user(5_000 + step, OFFICE, f"a{step}") for step in range(9)]
    assert of([*WORKOUTS, *testers], "identity.many-users", staff) == []
