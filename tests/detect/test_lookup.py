"""Look-ups of people: Trello's and Duolingo's lists; and widgets, sign-up forms and clients with credentials."""

from apiwatch.model import Severity
from tests.detect.account_attacks import BAD, MEMBERS, looked_up
from tests.engine.lines import alerts_of, events_of, known_route, line, names

WIDGET = known_route("/2017-06-30/users?username=x", size=900)


def test_trello_list_is_found_within_ten_requests() -> None:
    (event, *_) = events_of([*MEMBERS, *(looked_up(10 + step, step, 200 if step % 33 == 5 else 404)
                                         for step in range(40))])  # fmt: skip
    assert event.alert.detector == "enumeration.lookup-oracle"
    assert event.line - len(MEMBERS) <= 10
    assert "look" in event.alert.title


def test_list_of_addresses_that_all_exist_is_found_by_their_number() -> None:
    lines = [line(10 + 3 * step, BAD, f"/2017-06-30/users?email=a{step}@example.org") for step in range(80)]
    (alert,) = alerts_of([*WIDGET, *lines])
    assert alert.detector == "enumeration.lookup-oracle"
    assert "distinct" in alert.title


def test_severity_is_one_step_up_on_a_warm_route() -> None:
    warm = [line(10 * step, f"10.8.{step // 200}.{step % 200}", f"/1/members/w{step % 9}@example.org")
            for step in range(400)]  # fmt: skip
    events = events_of([*MEMBERS, *warm, *(looked_up(5_000 + step, step) for step in range(9))])
    assert [event.alert.severity for event in events] == [Severity.HIGH, Severity.CRITICAL]


def test_with_credentials_it_is_called_what_it_was() -> None:
    lines = [line(10 + step, BAD, f"/1/members/l{step}@example.org", 404, user="plugin") for step in range(20)]
    admitted = line(5, BAD, "/1/members/m1@example.org", user="plugin")
    assert names(alerts_of([*MEMBERS, admitted, *lines])) == ["enumeration.miss"]


def test_objects_that_are_no_people_keep_their_name() -> None:
    lines = [line(10 + step, BAD, f"/api/items/{step * 977 % 7_919}", 404) for step in range(20)]
    assert names(alerts_of([*known_route("/api/items/5"), *lines])) == ["enumeration.miss"]


def test_widgets_that_poll_and_forms_that_check_are_silent() -> None:
    polls = [line(10 + step, f"198.51.100.{step % 4}", f"/2017-06-30/users?username=u{step % 12}")
             for step in range(2_000)]  # fmt: skip
    forms = [line(3_000 + step, f"10.9.{step // 200}.{step % 200}", f"/1/members/n{step}{part}@example.org", 404)
             for step in range(100) for part in "ab"]  # fmt: skip
    assert not [alert for alert in alerts_of([*WIDGET, *MEMBERS, *polls, *forms]) if alert.family == "enumeration"]
