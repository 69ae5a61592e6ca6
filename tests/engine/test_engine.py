"""What the engine counts, what it refuses to believe, and what its state survives."""

import msgspec
import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import Sources
from apiwatch.engine import Engine
from apiwatch.errors import StoreVersionError
from apiwatch.model import Batch, StateRow
from tests.engine.lines import LATER, START, batch, engine_of, known_route, line, replayed


def test_totals_of_minute_client_and_source_agree() -> None:
    lines = [line(step, f"192.0.2.{step % 3}", "/a", (200, 404, 500)[step % 3], size=10) for step in range(90)]
    _, delta = replayed([*lines, b"nonsense", b""])
    assert sum(row.requests for row in delta.minutes) == sum(row.requests for row in delta.clients) == 90
    assert sum(row.requests for row in delta.routes) == 90
    assert {(row.s2xx, row.s4xx, row.s5xx, row.ok, row.miss, row.err) for row in delta.minutes} == {
        (20, 20, 20, 20, 20, 20), (10, 10, 10, 10, 10, 10)
    }  # fmt: skip
    assert sum(row.bytes for row in delta.minutes) == 900
    assert {row.minute for row in delta.route_minutes} == {row.minute for row in delta.minutes}
    for name in ("requests", "s2xx", "s4xx", "s5xx", "ok", "miss", "err", "bytes"):
        by_route = sum(getattr(row, name) for row in delta.route_minutes)
        assert by_route == sum(getattr(row, name) for row in delta.minutes), name
    (source,) = delta.sources
    assert (source.lines, source.requests, source.unparsed + source.skipped) == (92, 90, 2)


def test_nothing_is_written_twice() -> None:
    engine, _ = replayed([line(0, "192.0.2.1", "/a")])
    again = engine.take()
    rows = (
        again.clients, again.client_minutes, again.minutes, again.routes, again.route_minutes, again.sources,
        again.alerts, again.events,
    )  # fmt: skip
    assert not any(rows)


def test_future_times_are_pulled_back_to_the_time_of_receipt_and_counted() -> None:
    engine = engine_of()
    engine.feed(Batch("a", 0, "0", "2", [line(0, "192.0.2.1", "/"), line(5_000, "192.0.2.1", "/")], START))
    health = engine.health()
    assert health.clamped == 1
    assert health.watermark == START + 60


def test_late_events_count_in_their_minute_and_later_ones_as_late() -> None:
    lines = [line(600, "192.0.2.1", "/"), line(500, "192.0.2.1", "/"), line(300, "192.0.2.1", "/")]
    _, delta = replayed(lines)
    assert {(row.minute - START // 60, row.requests) for row in delta.minutes} == {(10, 1), (8, 1)}
    assert delta.sources[0].late == 1
    assert delta.clients[0].requests == 3


def test_quiet_time_closes_alerts() -> None:
    lines = [*known_route("/a/777"), *(line(step, "192.0.2.9", f"/a/{step}") for step in range(12))]
    engine, delta = replayed(lines)
    assert [alert.closed for alert in delta.alerts] == [False]
    engine.advance(START + 90_000)
    assert [alert.closed for alert in engine.take().alerts] == [True]
    assert engine.principals["192.0.2.9"].alerts == []


def test_advance_before_the_first_event_does_nothing() -> None:
    engine = engine_of()
    engine.advance(LATER)
    assert engine.health().watermark == 0


def test_state_of_another_version_is_refused() -> None:
    engine, _ = replayed([line(0, "192.0.2.1", "/a")])
    rows = []
    for row in engine.snapshot():
        if row.key == "e" and row.blob is not None:
            row = StateRow("e", msgspec.msgpack.encode({**msgspec.msgpack.decode(row.blob), "version": 99}))
        rows.append(row)
    with pytest.raises(StoreVersionError, match="engine version 99"):
        engine_of().restore(rows)


def test_restored_engine_keeps_the_salt_of_its_state() -> None:
    lines = [line(0, "192.0.2.1", "/a?token=secret") for _ in range(4)]
    engine, _ = replayed(lines)
    other = Engine(Settings(), salt=b"another")
    other.restore(engine.snapshot())
    other.feed(batch(lines, first=4))
    tokens = {key for key in other.principals if key.startswith("token:")}
    assert len(tokens) == 1


def test_log_format_of_the_settings_is_used() -> None:
    settings = Settings(sources=Sources(log_format='$remote_addr|$time_iso8601|"$request"|$status|$body_bytes_sent'))
    engine = engine_of(settings)
    engine.feed(batch([b'192.0.2.1|2026-01-01T00:00:01+00:00|"GET /a HTTP/1.1"|200|12'] * 3))
    assert engine.sources["/var/log/access.log"].requests == 3


def test_only_the_first_unparsed_lines_are_kept() -> None:
    good = [line(0, "192.0.2.1", "/a")] * 30
    _, delta = replayed([*good, *(b"what is this %d" % number for number in range(200))])
    assert 0 < len(delta.unparsed) <= 20
    assert delta.sources[0].unparsed >= 100


def test_hostile_lines_reach_no_row_as_they_are() -> None:
    evil = "/%1b%5d52;c;x%07/\x1b[2J/\u202e/[red]/%00" + "A" * 65_536
    lines = [line(step, "192.0.2.1", evil, agent="\x1b]0;x\x07\u202e", user="e\x1b[31mvil") for step in range(12)]
    lines += [line(step, "192.0.2.1", f"{evil[:30]}{step}", 404) for step in range(12)]
    _, delta = replayed(lines)
    texts = [value for table in (delta.clients, delta.client_routes, delta.client_facets, delta.routes, delta.suspects,
                                 delta.evidence, delta.unparsed) for row in table for value in row
             if isinstance(value, str)]  # fmt: skip
    texts += [text for alert in delta.alerts for text in (alert.title, *alert.explanation.samples)]
    assert texts
    assert all(text.isprintable() for text in texts)
