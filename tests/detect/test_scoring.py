"""Scores and their points."""

import pytest

from apiwatch.detect.scoring import score
from tests.engine.lines import known_route, line, replayed


def test_worked_example() -> None:
    signals = {"enumeration.sequential": (3, 1.0, "walks", 0.0), "identity.mixed-auth": (3, 1.0, "no token", 0.0)}
    assert score(signals, 0.0) == (84, [(60, "walks"), (60, "no token")])


def test_only_the_strongest_of_a_group_counts() -> None:
    signals = {
        "enumeration.sequential": (3, 1.0, "walks", 0.0),
        "enumeration.miss": (2, 1.0, "guesses", 0.0),
        "scraping.distinct-objects": (3, 0.5, "reads", 0.0),
    }
    assert score(signals, 0.0) == (60, [(60, "walks")])


def test_weak_evidence_weighs_less() -> None:
    assert score({"recon.endpoint-fuzzing": (2, 0.5, "probes", 0.0)}, 0.0)[0] == 18


def test_old_signals_do_not_count() -> None:
    assert score({"recon.endpoint-fuzzing": (2, 1.0, "probes", 0.0)}, 90_000.0) == (0, [])


@pytest.mark.parametrize(("severity", "points"), [(0, 5), (1, 15), (2, 35), (3, 60), (4, 90)])
def test_weights_of_severities(severity: int, points: int) -> None:
    assert score({"auth.brute-force": (severity, 1.0, "fails", 0.0)}, 0.0)[0] == points


def test_answers_about_people_after_the_first_signal_count_a_fifth_more() -> None:
    signals = {"enumeration.sequential": (3, 1.0, "walks", 0.0), "identity.mixed-auth": (3, 1.0, "no token", 0.0)}
    assert score(signals, 0.0, reached=True)[0] == 100
    assert score({"recon.endpoint-fuzzing": (2, 1.0, "probes", 0.0)}, 0.0, reached=True) == (
        42,
        [(35, "probes"), (7, "was then answered about people or accounts")],
    )


@pytest.mark.parametrize(("path", "points"), [("/api/customers/7", 42), ("/api/items/7", 35)])
def test_a_fuzzer_that_is_answered_about_people_scores_more(path: str, points: int) -> None:
    bad = "203.0.113.9"
    probes = [line(100 + step, bad, f"/probe-{step}/x", 404) for step in range(20)]
    engine, _ = replayed([*known_route(path), *probes, line(200, bad, path)])
    assert engine.clients[bad].score == points


def test_score_never_exceeds_one_hundred() -> None:
    families = ("enumeration", "auth", "recon", "volume", "exfiltration", "identity")
    assert score({f"{family}.x": (4, 9.0, "x", 0.0) for family in families}, 0.0)[0] == 100
