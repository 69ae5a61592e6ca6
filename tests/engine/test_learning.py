"""Learning from history: what is normal stays, nobody is accused, and an interrupted run leaves no trace."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.engine import Engine
from apiwatch.model import Alert, Batch
from tests.detect import account_attacks, amount_attacks, inventory_attacks
from tests.detect.test_alerts import ATTACKS
from tests.engine.ledger import Ledger
from tests.engine.lines import LATER, batch, engine_of, known_route, line, scattered
from tests.engine.traffic import Feed, feeds

BAD = "203.0.113.9"
DAY = 86_400.0
EVERY = {
    **ATTACKS,
    **{
        name: lines
        for module in (account_attacks, amount_attacks, inventory_attacks)
        for name, (lines, _) in module.ATTACKS.items()
    },
}
ONE_IS_ENOUGH = {
    "recon.injection-probe", "recon.known-path", "recon.scanner-agent", "recon.parameter-tampering",
    "recon.verb-anomaly", "identity.missing-predecessor", "identity.mixed-auth", "recovery.missing-token-step",
    "inventory.shadow-endpoint", "inventory.zombie-version", "inventory.unknown-host", "identity.new-on-closed-route",
    "exfiltration.oversized-response", "exfiltration.principal-bytes",
}  # fmt: skip
"""Detectors that one request is enough for."""

HISTORY = known_route("/api/items/900000")


def walk(count: int, start: float, first: int) -> list[bytes]:
    return [line(start + step, BAD, f"/api/items/{first + step}") for step in range(count)]


def fuzzing(start: float) -> list[bytes]:
    return [line(start + step, BAD, f"/secret-{step}/x.php", 404) for step in range(20)]


def guesses(start: float) -> list[bytes]:
    return [line(start + step, BAD, "/login", 401, method="POST", user=f"u{step}") for step in range(20)]


def crowd(start: float) -> list[bytes]:
    found = [line(start + step, f"198.18.{step % 200}.7", "/api/items/7") for step in range(400)]
    return found + [
        line(start + 400 + step, f"198.51.{step % 200}.7", f"/api/items/{item}", 404)
        for step, item in enumerate(scattered(300))
    ]


def owned(start: float) -> list[bytes]:
    """A hundred users with four orders each."""
    return [
        line(start + number, f"198.18.0.{number % 200}", f"/api/orders/{10_000 + 37 * number}", user=f"u{number % 100}")
        for number in range(400)
    ]


def foreign(start: float) -> list[bytes]:
    return [
        line(start + 60 * step, BAD, f"/api/orders/{10_000 + 37 * (7 * step + 3)}", user="mallory") for step in range(8)
    ]


def taught(lines: Sequence[bytes], *, interrupted: bool = False) -> Engine:
    engine, ledger = engine_of(), Ledger()
    engine.begin_learning()
    engine.feed(batch(lines))
    if not interrupted:
        engine.end_learning()
    ledger.apply(engine.take())
    assert not ledger.tables["alerts"]
    assert not ledger.events
    assert not any(row.score for row in ledger.tables["clients"].values())
    again = engine_of()
    again.restore(ledger.state_rows())
    again.end_learning()
    return again


def alerts(engine: Engine, lines: Sequence[bytes]) -> list[Alert]:
    engine.feed(batch(lines))
    return engine.take().alerts


@pytest.mark.parametrize("interrupted", [False, True])
def test_history_full_of_attacks_raises_nothing_then_or_later(interrupted: bool) -> None:
    history = [*HISTORY, *crowd(100.0), *walk(200, 1_000.0, 5_000), *fuzzing(2_000.0), *guesses(3_000.0)]
    engine = taught(history, interrupted=interrupted)
    assert not engine.desk.learning
    assert not alerts(engine, [line(4_000.0, BAD, "/api/items/7"), line(4_001.0, BAD, "/secret-99/x.php", 404)])
    assert engine.health().routes >= 2


@pytest.mark.parametrize("detector", {name.partition(".")[0]: name for name in sorted(EVERY)}.values())
def test_no_detector_speaks_of_what_it_learns_or_because_of_it(detector: str) -> None:
    """The last line once more, right after the learning, is not enough for anybody."""
    lines = EVERY[detector]
    engine = taught(lines)
    found = {alert.detector for alert in alerts(engine, lines[-1:])}
    assert found <= ONE_IS_ENOUGH, found


def test_what_was_learned_makes_routes_warm_and_the_next_attack_is_found() -> None:
    lines = walk(12, 2 * DAY, 40_000)
    (cold,) = alerts(engine_of(), [*known_route("/api/items/900000", at=2 * DAY - 10), *lines])
    (warm,) = alerts(taught([*HISTORY, *walk(200, 1_000.0, 5_000)]), lines)
    assert (cold.severity.name, warm.severity.name) == ("MEDIUM", "HIGH")
    assert (cold.detector, warm.detector) == ("enumeration.sequential", "enumeration.sequential")


def test_owners_of_old_logs_are_known() -> None:
    later = foreign(2 * DAY)
    found = alerts(taught(owned(10.0)), later)
    assert "enumeration.foreign-object" in {alert.detector for alert in found}
    unknown = alerts(engine_of(), [*known_route("/api/orders/1", at=2 * DAY - 10), *later])
    assert "enumeration.foreign-object" not in {alert.detector for alert in unknown}


def test_attackers_of_old_logs_do_not_shape_what_is_normal() -> None:
    """Eight walkers would make walking normal if they had a vote, where nobody else reads much."""
    walkers = [
        line(1_000.0 + 100 * who + step, f"198.51.100.{who}", f"/api/items/{1_000 * who + step}")
        for who in range(8)
        for step in range(25)
    ]
    engine = taught([*HISTORY, *walkers])
    (param,) = [param for param in engine.params.values() if param.name != "?"]
    assert param.step.hits <= 10 * 8
    assert alerts(engine, walk(20, 2 * DAY, 90_000))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), feed=feeds(10))
def test_restarts_while_it_learns_change_nothing(data: st.DataObject, feed: Feed) -> None:
    def learned(restarts: set[int]) -> Ledger:
        engine, ledger = engine_of(), Ledger()
        engine.begin_learning()
        for number, (source, raw) in enumerate(feed):
            if number in restarts:
                ledger.apply(engine.take())
                engine = engine_of()
                engine.restore(ledger.state_rows())
                engine.begin_learning()
            engine.feed(Batch(source, 0, str(number), str(number + 1), [raw], LATER))
        engine.end_learning()
        ledger.apply(engine.take())
        return ledger

    whole = learned(set())
    assert not whole.tables["alerts"]
    differences = whole.differences(learned(data.draw(st.sets(st.integers(0, len(feed) - 1), max_size=6))))
    assert not differences, "\n".join(differences[:5])
