"""The same input gives the same alerts and rows: in any batch cuts, with restarts anywhere, whenever rows are taken."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.config import Settings
from apiwatch.config.inventory import NewOnClosedRoute, ShadowEndpoint, UnknownHost, ZombieVersion
from apiwatch.config.settings import Detectors, Limits
from apiwatch.detect.state import RouteState
from apiwatch.engine import Engine
from apiwatch.engine.clients import Client
from apiwatch.model import Batch, Delta, Request
from apiwatch.routes import Specification
from apiwatch.routes.openapi.specification import Operation, PathItem
from tests.engine.ledger import Ledger
from tests.engine.lines import LATER, line
from tests.engine.traffic import Feed, feeds

NORMAL = Settings()
TIGHT = Settings(
    limits=Limits(
        clients=100, principals=100, routes=10, objects=1_000, alerts=10, evidence_lines=5, routes_per_client=4,
        facets_per_client=2,
    )
)  # fmt: skip
WATCHFUL = Settings(
    detectors=Detectors(
        shadow=ShadowEndpoint(learning=0.0, settled=1_000),
        zombie=ZombieVersion(silence=0.0),
        hosts=UnknownHost(learning=0.0, silence=60.0, settled=1_000, busy_clients=2),
        newcomers=NewOnClosedRoute(age=0.0, requests=1, newcomers=1.0),
    )
)
"""Finds something new everywhere, as if weeks had passed."""

SPECIFIED = Specification(
    [
        (
            "/api/items/{id}",
            PathItem(
                "/api/items/{int}",
                frozenset({"h1.example.com"}),
                {"GET": Operation((), deprecated=True, keys=frozenset({"id"}))},
            ),
        )
    ]
)
"""For one host, and for lines that name none."""

Make = Callable[[], Engine]


def batches_of(feed: Feed, cuts: set[int]) -> list[tuple[int, Batch]]:
    """(number of lines before its end, batch): one batch per run of lines of one source, cut further at `cuts`."""
    found: list[tuple[int, Batch]] = []
    begin = 0
    for end in range(1, len(feed) + 1):
        if end == len(feed) or feed[end][0] != feed[begin][0] or end in cuts:
            lines = [raw for _, raw in feed[begin:end]]
            found.append((end, Batch(feed[begin][0], 0, str(begin), str(end), lines, LATER)))
            begin = end
    return found


def uncut(make: Make, feed: Feed) -> Ledger:
    """Everything in as few batches as possible, and one take at the end."""
    engine, ledger = make(), Ledger()
    for _, batch in batches_of(feed, set()):
        engine.feed(batch)
    ledger.apply(engine.take())
    return ledger


def in_pieces(make: Make, feed: Feed, cuts: dict[int, str]) -> Ledger:
    """Cut at some lines; there nothing happens, or rows are taken, or the engine is replaced by a restored one."""
    engine, ledger = make(), Ledger()
    for end, batch in batches_of(feed, set(cuts)):
        engine.feed(batch)
        action = cuts.get(end, "cut")
        if action == "cut":
            continue
        ledger.apply(engine.take())
        if action == "take":
            continue
        if action == "snapshot":
            ledger.replace_state(engine.snapshot())
        engine = make()
        engine.restore(ledger.state_rows())
    ledger.apply(engine.take())
    return ledger


@st.composite
def cut_feeds(draw: st.DrawFn) -> tuple[Feed, dict[int, str]]:
    feed = draw(feeds())
    positions = draw(st.lists(st.integers(1, len(feed)), max_size=12, unique=True))
    return feed, {at: draw(st.sampled_from(("cut", "take", "restart", "snapshot"))) for at in positions}


def assert_same(make: Make, feed: Feed, cuts: dict[int, str]) -> None:
    differences = uncut(make, feed).differences(in_pieces(make, feed, cuts))
    assert not differences, "\n".join(differences[:5])


@pytest.mark.parametrize("limits", [NORMAL, TIGHT, WATCHFUL], ids=["normal", "tight", "watchful"])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cut_feeds())
def test_cuts_takes_and_restarts_change_nothing(limits: Settings, case: tuple[Feed, dict[int, str]]) -> None:
    specification = SPECIFIED if limits is WATCHFUL else None
    assert_same(lambda: Engine(limits, salt=b"s", specification=specification), *case)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(feed=feeds(size=5))
def test_restart_after_every_line_changes_nothing(feed: Feed) -> None:
    feed = feed[:40]
    for action in ("restart", "snapshot"):
        assert_same(lambda: Engine(TIGHT, salt=b"s"), feed, dict.fromkeys(range(1, len(feed) + 1), action))


class Forgetful(Engine):
    """Keeps a count outside the state and lets it decide: what the tests above exist to find."""

    def __init__(self, limits: Settings) -> None:
        super().__init__(limits, salt=b"s")
        self.hidden = 0

    def _count(self, client: Client, route: RouteState, request: Request, time: float, outcome: int) -> int:
        self.hidden += 1
        return super()._count(client, route, request, time, outcome if self.hidden % 3 else 5)


class Hasty(Engine):
    """Lets the border of a batch decide."""

    def feed(self, batch: Batch) -> None:
        super().feed(batch)
        for client in self.clients.values():
            client.first -= 1


class Meddling(Engine):
    """Lets it matter when rows are taken."""

    def take(self, *, with_state: bool = True, with_lines: bool = True) -> Delta:
        for client in self.clients.values():
            client.first -= 1
        return super().take(with_state=with_state, with_lines=with_lines)


@pytest.mark.parametrize(
    ("kind", "action"), [(Forgetful, "restart"), (Forgetful, "snapshot"), (Hasty, "cut"), (Meddling, "take")]
)
def test_hidden_state_is_caught(kind: type[Engine], action: str) -> None:
    feed = [("/a.log", line(step, "192.0.2.1", f"/x/{step}")) for step in range(9)]
    cuts = {4: action}
    assert uncut(lambda: kind(NORMAL), feed).differences(in_pieces(lambda: kind(NORMAL), feed, cuts))
    assert not uncut(lambda: Engine(NORMAL), feed).differences(in_pieces(lambda: Engine(NORMAL), feed, cuts))
