"""Where a test is off or blind, the row of the route says so."""

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors, MissShare
from tests.engine.lines import known_route, line, replayed


def notes_of(lines: list[bytes], label: str, settings: Settings | None = None) -> str:
    _, delta = replayed(lines, settings)
    (row,) = [row for row in delta.routes if row.route == label]
    return row.notes


def test_feed_that_everybody_reads_in_order_switches_the_step_test_off() -> None:
    feed = [
        line(10 * who + step, f"198.18.0.{who}", f"/feed/{1_000 * who + step}")
        for who in range(1, 200)
        for step in range(4)
    ]
    assert "enumeration.sequential on" in notes_of([*known_route("/feed/7"), *feed], "GET /feed/{int}")
    assert "normal clients do this too" in notes_of([*known_route("/feed/7"), *feed], "GET /feed/{int}")
    alone = [line(10 * who, f"198.18.0.{who}", f"/feed/{1_000 * who}") for who in range(1, 90)]
    assert "sequential" not in notes_of([*known_route("/feed/7"), *alone], "GET /feed/{int}")


def test_route_on_which_most_clients_miss_makes_the_population_test_blind() -> None:
    gone = [
        line(60 * step, f"198.18.{step % 250}.7", f"/previews/{step % 50}", 404 if step % 4 else 200)
        for step in range(600)
    ]
    lines = [*known_route("/previews/7"), *gone]

    def known(**values: object) -> str:
        of = Settings(detectors=Detectors(miss_share=MissShare(**values)))  # type: ignore[arg-type]
        return notes_of(lines, "GET /previews/{int}", of)

    assert "population.miss: population test blind here" in known(p0=0.6)
    assert "population.miss" not in known(p0=0.6, off_above=0.9)
    assert "population.miss" not in known(p0=0.6, enabled=False)
