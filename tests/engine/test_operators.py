"""What operators say, as the engine hears it: mutes, benign, the allow-list, own blocks, classes, the budget."""

from collections.abc import Sequence
from ipaddress import ip_network
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.config import Settings, data_text
from apiwatch.config.accounts import Classes
from apiwatch.config.alerts import Alerts
from apiwatch.engine import Engine
from apiwatch.model import Action, Alert, AlertEvent, Batch, Severity
from tests.detect import amount_attacks
from tests.engine.ledger import Ledger
from tests.engine.lines import LATER, START, alerts_of, batch, engine_of, events_of, known_route, line, scattered
from tests.engine.test_settings import CAMPAIGN
from tests.engine.traffic import Feed, feeds

BAD = "203.0.113.9"
DAY = 86_400.0
ITEMS = known_route("/api/items/900000")
LOGIN = known_route("/login", method="POST", status=401)
GOOGLE = "66.249.66.1"
ROUTE_ATTACKS = {
    "volume.route-surge": amount_attacks.ATTACKS["volume.route-surge"][0],
    "population.login-failures": CAMPAIGN,
}


def walk(count: int, start: float = 10.0, first: int = 500, client: str = BAD, **more: str) -> list[bytes]:
    return [line(start + step, client, f"/api/items/{first + step}", **more) for step in range(count)]  # type: ignore[arg-type]


def stuffing(count: int, start: float = 10.0, client: str = BAD) -> list[bytes]:
    return [
        line(start + step, client, "/login", 401, method="POST", user=f"u{step}{client}", agent="python-requests/2.32")
        for step in range(count)
    ]


def action(
    seq: int, kind: str, subject: str, at: float = 0.0, lasts: float | None = None, entry: str = "", condition: str = ""
) -> Action:
    time = START + at
    until = None if lasts is None else time + lasts
    return Action(seq, f"{seq:016x}", time, "ann@gw1", kind, subject, until, "", entry, condition)


class Played:
    """An engine that is fed and told, and what comes of it."""

    def __init__(self, of: Settings | None = None) -> None:
        self.engine = engine_of(of)
        self.events: list[AlertEvent] = []
        self.alerts: dict[str, Alert] = {}

    def feed(self, lines: Sequence[bytes]) -> "Played":
        self.engine.feed(batch(lines))
        return self.take()

    def say(self, *actions: Action) -> "Played":
        self.engine.act(actions)
        return self.take()

    def take(self) -> "Played":
        delta = self.engine.take()
        self.events += delta.events
        self.alerts.update({alert.id: alert for alert in delta.alerts})
        return self

    @property
    def only(self) -> Alert:
        (found,) = self.alerts.values()
        return found

    def reasons(self) -> list[str]:
        return [event.reason for event in self.events]


def test_muted_alert_is_counted_and_told_again_only_after_the_mute() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    opened = played.only
    played.say(action(1, "mute", opened.id, at=30.0, lasts=3_600.0))
    played.feed(stuffing(300, start=100.0))
    assert played.reasons() == ["open"], "thirty times the volume, and silence before"
    assert played.only.count > 30 * opened.count / 2
    played.feed(stuffing(3, start=3_700.0))
    assert played.reasons() == ["open", "restart"]


def test_unmute_ends_a_mute_at_once() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    played.say(action(1, "mute", played.only.id, at=30.0, lasts=9_000.0), action(2, "unmute", played.only.id, at=40.0))
    played.feed(stuffing(200, start=50.0))
    assert played.reasons() == ["open", "volume"]


def test_what_rose_during_a_mute_is_told_after_it() -> None:
    crowd = [line(step, f"198.51.{step // 250}.{step % 250 + 1}", "/api/items/7") for step in range(320)]
    played = Played().feed([*ITEMS, *crowd, *walk(7, start=330.0)])
    assert played.only.severity == Severity.MEDIUM
    played.say(action(1, "mute", played.only.id, at=340.0, lasts=2_000.0))
    played.feed(walk(9, start=1_900.0, first=507))
    assert (played.only.severity, played.reasons()) == (Severity.HIGH, ["open"])
    played.feed(walk(3, start=2_500.0, first=516))
    assert played.reasons() == ["open", "severity"]
    assert (played.only.told_for, played.only.update) == ("severity", 1)


def test_mute_of_an_old_log_lasts_in_its_own_time() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    played.say(action(1, "mute", played.only.id, at=300 * DAY, lasts=3_600.0))
    played.feed(stuffing(200, start=1_000.0))
    assert played.reasons() == ["open"]
    played.feed(stuffing(3, start=4_000.0))
    assert played.reasons() == ["open", "restart"]


@pytest.mark.parametrize("kind", ["acknowledge", "note", "never heard of"])
def test_words_that_change_nothing_for_detectors_are_only_remembered(kind: str) -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    played.say(action(1, kind, played.only.id))
    played.feed(stuffing(200, start=50.0))
    assert played.reasons() == ["open", "volume"]
    assert played.engine.desk.seq == 1


def test_reopened_alert_is_the_same_one_and_was_not_acknowledged() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    played.say(action(5, "acknowledge", played.only.id))
    played.engine.advance(START + 1.2 * DAY)
    assert played.take().only.closed
    played.feed(stuffing(12, start=1.3 * DAY))
    assert (played.only.closed, played.only.reopened, played.only.said_before) == (False, 1, 5)


def test_benign_walk_closes_and_stays_closed_but_other_tests_speak() -> None:
    played = Played().feed([*ITEMS, *walk(30)])
    played.say(action(1, "benign", played.only.id, at=60.0, lasts=30 * DAY))
    assert played.only.closed
    assert played.engine.clients[BAD].score == 0
    played.feed(walk(200, start=100.0, first=9_000))
    played.engine.advance(START + 20 * DAY)
    played.feed(walk(60, start=20 * DAY + 60, first=20_000))
    assert {alert.detector for alert in played.alerts.values() if not alert.closed} <= {"scraping.distinct-objects"}
    played.feed([line(20 * DAY + 200 + step, BAD, f"/secret-{step}/x.php", 404) for step in range(12)])
    assert "recon.endpoint-fuzzing" in {alert.detector for alert in played.alerts.values()}
    played.feed(walk(30, start=31 * DAY, first=40_000))
    again = [alert for alert in played.alerts.values() if alert.detector == "enumeration.sequential"]
    assert [alert.closed for alert in again] == [True, False], "thirty days are over"


def test_benign_client_is_not_brought_back_by_a_test_that_only_needed_longer() -> None:
    """First he walks ids in order; then many of them are missing, which another test of the same alert says."""

    def heard(*, benign: bool) -> set[str]:
        played = Played().feed([*ITEMS, *walk(12)])
        walker = played.only
        if benign:
            played.say(action(1, "benign", walker.id, at=30.0, lasts=DAY))
            assert played.only.closed
        played.feed(
            [line(40.0 + step, BAD, f"/api/items/{512 + step}", 404 if step % 4 else 200) for step in range(90)]
        )
        assert played.alerts[walker.id].closed == benign
        (row,) = [row for row in played.engine.book.rows.values() if row.id == walker.id]
        return {spoke.partition("|")[0] for spoke in row.heard}

    assert heard(benign=False) == {"enumeration.sequential", "enumeration.miss"}
    assert heard(benign=True) == set()


def test_what_is_back_says_what_brought_it_back() -> None:
    played = Played().feed([*ITEMS, *walk(12)])
    walker = played.only
    assert walker.detector == "enumeration.sequential"
    assert played.say(action(1, "allow", f"network:{BAD}/32", at=30.0, lasts=60.0, entry="e1")).only.closed
    played.feed([line(310.0 + step, BAD, f"/api/items/{item}", 404) for step, item in enumerate(scattered(40, 4))])
    back = played.alerts[walker.id]
    assert (back.closed, back.detector, back.severity) == (False, "enumeration.miss", walker.severity)


def missing(count: int, start: float, pace: float = 1.0) -> list[bytes]:
    return [line(start + pace * step, BAD, f"/api/items/{20_000 + 7 * step % 5_003}", 404) for step in range(count)]


@pytest.mark.parametrize(("start", "closed"), [(40.0, True), (700.0, False)])
def test_tests_that_need_longer_are_listened_to_for_ten_minutes(start: float, closed: bool) -> None:
    """Afterwards what they say is new, and what they said by then is their null hypothesis."""
    played = Played().feed([*ITEMS, *walk(12)])
    walker = played.only
    played.say(action(1, "benign", walker.id, at=30.0, lasts=DAY))
    assert played.feed(missing(60, start)).alerts[walker.id].closed == closed


def test_what_is_worse_than_what_was_called_benign_is_not_benign_while_it_settles() -> None:
    """An endpoint that is found by guessing, and a payload that breaks the server, after harmless probes."""
    probes = [line(step, BAD, f"/api/search?q=%27+OR+1={step}", 200) for step in range(3)]
    played = Played().feed([*ITEMS, *probes])
    (probe,) = [alert for alert in played.alerts.values() if alert.family == "recon"]
    played.say(action(1, "benign", probe.id, at=5.0, lasts=DAY))
    assert played.alerts[probe.id].closed
    guesses = [line(20.0 + step, BAD, f"/internal/x{step}", 404) for step in range(40)]
    played.feed([*guesses, line(70.0, BAD, "/internal/console", 200)])
    assert not played.alerts[probe.id].closed


def test_latest_measures_of_one_test_are_its_profile_whatever_it_was_called() -> None:
    """First a spray, later stuffing: one test, by two names."""
    played = Played().feed([*LOGIN, *stuffing(12), *stuffing(300, start=60.0)])
    played.say(action(1, "benign", played.only.id, at=400.0, lasts=DAY))
    assert played.feed(stuffing(40, start=410.0)).only.closed


def test_score_stays_while_another_alert_rests_on_the_same_test() -> None:
    other = [line(step, f"198.51.100.{step % 90 + 1}", f"/api/orders/{step % 30}") for step in range(200)]
    twice = [line(210.0 + step, BAD, f"/api/orders/{700 + step}") for step in range(20)]
    played = Played().feed([*ITEMS, *other, *walk(20, start=205.0), *twice])
    orders, items = (
        next(alert for alert in played.alerts.values() if alert.route.startswith(f"GET {prefix}"))
        for prefix in ("/api/orders", "/api/items")
    )
    played.say(action(1, "benign", items.id, at=240.0, lasts=DAY))
    assert (played.alerts[items.id].closed, played.alerts[orders.id].closed) == (True, False)
    assert played.engine.clients[BAD].score > 0


def test_profiles_of_a_state_that_named_no_accounts_learn_them() -> None:
    def failing(count: int, start: float) -> list[bytes]:
        return [line(start + step, BAD, "/login", 401, method="POST", user="printer") for step in range(count)]

    played = Played().feed([*LOGIN, *failing(30, 10.0)])
    played.say(action(1, "benign", played.only.id, at=60.0, lasts=DAY))
    for profile in played.engine.desk.profiles.values():
        profile.users = 0.0
    assert played.feed(failing(5, 100.0)).only.closed
    assert {profile.users for profile in played.engine.desk.profiles.values()} == {1.0}


def test_benign_client_that_does_worse_comes_back() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    played.say(action(1, "benign", played.only.id, at=60.0, lasts=DAY))
    assert played.only.closed
    played.feed(stuffing(10, start=100.0))
    assert played.only.closed
    played.feed(stuffing(400, start=200.0))
    assert not played.only.closed


def test_device_with_an_old_password_stays_benign_while_it_fails_for_the_same_user() -> None:
    def failing(count: int, start: float) -> list[bytes]:
        return [line(start + step, BAD, "/login", 401, method="POST", user="printer") for step in range(count)]

    played = Played().feed([*LOGIN, *failing(30, 10.0)])
    played.say(action(1, "benign", played.only.id, at=60.0, lasts=DAY))
    assert played.feed(failing(2_000, 100.0)).only.closed
    played.feed([line(3_000.0, BAD, "/login", 401, method="POST", user="ceo")])
    assert not played.only.closed, "twice as many accounts"


def test_benign_share_is_the_new_null_and_more_of_it_is_told() -> None:
    """Two of three objects that a client asks for are gone; later all of them are."""

    def links(count: int, start: float, good: int, seed: int) -> list[bytes]:
        return [
            line(start + 30 * step, BAD, f"/api/items/{item}", 200 if step % 3 < good else 404)
            for step, item in enumerate(scattered(count, seed))
        ]

    played = Played().feed([*ITEMS, *links(60, 10.0, 1, 1)])
    (alert,) = [alert for alert in played.alerts.values() if alert.detector == "enumeration.miss"]
    played.say(action(1, "benign", alert.id, at=2_000.0, lasts=30 * DAY))
    played.feed(links(200, 3_000.0, 1, 2))
    assert played.alerts[alert.id].closed
    played.feed(links(200, 12_000.0, 0, 3))
    assert not played.alerts[alert.id].closed


def test_benign_reader_may_read_twice_as_much() -> None:
    def read(count: int, start: float, seed: int) -> list[bytes]:
        return [line(start + step, BAD, f"/api/items/{item}") for step, item in enumerate(scattered(count, seed))]

    played = Played().feed([*ITEMS, *read(80, 10.0, 1)])
    played.say(action(1, "benign", played.only.id, at=100.0, lasts=30 * DAY))
    played.feed(read(80, 2_000.0, 2))
    assert played.only.closed
    played.feed(read(400, 4_000.0, 3))
    assert not played.only.closed


@pytest.mark.parametrize(
    "target",
    [
        "network:203.0.113.0/24",
        "route:GET /api/items/{int}",
        "agent:sync/*",
        "principal:203.0.113.9",
    ],
)
def test_allowed_target_raises_nothing_and_shows_what_it_suppressed(target: str) -> None:
    played = Played().say(action(1, "allow", target, lasts=DAY, entry="e1"))
    played.feed([*ITEMS, *walk(60, agent="sync/1.0")])
    assert not played.alerts
    alerts, signals = played.engine.health().allowed["e1"]
    assert alerts == 1
    assert signals > 20
    played.feed(walk(60, start=DAY + 10, first=7_000, agent="sync/1.0"))
    assert played.alerts, "it has expired"


def test_allowing_closes_what_is_open_and_disallowing_lets_it_speak() -> None:
    played = Played().feed([*ITEMS, *walk(30)])
    played.say(action(1, "allow", f"network:{BAD}/32", at=50.0, entry="e1"))
    assert played.only.closed
    played.feed(walk(10, start=60.0, first=530))
    assert played.only.closed
    played.say(action(2, "disallow", f"network:{BAD}/32", at=100.0, entry="e1"))
    played.feed(walk(10, start=110.0, first=540))
    assert not played.only.closed


def test_somebody_else_is_not_allowed() -> None:
    played = Played().say(action(1, "allow", "network:198.51.100.0/24", entry="e1"))
    assert played.feed([*ITEMS, *walk(30)]).only.client == BAD


@pytest.mark.parametrize("detector", ["volume.route-surge", "population.login-failures"])
@pytest.mark.parametrize("kind", ["benign", "allow"])
def test_alert_about_a_whole_route_can_be_called_benign_and_its_route_allowed(detector: str, kind: str) -> None:
    lines = ROUTE_ATTACKS[detector]
    (opened,) = [alert for alert in alerts_of(lines) if alert.detector == detector]
    engine = engine_of()
    if kind == "allow":
        engine.act([action(1, "allow", f"route:{opened.route}", entry="e1")])
        engine.feed(batch(lines))
        assert detector not in {alert.detector for alert in engine.take().alerts}
        return
    first = opened.last_seen
    engine.feed(batch(lines))
    engine.act([action(1, "benign", opened.id, at=first - START, lasts=DAY)])
    (settled,) = [alert for alert in engine.take().alerts if alert.id == opened.id]
    assert settled.closed
    assert len(engine.desk.profiles) == 1


@pytest.mark.parametrize("target", ["network:nonsense", "", "::::", "network:", "cookie:x"])
def test_nonsense_in_the_state_file_does_no_harm(target: str) -> None:
    played = Played().say(action(1, "allow", target, entry="e1"), action(2, "block", target, entry="e2"))
    assert played.feed([*ITEMS, *walk(30)]).only.client == BAD


@pytest.mark.parametrize("status", [403, 429])
def test_own_block_is_no_evidence(status: int) -> None:
    refused = [line(10 + step, BAD, f"/secret-{step}/x", status) for step in range(30)]
    guesses = [line(50 + step, BAD, f"/api/items/{step * 37}", status) for step in range(30)]
    blocked = Played().say(action(1, "block", "203.0.113.0/24", lasts=DAY, entry="b1"))
    assert not blocked.feed([*ITEMS, *refused, *guesses]).alerts
    assert blocked.engine.clients[BAD].routes["GET /api/items/{int}"]
    if status == 403:
        assert Played().feed([*ITEMS, *refused, *guesses]).alerts
    blocked.say(action(2, "unblock", "203.0.113.0/24", at=100.0, entry="b1"))
    blocked.feed([line(200 + step, BAD, f"/secret-x{step}/x", 403) for step in range(30)])
    assert blocked.alerts


@pytest.mark.parametrize("net", ["203.0.113.0/24", "0.0.0.0/0"])
@pytest.mark.parametrize(
    ("condition", "is_ours"),
    [("path=/secret", True), ("path=/sec", False), ("agent=Mozilla", True), ("agent=curl", False), ("", True)],
)
def test_what_a_block_of_some_requests_refuses_is_no_evidence(net: str, condition: str, is_ours: bool) -> None:
    refused = [line(10 + step, BAD, f"/secret/{step}x/x", 403) for step in range(30)]
    played = Played().say(action(1, "block", net, lasts=DAY, entry="b1", condition=condition))
    assert bool(played.feed([*ITEMS, *refused]).alerts) is not is_ours
    walked = Played().say(action(1, "block", net, lasts=DAY, entry="b1", condition="path=/secret"))
    assert walked.feed([*ITEMS, *walk(30)]).alerts, "other requests count as ever"
    played.say(action(2, "unblock", net, at=100.0, entry="b1", condition=condition))
    played.feed([line(200 + step, BAD, f"/secret/y{step}/x", 403) for step in range(30)])
    assert played.alerts


def test_a_client_does_not_begin_anew_when_only_some_of_its_requests_were_blocked() -> None:
    enough = next(count for count in range(1, 60) if Played().feed([*ITEMS, *walk(count)]).alerts)
    played = Played().feed([*ITEMS, *walk(enough)])
    played.say(action(1, "block", "203.0.113.0/24", at=60.0, lasts=DAY, entry="b1", condition="path=/secret"))
    played.say(action(2, "unblock", "203.0.113.0/24", at=100.0, entry="b1", condition="path=/secret"))
    assert not played.feed(walk(1, start=400.0, first=900)).only.closed


@pytest.mark.parametrize("condition", ["nonsense", "path=", "agent=\x00", "path=/a path=/b"])
def test_a_nonsensical_condition_blocks_nothing(condition: str) -> None:
    refused = [line(10 + step, BAD, f"/secret/{step}x/x", 403) for step in range(30)]
    played = Played().say(action(1, "block", "203.0.113.0/24", lasts=DAY, entry="b1", condition=condition))
    played.say(action(2, "unblock", "203.0.113.0/24", entry="b1", condition=condition))
    played.say(action(3, "block", "198.51.100.0/24", lasts=DAY, entry="b2"))
    assert played.feed([*ITEMS, *refused]).alerts


def test_own_block_ends_with_its_entry_and_hides_no_success() -> None:
    played = Played().say(action(1, "block", "203.0.113.9/32", lasts=100.0, entry="b1"))
    played.feed([*ITEMS, *[line(200 + step, BAD, f"/secret-{step}/x", 403) for step in range(30)]])
    assert played.alerts
    walked = Played().say(action(1, "block", "203.0.113.9/32", lasts=DAY, entry="b1"))
    assert walked.feed([*ITEMS, *walk(30)]).alerts, "the block does not work: it is answered"


@pytest.mark.parametrize("said", ["withdrawn", "expired"])
def test_a_client_begins_anew_when_its_block_ends(said: str) -> None:
    enough = next(count for count in range(1, 60) if Played().feed([*ITEMS, *walk(count)]).alerts)
    part = enough - 1
    before, after = walk(part), walk(part, start=400.0, first=500 + part)
    assert Played().feed([*ITEMS, *before, *after]).alerts, "together they are a walk"

    def blocked(steps: Sequence[bytes]) -> Played:
        made = Played().feed([*ITEMS, *steps])
        made.say(action(1, "block", "203.0.113.0/24", at=60.0, lasts=40.0 if said == "expired" else DAY, entry="b1"))
        return made.say(action(2, "unblock", "203.0.113.0/24", at=100.0, entry="b1")) if said == "withdrawn" else made

    assert not blocked(before).feed(after).alerts
    whole = blocked(walk(enough))
    assert not whole.only.closed
    assert whole.feed(after[:1]).only.closed, "its story is told"
    again = whole.feed(walk(enough, start=500.0, first=900))
    assert (again.only.closed, again.reasons()) == (False, ["open", "restart"])


@pytest.mark.parametrize("said", ["withdrawn", "expired"])
def test_a_block_that_was_only_queued_ends_no_alert(said: str) -> None:
    played = Played().feed([*ITEMS, *walk(30)])
    assert played.alerts
    played.say(action(1, "block", "203.0.113.0/24", at=60.0, lasts=340.0 if said == "expired" else DAY, entry="b1"))
    for step in range(33):
        played.feed(walk(1, start=70.0 + 10 * step, first=900 + step))
    if said == "withdrawn":
        played.say(action(2, "unblock", "203.0.113.0/24", at=400.0, entry="b1"))
    played.feed(walk(2, start=401.0, first=990))
    assert not any(alert.closed for alert in played.alerts.values())


def test_what_the_firewall_still_refuses_after_the_end_of_a_block_is_no_evidence() -> None:
    played = Played().feed(ITEMS).say(action(1, "block", "203.0.113.9/32", lasts=DAY, entry="b1"))
    played.say(action(2, "unblock", "203.0.113.9/32", at=100.0, entry="b1"))
    assert not played.feed([line(130 + step, BAD, f"/secret-{step}/x", 403) for step in range(30)]).alerts


def test_what_was_refused_before_the_block_is_evidence() -> None:
    """A log of last week is read again, and the client is on the block list since today."""
    refused = [line(10 + step, BAD, f"/secret-{step}/x", 403) for step in range(30)]
    played = Played().feed(ITEMS).say(action(1, "block", "203.0.113.9/32", at=3_600.0, lasts=DAY, entry="b1"))
    assert played.feed(refused).alerts


def of_classes(**classes: tuple[str, ...]) -> Settings:
    return Settings(classes=Classes(**classes))  # type: ignore[arg-type]


def test_verified_crawler_is_information_and_scores_less() -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1)"
    (alert,) = alerts_of([*ITEMS, *walk(60, client=GOOGLE, agent=agent)])
    assert (alert.severity, alert.explanation.subject.client_class) == (Severity.INFO, "crawler")
    (liar,) = alerts_of([*ITEMS, *walk(60, agent=agent)])
    assert (liar.severity, liar.explanation.subject.client_class) == (Severity.MEDIUM, "user")
    assert alert.score < 0.3 * liar.score
    unpublished = Settings(classes=Classes(published_crawlers=False))
    (alert,) = alerts_of([*ITEMS, *walk(60, client=GOOGLE, agent=agent)], unpublished)
    assert alert.severity == Severity.MEDIUM


def test_crawler_that_dns_has_verified_is_one_for_some_time() -> None:
    engine = engine_of()
    engine.feed(batch(ITEMS))
    engine.verify(BAD, "search.example", DAY)
    engine.feed(batch(walk(30)))
    (alert,) = engine.take().alerts
    assert alert.explanation.subject.client_class == "crawler"
    engine.feed(batch(walk(30, start=1.1 * DAY, first=800)))
    (alert,) = engine.take().alerts
    assert (alert.severity, alert.explanation.subject.client_class) == (Severity.HIGH, "user")


def test_open_alert_of_a_crawler_that_dns_confirms_becomes_information() -> None:
    agent = "SearchBot/1.0"
    played = Played().feed([*ITEMS, *walk(30, agent=agent)])
    assert played.engine.claims_to_crawl(played.only)
    before = played.only
    played.engine.verify(BAD, "search.example", DAY)
    found = played.take().only
    assert (found.severity, found.explanation.subject.client_class) == (Severity.INFO, "crawler")
    assert not played.engine.claims_to_crawl(found)
    assert played.engine.clients[BAD].score < 0.3 * before.score
    assert played.feed(walk(30, start=60.0, first=530, agent=agent)).only.severity == Severity.INFO
    assert not Played().feed([*ITEMS, *walk(30)]).engine.claims_to_crawl(before)


def test_new_service_with_credentials_that_finds_everything_may_be_a_partner() -> None:
    warm = [*ITEMS, *(line(step, f"198.51.{step // 250}.{step % 250 + 1}", "/api/items/7") for step in range(320))]

    def served(status: int, user: str, agent: str) -> Alert:
        lines = [
            line(DAY + step, BAD, f"/api/items/{500 + step}", status if step % 2 else 200, user=user, agent=agent)
            for step in range(30)
        ]
        (alert,) = [one for one in alerts_of([*warm, *lines]) if one.family == "enumeration"]
        return alert

    def doubted(alert: Alert) -> bool:
        return any("partner?" in doubt for doubt in alert.explanation.counter_evidence)

    java = "Apache-HttpClient/4.5.14 (Java/17.0.11)"
    partner = served(200, "acme", java)
    assert (partner.severity, doubted(partner)) == (Severity.MEDIUM, True)
    assert partner.explanation.subject.client_class == "service"
    nobody = served(200, "-", java)
    assert (nobody.severity, doubted(nobody)) == (Severity.HIGH, True)
    guesser = served(404, "acme", java)
    assert (guesser.severity, doubted(guesser)) == (Severity.HIGH, False)
    browser = served(200, "acme", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0")
    assert (browser.severity, doubted(browser)) == (Severity.HIGH, False)


@pytest.mark.parametrize("member", ["203.0.113.0/24", "user:carol", "agent:sync/*"])
def test_partner_walks_in_silence_until_its_end_and_may_not_guess_passwords(member: str) -> None:
    of = of_classes(partner=(f"{member} until 2026-01-02T00:00:00+00:00",))
    played = Played(of).feed([*ITEMS, *walk(60, agent="sync/1.0", user="carol")])
    assert not played.alerts
    played.feed([*LOGIN, *stuffing(12, start=100.0)])
    (alert,) = played.alerts.values()
    assert alert.explanation.subject.client_class == ("partner" if "." in member else "service")
    assert alert.score == (18 if "." in member else 60)
    played.feed(walk(60, start=DAY + 10, first=7_000, agent="sync/1.0", user="carol"))
    assert "enumeration" in {alert.family for alert in played.alerts.values()}


def test_load_test_has_no_vote_and_no_alert() -> None:
    def crowd(agent: str) -> list[bytes]:
        lines = [line(step, f"198.18.{step % 200}.7", f"/api/items/{step % 5}") for step in range(600)]
        made = [line(600 + step, f"203.0.113.{step % 200}", f"/api/items/{step * 31}", 404, agent=agent)
                for step in range(400)]  # fmt: skip
        return [*ITEMS, *lines, *made]

    assert alerts_of(crowd("k6/0.50"))
    assert not alerts_of(crowd("k6/0.50"), of_classes(loadtest=("agent:k6/*",)))


def test_notifications_above_the_budget_of_an_hour_are_withheld_and_counted() -> None:
    lines = [raw for number in range(12) for raw in stuffing(12, 60.0 * number + 10, client=f"198.51.100.{number}")]
    played = Played(Settings(alerts=Alerts(notifications_per_hour=4))).feed([*LOGIN, *lines])
    assert [event.notify for event in played.events].count(True) == 4
    assert all(event.notify for event in played.events[:4])
    assert len(played.alerts) == 12, "all of them are in the list"
    health = played.engine.health()
    assert (health.notified, health.withheld) == (4, len(played.events) - 4)
    later = stuffing(12, 5_000.0, client="198.51.100.77")
    assert played.feed(later).events[-1].notify


def test_first_success_is_told() -> None:
    misses = [line(step, BAD, f"/api/items/{item}", 404) for step, item in enumerate(scattered(20))]
    found = [
        line(30, BAD, "/api/items/123456"),
        *[line(31 + n, BAD, f"/api/items/{777 + 31 * n}", 404) for n in range(2)],
    ]
    assert [event.reason for event in events_of([*ITEMS, *misses, *found])] == ["open", "success"]


def in_pieces(feed: Feed, said: dict[int, Action], restarts: set[int]) -> Ledger:
    """Lines one by one, each action at its place, and the engine replaced by a restored one at some."""
    engine, ledger = Engine(Settings(), salt=b"x"), Ledger()
    for number, (source, raw) in enumerate(feed):
        if number in said:
            engine.act([said[number]])
        if number in restarts or number in said:
            ledger.apply(engine.take())
        if number in restarts:
            engine = Engine(Settings(), salt=b"x")
            engine.restore(ledger.state_rows())
        engine.feed(Batch(source, 0, str(number), str(number + 1), [raw], LATER))
    ledger.apply(engine.take())
    return ledger


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), feed=feeds(10))
def test_restarts_around_what_is_said_change_nothing(data: st.DataObject, feed: Feed) -> None:
    """Alert ids for the words come from a first run, so that they mean something."""
    known = sorted(key[0] for key in in_pieces(feed, {}, set()).tables["alerts"])  # type: ignore[index]
    targets = ["network:192.0.2.0/28", "route:GET /api/items/{int}", "agent:curl/*", "user:alice"]
    words = st.one_of(
        st.tuples(st.sampled_from(("mute", "benign", "unmute")), st.sampled_from(known or ["x"]), st.just("")),
        st.tuples(st.just("allow"), st.sampled_from(targets), st.sampled_from("ab")),
        st.tuples(st.just("disallow"), st.just(""), st.sampled_from("ab")),
        st.tuples(st.sampled_from(("block", "unblock")), st.just("192.0.2.0/27"), st.just("n")),
    )
    places = data.draw(st.lists(st.integers(0, len(feed) - 1), max_size=6, unique=True))
    said = {
        place: action(
            number + 1, kind, subject, lasts=data.draw(st.sampled_from((600.0, 9_000.0, 3 * DAY))), entry=entry
        )
        for number, place in enumerate(sorted(places))
        for kind, subject, entry in [data.draw(words)]
    }
    restarts = data.draw(st.sets(st.integers(0, len(feed) - 1), max_size=8))
    differences = in_pieces(feed, said, set()).differences(in_pieces(feed, said, restarts))
    assert not differences, "\n".join(differences[:5])


def test_actions_are_applied_once() -> None:
    played = Played().feed([*LOGIN, *stuffing(12)])
    mute = action(1, "mute", played.only.id, at=30.0, lasts=9_000.0)
    played.say(mute, action(2, "unmute", played.only.id, at=31.0)).say(mute)
    assert not played.engine.desk.mutes
    assert replace(played.engine.desk, dirty=False).seq == 2


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("66.249.64.0", True),
        ("66.249.79.255", True),
        ("66.249.80.0", False),
        ("66.249.63.255", False),
        ("157.55.39.200", True),
        ("17.166.20.1", True),
        ("2001:4860:4801:10::1", True),
        ("2001:4860:4802::1", False),
        ("0.0.0.0", False),  # noqa: S104  an address in a log
        ("::", False),
        ("255.255.255.255", False),
        ("crawler.example", False),
    ],
)
def test_published_networks_end_where_they_end(address: str, known: bool) -> None:
    (alert,) = [one for one in alerts_of([*ITEMS, *walk(30, client=address)]) if one.client == address]
    assert (alert.explanation.subject.client_class == "crawler") == known


def test_published_networks_do_not_overlap() -> None:
    networks = [ip_network(text.split()[1]) for text in data_text("crawlers.txt").splitlines() if text[:1] not in "#"]
    assert len(networks) > 90
    for version in (4, 6):
        ordered = sorted((net for net in networks if net.version == version), key=lambda net: int(net.network_address))
        assert all(int(one.broadcast_address) < int(two.network_address) for one, two in pairwise(ordered))
