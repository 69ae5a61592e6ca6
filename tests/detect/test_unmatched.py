"""All unknown targets of a host together: a word list that hundreds of addresses share, and what is not one."""

from apiwatch.model import AlertEvent, Severity
from tests.detect.inventory_attacks import API, Timed, in_time, mine, once, week
from tests.engine.lines import alerts_of, events_of

DAY_AND_MORE = week(1.2)
AT = 1.2 * 86_400.0
TOGETHER = frozenset({"population", "campaign"})


def crowds(*parts: list[Timed]) -> list[AlertEvent]:
    return [event for event in events_of(in_time(*parts)) if event.alert.family in TOGETHER]


def spread(words: int, each: int = 2, clients: int = 500) -> list[Timed]:
    """Each of the clients tries some words of a list."""
    return [
        once(AT + number + 0.3 * step, API, f"203.0.{number // 250}.{number % 250 + 1}", f"/api/word{at % words}", 404)
        for number in range(clients)
        for step in range(each)
        for at in [number * each + step]
    ]


def test_word_list_from_500_addresses_is_one_campaign() -> None:
    lines = in_time(DAY_AND_MORE, spread(1_000))
    (alert,) = (alert for alert in alerts_of(lines) if alert.family in TOGETHER)
    assert (alert.severity, alert.route, alert.host) == (Severity.HIGH, "(unmatched)", API)
    assert alert.clients_total > 300
    opened = crowds(DAY_AND_MORE, spread(1_000))[0].line
    assert sum(b"/api/word" in raw for raw in lines[:opened]) <= 100


def test_list_that_is_used_twice_is_still_seen() -> None:
    assert crowds(DAY_AND_MORE, spread(500))


def test_removed_route_that_thousands_of_apps_still_call_is_no_campaign() -> None:
    apps = [
        once(AT + 0.5 * number, API, f"10.8.{number // 250}.{number % 250}", "/v0/banner", 404)
        for number in range(2_000)
    ]
    icons = [once(AT + number, API, mine(number % 20), "/apple-touch-icon", 404) for number in range(500)]
    assert crowds(DAY_AND_MORE, apps, icons) == []


def test_one_client_with_a_word_list_is_no_campaign() -> None:
    words = [once(AT + 30 * step, API, "203.0.113.9", f"/api/word{step}", 404) for step in range(300)]
    assert crowds(DAY_AND_MORE, words) == []


def test_scattered_dead_links_of_users_are_usual() -> None:
    dead = [
        once(1_800.0 * half + 60.0 * (half % 20) + 25, API, mine(half % 20), f"/old/{half}", 404) for half in range(48)
    ]
    assert crowds(DAY_AND_MORE, dead) == []
