"""In which order lines arrive, how often, and what happens between them."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import AlertEvent, Batch, Severity
from tests.engine.lines import LATER, batch, engine_of, line, names
from tests.properties.attacks import addresses, guesses, stuffing
from tests.properties.traffic import LOG, Verdict, in_batches, judged, judged_batches, ordered, traffic, written

ONSET = 660.0
COPY = "/var/log/copy.log"


def everything() -> list[bytes]:
    incident = (hit for hit in traffic("incident", minutes=20.0) if 300.0 < hit.time < ONSET + 70.0)
    crowds = guesses(addresses(40), ONSET, 2.0, 35), stuffing(addresses(30), ONSET, 2.0, 35)
    return written(ordered(incident, *crowds))


def events(verdict: Verdict) -> list[tuple[str, str, Severity, str, int]]:
    return [
        (event.alert.detector, event.alert.principal, event.alert.severity, event.reason, event.alert.clients_total)
        for event in verdict.events
    ]


@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 20))
def test_lines_that_change_places_within_five_seconds_accuse_the_same(seed: int) -> None:
    dice = Random(seed)  # noqa: S311  # reproducible, not secret
    hits = traffic("incident", minutes=20.0)
    timed = [(hit.time + dice.uniform(0.0, 5.0), hit) for hit in hits if 300.0 < hit.time < ONSET + 80.0]
    straight = judged(written(hit for _, hit in timed))
    shuffled = judged(written(hit for _, hit in sorted(timed, key=lambda entry: entry[0])))
    assert shuffled.accused() == straight.accused()
    assert {family for family, _ in straight.accused()} >= {"enumeration", "auth", "recon"}


@pytest.mark.parametrize("size", [1, 500])
def test_the_same_lines_in_two_logs_give_the_same_alerts_once(size: int) -> None:
    lines = everything()
    both = [
        one for pair in zip(in_batches(lines, LOG, size), in_batches(lines, COPY, size), strict=True) for one in pair
    ]
    once, twice = judged(lines), judged_batches(both)
    assert events(twice) == events(once)
    assert [alert.count for alert in twice.alerts] == [alert.count for alert in once.alerts]


def test_a_copy_that_other_lines_stand_between_counts_once() -> None:
    engine = engine_of()
    refused = [line(step, "192.0.2.7", "/login", 401, method="POST") for step in range(7)]
    other = [line(step, "192.0.2.9", "/", size=step) for step in range(30)]
    for source, lines in (("a", refused), ("b", other), ("c", [*other, *refused])):
        engine.feed(batch(lines, source))
    delta = engine.take()
    assert names(delta.alerts) == []
    assert {row.source: (row.requests, row.skipped) for row in delta.sources} == {
        "a": (7, 0),
        "b": (30, 0),
        "c": (0, 37),
    }
    assert sum(row.requests for row in delta.minutes) == 37


def test_a_client_that_says_the_same_twice_means_it_twice() -> None:
    engine = engine_of()
    twice = [line(1, "192.0.2.7", "/a")] * 2
    for source, lines in (("a", twice), ("b", [*twice, twice[0]]), ("a", [line(2, "192.0.2.7", "/a")])):
        engine.feed(batch(lines, source))
    assert sum(row.requests for row in engine.take().minutes) == 4


def test_logs_that_differ_in_anything_are_two() -> None:
    plain = line(1, "192.0.2.7", "/a")
    others = [
        line(2, "192.0.2.7", "/a"), line(1, "192.0.2.8", "/a"), line(1, "192.0.2.7", "/b"),
        line(1, "192.0.2.7", "/a", 404), line(1, "192.0.2.7", "/a", size=7), line(1, "192.0.2.7", "/a", user="u"),
        line(1, "192.0.2.7", "/a", method="HEAD"), line(1, "192.0.2.7", "/a", agent="curl/8"),
    ]  # fmt: skip
    engine = engine_of()
    engine.feed(batch([plain], "a"))
    engine.feed(batch(others, "b"))
    assert [row.requests for row in engine.take().sources] == [1, 8]


def test_what_is_remembered_of_other_sources_is_bounded() -> None:
    engine = engine_of()
    engine.feed(batch([line(0, "192.0.2.1", "/")], "a"))
    lines = [line(step // 9_000, "192.0.2.7", f"/{step % 5}", size=step) for step in range(30_000)]
    engine.feed(batch(lines, "b"))
    assert engine.twins.kept <= 20_000
    engine.feed(batch([line(400, "192.0.2.7", "/")], "b"))
    assert engine.twins.kept == 1


@pytest.mark.parametrize("at", [0.5, 0.9])
def test_a_restart_in_the_middle_changes_no_alert(at: float) -> None:
    lines = everything()
    cut = int(len(lines) * at)
    first = Engine(Settings(), salt=b"test")
    found: list[AlertEvent] = []
    first.feed(Batch(LOG, 0, "0", "1", lines[:cut], LATER))
    found += first.take().events
    second = Engine(Settings(), salt=b"other")
    second.restore(first.snapshot())
    second.feed(Batch(LOG, 0, "1", "2", lines[cut:], LATER))
    found += second.take().events
    assert events(Verdict(found, [])) == events(judged(lines))
