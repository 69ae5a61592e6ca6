"""From the name of a scenario to its lines and its labels."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from apiwatch.simulate.model import Actor, Event, Hit, Label, Scenario, Stage
from apiwatch.simulate.scenarios import Cast, scenario
from apiwatch.simulate.topology import Topology, topology
from apiwatch.simulate.weather import stormy
from apiwatch.simulate.writing import Writer, writer

__all__ = ["generate", "joined", "label", "labels"]


def generate(
    name: str,
    *,
    seed: int,
    minutes: float,
    rate: float,
    start: float,
    format: str = "combined",  # noqa: A002  the word of the command line
    grade: str = "g0",
    cast: Cast = "attack",
    layout: str = "A",
) -> Iterator[Event]:
    """The lines of a scenario in the order of time, made one by one as they are asked for.

    `rate` counts the normal requests per second, `start` is in seconds since the epoch. `grade` and `cast` are for the
    replays `R1` to `R20`; `layout` is the topology of the API. The same arguments give the same bytes; a start at the
    same hour of another day moves all times by the difference. Raises UsageError for an unknown scenario, grade,
    topology or format.
    """
    found = scenario(name, grade, cast)
    stage = Stage(seed, start, minutes * 60.0, rate)
    return _events(found, stage, writer(format, users_logged=found.users_logged), topology(layout))


def labels(
    name: str,
    *,
    seed: int,
    minutes: float,
    rate: float,
    start: float,
    grade: str = "g0",
    cast: Cast = "attack",
    layout: str = "A",
) -> list[Label]:
    """Who is who in the log that `generate` makes of the same arguments, attackers first.

    An actor whose turn would come after the end has no label. Raises UsageError as `generate` does.
    """
    found = scenario(name, grade, cast)
    api = topology(layout)
    stage = Stage(seed, start, minutes * 60.0, rate)
    made = [made for actor in _actors(found, stage, api) if (made := label(name, actor, stage)) is not None]
    return sorted(made, key=lambda label: label.role != "attacker")


def _actors(found: Scenario, stage: Stage, api: Topology) -> tuple[Actor, ...]:
    return (*map(api.actor, found.actors(stage)), *api.machines(stage))


def _events(found: Scenario, stage: Stage, write: Writer, api: Topology) -> Iterator[Event]:
    others = merge(*(actor.hits(stage) for actor in _actors(found, stage, api)), key=itemgetter(0))
    start = stage.start
    many = stormy(stage, api) if found.stormy else api.population(stage)
    for hit in joined(many, others):
        time = start + hit[0]
        yield Event(time, write(time, hit))


def joined(many: Iterator[Hit], few: Iterator[Hit]) -> Iterator[Hit]:
    """Two streams in the order of time; costs next to nothing for the items of the first."""
    other = next(few, None)
    for hit in many:
        while other is not None and other[0] < hit[0]:
            yield other
            other = next(few, None)
        yield hit
    if other is not None:
        yield other
    yield from few


def label(campaign: str, actor: Actor, stage: Stage) -> Label | None:
    """The truth about one actor of one simulation; None when it never has its turn."""
    first = last = -1.0
    requests = exposed = 0
    clients: dict[str, None] = {}
    for hit in actor.hits(stage):
        if first < 0:
            first = hit.time
        last = hit.time
        requests += 1
        exposed += hit.truth == 2
        clients[hit.client] = None
    if not requests:
        return None
    return Label(
        campaign=f"{campaign}/{actor.name}",
        role=actor.role,
        clients=tuple(clients),
        users=actor.users,
        route=actor.route,
        family=actor.family,
        expect=actor.expect,
        requests=requests,
        first=stage.start + first,
        last=stage.start + last,
        must_detect_requests=actor.must_detect_requests,
        must_detect_seconds=actor.must_detect_seconds,
        replay=actor.replay,
        grade=actor.grade,
        exposed=exposed,
    )
