"""What the collector says about itself."""

from apiwatch.collector.health import BEHIND_S, RATE_SPAN, Rate, health_view, lag_seconds, source_views
from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.engine.peers import Peers
from apiwatch.engine.state import SourceState
from apiwatch.sources import SourceStatus
from apiwatch.store import HealthView, SourceView


def status(name: str, backlog: int = 0, dropped: int = 0) -> SourceStatus:
    return SourceStatus(name, "file", "following", "", backlog, 1000, dropped, 0)


def view_of(*sources: SourceView, now: float, state: str = "live") -> HealthView:
    engine = Engine(Settings())
    engine.globals.watermark = 1000.0
    return health_view(
        engine.health(), sources, state=state, message="", owner="me@here", started=1.0, now=now, lines_per_s=3.0
    )


def test_rate_is_the_average_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.update(0.0, 0) == 0.0
    for second in range(1, 31):
        found = rate.update(float(second), 100 * second)
    assert found == 100.0
    for second in range(31, 31 + int(RATE_SPAN) + 1):
        found = rate.update(float(second), 3000)
    assert found == 0.0


def test_lag_is_zero_unless_input_is_unread() -> None:
    assert lag_seconds(0, 100.0, 500.0) == 0.0
    assert lag_seconds(1, 100.0, 500.0) == 400.0
    assert lag_seconds(1, 0.0, 500.0) == 0.0
    assert lag_seconds(1, 600.0, 500.0) == 0.0


def test_collector_far_behind_says_that_it_catches_up() -> None:
    behind = source_views({}, [status("/a.log", backlog=10)])
    read = source_views({}, [status("/a.log")])
    assert view_of(*behind, now=1000.0 + BEHIND_S + 1).state == "catching-up"
    assert view_of(*behind, now=1000.0 + BEHIND_S - 1).state == "live"
    assert view_of(*read, now=9000.0).state == "live"
    assert view_of(*behind, now=9000.0, state="stopped").state == "stopped"


def test_bounds_tell_how_full_they_are() -> None:
    bounds = view_of(now=1000.0).bounds
    assert set(bounds) == {"clients", "principals", "routes", "objects", "alerts"}
    assert bounds["clients"] == (0, Settings().limits.clients, 0)


def test_totals_are_sums_over_sources() -> None:
    counters = {
        "/a.log": SourceState("/a.log", "combined", lines=10, requests=7, unparsed=2, skipped=1),
        "/b.log": SourceState("/b.log", "json", lines=5, requests=5, late=3),
    }
    health = view_of(*source_views(counters, [status("/a.log", 4, 2), status("/b.log", 6)]), now=1001.0)
    assert (health.lines, health.requests, health.unparsed, health.skipped) == (15, 12, 2, 1)
    assert (health.late, health.dropped, health.backlog_bytes) == (3, 2, 10)


def test_source_that_is_no_longer_read_keeps_its_counters() -> None:
    counters = {"/old.log": SourceState("/old.log", "combined", lines=10, requests=10)}
    old, new = source_views(counters, [status("/zz.log")])
    assert (old.name, old.state, old.lines) == ("/old.log", "ended", 10)
    assert (new.name, new.state, new.lines) == ("/zz.log", "following", 0)


def test_source_that_shows_the_proxy_says_so_after_what_the_feed_says() -> None:
    counters = {"/a.log": SourceState("/a.log", "combined", peers=Peers(shown=["10.0.0.5"]))}
    (plain_one,) = source_views(counters, [status("/a.log")])
    (told,) = source_views(counters, [SourceStatus("/a.log", "file", "following", "rotated", 0, 0, 0, 0)])
    assert plain_one.message.startswith("every request comes from 10.0.0.5: the log shows the proxy")
    assert told.message == f"rotated; {plain_one.message}"
    (ended,) = source_views(counters, [])
    assert "10.0.0.5" not in ended.message
