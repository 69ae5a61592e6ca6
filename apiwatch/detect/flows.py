"""`population.flow-abandonment`: far more clients than usual begin a log-in, sign-up or reset, and stop at once.

Where the answer to the first step already tells who has an account, nobody who collects that goes on. The second step
is learned: what most clients ask for within five minutes after the first one. The share of those who do not is judged
by the CUSUM of the population tests.
"""

from collections.abc import Collection
from functools import lru_cache

import msgspec

from apiwatch.detect.crowds import Cusum, Line
from apiwatch.detect.signal import Detector, Facts, Story
from apiwatch.model import Number, Tags
from apiwatch.routes import roles_of

__all__ = ["FLOW_ABANDONMENT", "OWN", "Flow", "Start", "begins_flow", "forget", "learn"]

OWN = ""
"""Stands for further requests on the route of the first step itself."""

_KNOWN_AT = 100
"""Flows from which on the second step is known."""

_LOOKED_AT = 20
_SUPPORT = 0.6
_LABELS_KEPT = 32
_HALVED_AT = 4_096
_FIRST_STEPS = frozenset({"login", "reset", "signup"})
_QUERY_LENGTH = 200


class Start(msgspec.Struct, gc=False):
    """A first step whose second one is awaited."""

    time: float
    requests: int
    """Of the client on the route until then, this one included."""
    starts: int = 1
    """First steps of the client since then."""
    line: Line | None = None


class Flow(msgspec.Struct, gc=False):
    """What follows the requests on one route that begin a flow."""

    pending: dict[str, Start] = msgspec.field(default_factory=dict)
    """Client -> its first step, oldest first; at most 4 096."""
    starts: int = 0
    flows: int = 0
    """Finished and abandoned ones that taught the second step."""
    steps: dict[str, int] = msgspec.field(default_factory=dict)
    """Label of a route -> flows in which it followed; at most 32."""
    step: str | None = None
    """The route that most clients ask for after the first step, once that is known."""
    cusum: Cusum = msgspec.field(default_factory=Cusum)
    members: dict[str, float] = msgspec.field(default_factory=dict)
    """Client that stopped and does nothing else -> time, since the test left 0; at most 4 096."""
    samples: list[Line] = msgspec.field(default_factory=list)


def begins_flow(roles: Collection[str], query: str) -> bool:
    """Whether a POST is the first step of a flow, by the roles of its route or by a word in its query.

    >>> begins_flow(("login",), ""), begins_flow((), "flow_name=login"), begins_flow((), "page=2")
    (True, True, False)
    """
    return not _FIRST_STEPS.isdisjoint(roles) or (0 < len(query) <= _QUERY_LENGTH and _names_step(query))


@lru_cache(maxsize=1_000)
def _names_step(query: str) -> bool:
    values = (pair.rpartition("=")[2] for pair in query.split("&"))
    return any(not _FIRST_STEPS.isdisjoint(roles_of("POST", f"/{value}")) for value in values if value)


def learn(flow: Flow, seen: Collection[str]) -> None:
    """Count a flow; `seen` are the labels of the routes that were asked for after its first step."""
    flow.flows += 1
    for label in seen:
        if label in flow.steps or len(flow.steps) < _LABELS_KEPT:
            flow.steps[label] = flow.steps.get(label, 0) + 1
    if flow.flows >= _HALVED_AT:
        flow.flows //= 2
        flow.steps = {label: count // 2 for label, count in flow.steps.items() if count > 1}
    if flow.flows % _LOOKED_AT == 0:
        flow.step = _second_step(flow)


def forget(flow: Flow) -> None:
    """Everybody stops after the first step: the second one has moved, and is learned anew."""
    flow.steps.clear()
    flow.flows = 0
    flow.step = None
    flow.cusum.score = 0.0


def _second_step(flow: Flow) -> str | None:
    """Label of the route that most clients ask for after the first step; None while there is no such."""
    if flow.flows < _KNOWN_AT or not flow.steps:
        return None
    count, label = max((count, label) for label, count in flow.steps.items())
    return label if count >= _SUPPORT * flow.flows else None


def _tell(facts: Facts, route: str) -> Story:
    hits, seen, members = f"{facts['share_hits']:.0f}", f"{facts['share_seen']:.0f}", facts["members"]
    who = f"campaign of {members:.0f} addresses" if members else "many clients at once"
    return Story(
        title=f"{who} on {route}: {hits} of {seen} stop after the first step",
        why="far more clients than usual begin here and never go on: the answer to the first step is all they want",
        numbers=(
            Number(
                name=f"no second step within {facts['minutes']:.0f} min",
                value=f"{hits} of {seen} clients",
                baseline=f"{facts['p0']:.0%} (this route, {facts['null']:.0f} votes)",
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
        ),
        counter_evidence=(
            f"{facts['known_hits']:.0f} of {facts['known']:.0f} clients that also do other things here stopped as well",
        ),
        clears_when="clients go on again as usual, or an allow-list entry",
        reason=f"part of a campaign: first steps only on {route}",
    )


FLOW_ABANDONMENT = Detector(
    name="population.flow-abandonment",
    family="population",
    group="account",
    tags=Tags(owasp=("API6:2023", "API2:2023"), oat=("OAT-007",), attack=("T1087", "T1589")),
    tell=_tell,
)
