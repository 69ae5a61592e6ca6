"""The head says what state the picture is in, and its lines fit their width."""

import re

import pytest
from msgspec.structs import replace

from apiwatch.store.views import HealthView, Overview
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.notice import notice
from apiwatch.tui.snapshot import Link, seconds_of
from apiwatch.tui.summary import Word, head_lines, state_of, tiny_line
from tests.tui import fakes


def link(scenario: fakes.Scenario | None = None, **changes: object) -> Link:
    scenario = scenario if scenario is not None else fakes.Scenario()
    base = Link(
        now=fakes.NOW,
        overview=fakes.overview(scenario, 5),
        read_at=fakes.NOW,
        ended=None,
        failure="",
        window_minutes=5,
        paused_at=None,
        paused_requests=0,
        backlog_peak=0,
        refresh=1.0,
    )
    return replace(base, **changes)


def ill(**changes: object) -> Link:
    return link(fakes.Scenario(health=fakes.health(**changes)))


def texts(shown: Link, width: int) -> list[str]:
    return [line_text(row) for row in head_lines(shown, width)]


def test_another_day_is_said_in_the_past() -> None:
    assert " PAST 09-19 13:52-13:57 " in texts(link(at=fakes.NOW - 86_400 - 300), 100)[0]
    assert " PAST 13:52-13:57 " in texts(link(at=fakes.NOW - 300), 100)[0]


@pytest.mark.parametrize(
    ("shown", "word", "figure"),
    [
        (link(), Word.LIVE, ""),
        (link(overview=None, read_at=0.0), Word.READING, ""),
        (link(fakes.Scenario(health=None)), Word.NO_DATA, ""),
        (link(fakes.nothing()), Word.NO_DATA, ""),
        (link(fakes.not_parsed()), Word.UNPARSED, "100%"),
        (ill(unparsed=8_000_000), Word.UNPARSED, "30%"),
        (ill(lag_s=14.2, backlog_bytes=4_000_000), Word.LAG, "14s"),
        (ill(state="catching-up", lag_s=900.0, backlog_bytes=62), Word.CATCH_UP, "0%"),
        (ill(heartbeat=fakes.NOW - 14), Word.STALE, "14s"),
        (replace(ill(state="catching-up", heartbeat=fakes.NOW - 14), lives=True), Word.CATCH_UP, ""),
        (replace(ill(state="catching-up", heartbeat=fakes.NOW - 44), lives=True), Word.STALE, "44s"),
        (replace(ill(heartbeat=fakes.NOW - 14), lives=True), Word.STALE, "14s"),
        (ill(state="stopped", message="SIGTERM"), Word.STALE, "0s"),
        (link(ended="the collector was killed by signal 9"), Word.STALE, "0s"),
        (link(failure="cannot read the state file (OSError)", read_at=fakes.NOW - 30), Word.STALE, "30s"),
    ],
)
def test_state_word(shown: Link, word: Word, figure: str) -> None:
    state = state_of(shown)
    assert (state.word, state.figure) == (word, figure)


def test_progress_of_catching_up_is_measured_from_the_largest_backlog() -> None:
    shown = replace(ill(state="catching-up", backlog_bytes=62), backlog_peak=100)
    assert state_of(shown).figure == "38%"


def test_dead_beats_late_beats_unparsed() -> None:
    shown = ill(heartbeat=fakes.NOW - 20, lag_s=30.0, unparsed=9_000_000)
    assert state_of(shown).word is Word.STALE
    assert state_of(ill(lag_s=30.0, unparsed=9_000_000)).word is Word.UNPARSED


def test_notice_says_what_to_do() -> None:
    assert line_text(notice(link())) == ""
    assert "apiwatch collect" in line_text(notice(ill(heartbeat=fakes.NOW - 14)))
    assert "parse --explain" in line_text(notice(ill(unparsed=8_000_000)))
    assert "4.0MB of input are not read yet" in line_text(notice(ill(lag_s=14.2, backlog_bytes=4_000_000)))
    assert "log time 2026-09-20" in line_text(notice(ill(state="catching-up", backlog_bytes=62)))


def test_notice_names_a_source_that_is_away() -> None:
    gone = fakes.source("/var/log/nginx/api.log", "gone", "missing 3s, retrying")
    shown = link(fakes.Scenario(sources=(fakes.source(), gone, fakes.source("/x", "denied"))))
    said = line_text(notice(shown))
    assert said.startswith("not read: /var/log/nginx/api.log is gone: missing 3s, retrying")
    assert "1 more" in said
    assert "SRC 1/3" in texts(shown, 80)[0]


def test_notice_of_a_log_that_shows_the_proxy_yields_to_one_that_is_lost_and_to_nothing_else() -> None:
    hint = fakes.PROXY_HINT.partition(": ")[2]
    proxied, yet = fakes.source(fakes.PROXIED, message=fakes.PROXY_HINT), fakes.source("/yet.log", "waiting")
    assert line_text(notice(link(fakes.Scenario(sources=(proxied,))))) == hint
    assert line_text(notice(link(fakes.Scenario(sources=(yet, proxied))))) == f"{fakes.PROXIED}: {hint}"
    twice = fakes.Scenario(sources=(proxied, fakes.source("/b.log", message=f"rotated; {fakes.PROXY_HINT}")))
    assert line_text(notice(link(twice))) == f"{fakes.PROXIED} and 1 more: {hint}"
    unparsed = fakes.Scenario(sources=(proxied,), health=fakes.health(unparsed=9_000_000))
    assert line_text(notice(link(unparsed))) == hint
    lost = fakes.Scenario(sources=(yet, proxied, fakes.source("/gone.log", "gone")))
    assert line_text(notice(link(lost))) == "not read: /gone.log is gone; 1 more are not read"


@pytest.mark.parametrize("width", [60, 79, 80, 99, 100, 120, 200])
@pytest.mark.parametrize(
    "shown",
    [
        link(),
        link(overview=None),
        link(fakes.nothing()),
        link(fakes.not_parsed()),
        ill(heartbeat=fakes.NOW - 1e6, dropped=10**9, lines_per_s=1e6, owner="x" * 60 + "@" + "y" * 60),
        link(paused_at=fakes.NOW - 4000, paused_requests=0),
    ],
)
def test_head_lines_fit(shown: Link, width: int) -> None:
    drawn = head_lines(shown, width)
    assert len(drawn) == 3
    assert line_width(drawn[0]) == width
    if width >= 80:
        assert all(line_width(row) <= width for row in drawn)


@pytest.mark.parametrize("width", range(60, 80))
def test_a_narrow_head_shows_figures_whole_or_not_at_all(width: int) -> None:
    for row in texts(link(), width)[1:]:
        assert len(row) <= width
        assert len(re.findall(r"\dxx", row)) == len(re.findall(r"\dxx +[\d.]+%", row))
        assert ("clients" in row) == row.rstrip().endswith("k")


@pytest.mark.parametrize("width", [80, 120])
def test_head_has_everything_that_must_always_be_seen(width: int) -> None:
    state, everything, window = texts(link(), width)
    for wanted in ("gw1", "LIVE", "lag 0.0s", "unparsed 0.1%", "drop 0", "1240 l", "2 files", "14:02Z"):
        assert wanted in state
    assert everything.startswith("ALL 18.4M req")
    assert window.startswith("5m   371k req  1370/s")
    for wanted in ("2xx 61.0%", "3xx  2.5%", "4xx 38.0%", "5xx  1.0%", "clients  2.9k"):
        assert wanted in window


def test_a_wide_head_has_the_open_alerts_and_the_outcomes() -> None:
    _state, everything, window = texts(link(), 120)
    assert everything.endswith("open: 2 CRIT 2 HIGH 1 MED")
    assert "ok 61%  miss 30%  deny 8%" in window


def test_quiet_is_not_lag() -> None:
    quiet = ill(watermark=fakes.NOW - 9)
    assert quiet.overview is not None
    sources = tuple(replace(source, last_time=fakes.NOW - 42) for source in quiet.overview.sources)
    quiet = replace(quiet, overview=replace(quiet.overview, sources=sources))
    assert "quiet 42s" in texts(quiet, 80)[0]
    assert "lag" not in texts(quiet, 80)[0]
    assert "quiet" not in texts(ill(watermark=fakes.NOW - 42, backlog_bytes=10), 80)[0]


def test_full_tables_and_dropped_lines_are_said() -> None:
    shown = ill(bounds={"clients": (50_000, 50_000, 7)}, dropped=214)
    assert "CAP clients" in texts(shown, 120)[0]
    assert "CAP" in texts(shown, 80)[0]
    assert "drop 214" in texts(shown, 80)[0]


def test_pause_counts_what_arrives_meanwhile() -> None:
    paused = link(paused_at=fakes.NOW - 12, paused_requests=18_400_902 - 14_000)
    for width in (80, 120):
        assert "PAUSED 00:12, 14.0k new" in texts(paused, width)[0]


def test_one_line_for_a_terminal_that_is_too_small() -> None:
    assert line_text(tiny_line(link(), 59)) == "LIVE 2 CRIT 2 HIGH 1 MED  needs 60x15  ? help  q quit"
    assert line_width(tiny_line(link(), 20)) <= 20


def test_health_of_a_head_without_a_collector() -> None:
    none: HealthView | None = None
    empty: Overview = replace(fakes.overview(fakes.nothing(), 5), health=none)
    assert "NO DATA" in texts(link(overview=empty), 80)[0]


def test_a_collector_that_still_runs_is_not_to_be_started_again() -> None:
    silent = ill(heartbeat=fakes.NOW - 14)
    assert "start it again" in state_of(silent).sentence
    assert state_of(replace(silent, lives=True)).sentence.endswith("it still runs: busy, or stuck")
    assert state_of(replace(silent, lives=True, room=1 << 40)).sentence.endswith("it still runs: busy, or stuck")
    held = state_of(replace(silent, lives=True, room=1 << 20, holder="sqlite3 (pid 7)")).sentence
    assert "sqlite3 (pid 7) holds the state file; nothing is lost" in held
    full = state_of(replace(silent, lives=True, room=496_000)).sentence
    assert "its disk is full (496kB free); make room" in full


@pytest.mark.parametrize("state", ["starting", "catching-up"])
def test_what_hinders_a_collector_that_reads_history_is_said_at_once(state: str) -> None:
    busy = ill(state=state, heartbeat=fakes.NOW - 5.0)
    assert state_of(replace(busy, lives=True)).word is not Word.STALE
    assert "its disk is full" in state_of(replace(busy, lives=True, room=0)).sentence
    assert "sqlite3 (pid 7) holds" in state_of(replace(busy, lives=True, holder="sqlite3 (pid 7)")).sentence


@pytest.mark.parametrize(
    ("minutes", "watermark", "at", "seconds"),
    [
        (1, 600.0, 0.0, 1.0),
        (1, 603.2, 0.0, 4.2),
        (1, 659.9, 0.0, 60.0),
        (5, 603.0, 0.0, 244.0),
        (5, 603.0, 480.0, 300.0),
        (5, 0.0, 0.0, 300.0),
    ],
)
def test_a_minute_that_has_just_begun_is_not_taken_for_a_whole_one(
    minutes: int, watermark: float, at: float, seconds: float
) -> None:
    overview = fakes.overview(fakes.Scenario(health=fakes.health(watermark=watermark)), minutes)
    assert seconds_of(minutes, overview, at) == pytest.approx(seconds)
    assert seconds_of(minutes, None, at) == 60.0 * minutes
