"""Times without a zone: the user's zone, that of an envelope, that of the machine."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from apiwatch.formats import LineParser, time_of
from apiwatch.formats.clock import WallClock
from apiwatch.formats.times import wall_time
from apiwatch.model import Request
from tests.formats.kit import RECEIVED

HAPROXY = (
    "203.0.113.7:41696 [24/Nov/2026:03:10:54.500] fe~ be/s1 0/0/0/0/12 200 612 - - ---- 1/1/0/0/0 0/0 "
    '"GET /orders/7 HTTP/1.1"'
)
UTC_TIME = 1_795_489_854.5


def when(*lines: str, time_zone: str | None = None) -> float:
    found = LineParser(time_zone=time_zone).parse([line.encode() for line in lines], 1, RECEIVED)[-1]
    assert isinstance(found, Request), found
    return found.time


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()


@pytest.mark.usefixtures("in_zone")
def test_machine_zone_counts_where_nothing_else_is_known() -> None:
    assert when(HAPROXY) == UTC_TIME + 5 * 3600


@pytest.mark.usefixtures("in_zone")
def test_named_zone_beats_the_machine_and_the_envelope() -> None:
    assert when(HAPROXY, time_zone="Europe/Berlin") == UTC_TIME - 3600
    wrapped = "2026-11-24T03:10:54.600Z stdout F " + HAPROXY
    assert when(wrapped, time_zone="Europe/Berlin") == UTC_TIME - 3600


@pytest.mark.usefixtures("in_zone")
def test_envelope_with_a_zone_shows_the_offset() -> None:
    assert when("2026-11-24T01:10:54.600Z stdout F " + HAPROXY) == UTC_TIME - 2 * 3600
    assert when("2026-11-24T03:10:54.600+02:00 stdout F " + HAPROXY) == UTC_TIME - 2 * 3600


@pytest.mark.usefixtures("in_zone")
def test_learned_offset_outlives_lines_that_came_late_and_a_restart() -> None:
    parser = LineParser()
    parser.parse([("2026-11-24T01:10:54.600Z stdout F " + HAPROXY).encode()], 1, RECEIVED)
    late = ("2026-11-24T01:19:10.000Z stdout F " + HAPROXY).encode()
    other = LineParser()
    other.restore(parser.state())
    for one in (parser, other):
        found = one.parse([late], 2, RECEIVED)[0]
        assert isinstance(found, Request)
        assert found.time == UTC_TIME - 2 * 3600


def test_zone_with_summer_time_is_that_of_the_day() -> None:
    clock = WallClock(ZoneInfo("Europe/Berlin"))
    for text in ("2026-07-01 12:00:00", "2026-12-01 12:00:00"):
        wanted = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        found = clock.read(text)
        assert found is not None
        assert found[0] == wanted


def test_year_that_is_not_written_is_the_nearest_before_receipt() -> None:
    clock = WallClock(ZoneInfo("UTC"))
    received = datetime.fromisoformat("2027-01-01T00:10:00+00:00").timestamp()
    for text, wanted in (("Dec 31 23:59:00", "2026-12-31T23:59:00"), ("Jan  1 00:09:00", "2027-01-01T00:09:00")):
        found = clock.yearless(text, received)
        assert found is not None
        assert found[0] == datetime.fromisoformat(wanted + "+00:00").timestamp()


@pytest.mark.parametrize(
    "text", ["2026-13-01 00:00:00", "31/Feb/2026:00:00:00", "2026-01-01 25:00:00", "Foo  1 00:00:00 2026"]
)
def test_dates_that_do_not_exist_are_none(text: str) -> None:
    assert wall_time(text) is None


def test_seeking_uses_the_same_zone_as_reading() -> None:
    clock = WallClock(ZoneInfo("Asia/Kolkata"))
    assert time_of(HAPROXY.encode(), clock) == UTC_TIME - 5.5 * 3600
    zoraxy = (
        "2026/11/24 03:10:54 [2026-11-24 03:10:54.500000] [router:h] [origin:a.example] [client: 203.0.113.7] "
        "[useragent: x] GET / 200"
    )
    assert time_of(zoraxy.encode(), clock) == UTC_TIME - 5.5 * 3600
    assert when(zoraxy, time_zone="Asia/Kolkata") == UTC_TIME - 5.5 * 3600
