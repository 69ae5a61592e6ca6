"""Newcomers where only a fixed circle goes; and new members of that circle, open routes, short logs."""

from apiwatch.config import Settings
from apiwatch.config.accounts import Classes
from apiwatch.model import Severity
from tests.detect.inventory_attacks import API as HOST
from tests.detect.inventory_attacks import BAD, DAY, DEALERS, NEW_DEALER, Timed, deal, in_time, mine, once, registered
from tests.engine.lines import events_of

NAME = "identity.new-on-closed-route"


def told(*parts: list[Timed], settings: Settings | None = None) -> list[Severity]:
    return [event.alert.severity for event in events_of(in_time(*parts), settings) if event.alert.detector == NAME]


def test_newcomer_is_low_and_a_change_of_what_others_own_is_high() -> None:
    read = [deal(NEW_DEALER + 60, 7_031)]
    assert told(DEALERS, registered(), read) == [Severity.LOW]
    assert told(DEALERS, registered(), read, [deal(NEW_DEALER + 90, 7_031, "PUT")]) == [Severity.LOW, Severity.HIGH]


def test_owners_are_remembered_for_longer_than_objects_are_popular() -> None:
    seldom = [entry for entry in DEALERS if b"/cars/7031 " not in entry[1] or entry[0] < 2 * DAY]
    harm = [deal(NEW_DEALER + 60, 7_031), deal(NEW_DEALER + 90, 7_031, "PUT")]
    assert told(seldom, registered(), harm) == [Severity.LOW, Severity.HIGH]


def test_reading_what_others_work_with_is_medium() -> None:
    walk = [deal(NEW_DEALER + 60 + step, 7_031 + 31 * step) for step in range(8)]
    assert told(DEALERS, registered(), walk)[:2] == [Severity.LOW, Severity.MEDIUM]


def test_new_dealer_with_cars_of_his_own_stays_low() -> None:
    own = [made for step in range(8) for made in (deal(NEW_DEALER + 60 + step, 90_000 + 7 * step),
                                                   deal(NEW_DEALER + 80 + step, 90_000 + 7 * step, "PUT"))]  # fmt: skip
    assert set(told(DEALERS, registered(), own)) == {Severity.LOW}


def test_newcomer_behind_a_known_address_is_one() -> None:
    guest = [
        once(NEW_DEALER + 5 + step, HOST, mine(4), "/v2/register", method="POST", user="guest") for step in range(2)
    ]
    assert told(
        DEALERS, guest, [deal(NEW_DEALER + 60 + step, 7_031, user="guest", client=mine(4)) for step in range(2)]
    ) == [Severity.LOW]


def test_refusal_first_does_not_hide_what_follows() -> None:
    refused = [once(NEW_DEALER + 30, HOST, BAD, "/dealer/cars/5", 403, user="mallory")]
    assert told(DEALERS, registered(), refused, [deal(NEW_DEALER + 60, 7_031)]) == [Severity.LOW]


def test_open_routes_short_logs_and_staff_are_silent() -> None:
    guests = [
        made
        for day in range(9)
        for number in range(12)
        for made in (
            once(DAY * day + 9_000 + 60 * number, HOST, f"10.4.{day}.{number}", "/v2/items", user=f"g{day}-{number}"),
            deal(
                DAY * day + 9_030 + 60 * number,
                40_000 + 12 * day + number,
                "GET",
                f"g{day}-{number}",
                f"10.4.{day}.{number}",
            ),
        )
    ]
    read = [deal(NEW_DEALER + 60, 7_031)]
    assert told(DEALERS, guests, registered(), read) == []
    early = [(at - 4 * DAY, raw.replace(b"10/Jan", b"06/Jan")) for at, raw in (*registered(), *read)]
    assert told([entry for entry in DEALERS if entry[0] < 5 * DAY], early) == []
    assert told(DEALERS, registered(), read, settings=Settings(classes=Classes(staff=(BAD,)))) == []


def test_dealer_who_comes_back_is_no_newcomer() -> None:
    before = [entry for entry in DEALERS if b"d7 " not in entry[1] or entry[0] < DAY]
    assert told(before, [deal(NEW_DEALER + 60, 7_000 + 31 * 7, "GET", "d7", mine(7))]) == []
