"""First steps that nobody follows; and users who give up, releases, outages, and flows of one step."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import ContextFree, Detectors, FlowAbandonment
from apiwatch.detect.flows import begins_flow
from apiwatch.engine import Engine
from apiwatch.model import Alert, Severity
from tests.detect.amount_attacks import Timed, in_order
from tests.detect.explaining import assert_complete
from tests.engine.lines import START, alerts_of, events_of, line
from tests.engine.test_determinism import assert_same

NAME = "population.flow-abandonment"
ONLY = Settings(detectors=Detectors(context_free=ContextFree(enabled=False)))
"""Without the test that sees strangers of one route at once, where the log names it."""

TASK = ("/1.1/onboarding/task.json?flow_name=login", "/1.1/onboarding/task.json")
SIGN_UP = ("/api/signup", "/api/signup-code/verify")


def users(
    seconds: int, steps: tuple[str, str] = TASK, *, start: int = 0, every: int = 6, give_up: int = 8
) -> list[Timed]:
    """Users who look at two pages, begin a flow and finish it; one in `give_up` does not."""
    found: list[Timed] = []
    for number, at in enumerate(range(start, start + seconds, 6)):
        client = f"10.6.{number // 250 % 250}.{number % 250}"
        found += [
            (float(at), line(at, client, "/home")),
            (at + 2.0, line(at + 2, client, "/about")),
            (at + 5.0, line(at + 5, client, steps[0], method="POST", size=1_000 + at % 400)),
        ]
        if number % give_up:
            found.append((at + 15.0, line(at + 15, client, steps[1], method="POST", size=500 + at % 90)))
    return sorted(found)


def starts(at: float, count: int, every: float, step: str = TASK[0]) -> list[Timed]:
    """Strangers who only take the first step, each from an address of its own."""
    found: list[Timed] = []
    for number in range(count):
        time, client = at + every * number, f"203.{number // 250}.{number % 250}.7"
        found.append((time, line(time, client, step, method="POST", size=1_000 + number % 400)))
    return found


def abandoned(*parts: list[Timed], settings: Settings | None = None) -> list[Alert]:
    return [alert for alert in alerts_of(in_order(*parts), settings) if alert.detector == NAME]


@pytest.mark.parametrize("steps", [TASK, SIGN_UP], ids=["query", "routes"])
def test_first_steps_of_a_campaign_are_found_and_named(steps: tuple[str, str]) -> None:
    lines = in_order(users(5_000, steps), starts(3_000, 300, 2.0, steps[0]))
    first = next(event for event in events_of(lines, ONLY) if event.alert.detector == NAME)
    assert first.alert.severity == Severity.MEDIUM
    assert first.alert.route.endswith(steps[0].partition("?")[0].rpartition("/")[2])
    assert first.time - START <= 3_000 + 300 + 60 * 2.0
    assert all(client.startswith("203.") for client in first.alert.clients)
    assert first.alert.clients_total >= 10


def test_record_is_complete() -> None:
    (alert,) = abandoned(users(5_000), starts(3_000, 300, 2.0))
    assert_complete(alert, len(alert.explanation.samples))
    assert len(alert.explanation.samples) >= 3


@pytest.mark.parametrize("give_up", [6, 12])
def test_users_who_give_up_are_usual(give_up: int) -> None:
    assert abandoned(users(6_000, give_up=give_up)) == []


def test_release_that_moves_the_second_step_is_no_campaign_and_is_learned() -> None:
    before, after = users(4_000), users(5_000, (TASK[0], "/1.2/onboarding/step.json"), start=4_000)
    assert abandoned(before, after) == []
    assert len(abandoned(before, after, users(3_000, (TASK[0], "/1.2/onboarding/step.json"), start=9_000),
                         starts(9_500, 300, 2.0))) == 1  # fmt: skip


def test_one_client_is_no_campaign() -> None:
    alone = [(3_000.0 + 5 * step, line(3_000 + 5 * step, "203.0.113.9", TASK[0], method="POST")) for step in range(400)]
    assert abandoned(users(6_000), alone) == []


def test_flows_of_one_step_have_no_second_one() -> None:
    single = [
        (6.0 * step, line(6 * step, f"10.6.{step // 250}.{step % 250}", "/login", method="POST", size=300 + step % 99))
        for step in range(900)
    ]
    assert abandoned(single, starts(3_000, 300, 2.0, "/login")) == []


def test_switched_off_it_says_nothing() -> None:
    off = Settings(detectors=Detectors(flow_abandonment=FlowAbandonment(enabled=False)))
    assert abandoned(users(5_000), starts(3_000, 300, 2.0), settings=off) == []


def test_restart_in_the_middle_changes_nothing() -> None:
    feed = [("/var/log/a.log", raw) for raw in in_order(users(4_500), starts(3_000, 300, 2.0))]
    cuts = dict.fromkeys(range(100, len(feed), len(feed) // 15), "restart")
    assert_same(lambda: Engine(Settings(), salt=b"s"), feed, cuts)


@pytest.mark.parametrize(
    ("roles", "query", "begins"),
    [((), "step=signup&x=1", True), ((), "action=resetPassword", True), (("signup",), "", True), (("code",), "", False),
     ((), "", False), ((), "q=lamp", False), ((), "login=" + "x" * 500, False)],
)  # fmt: skip
def test_what_begins_a_flow(roles: tuple[str, ...], query: str, begins: bool) -> None:
    assert begins_flow(roles, query) == begins
