"""From the name of a scenario to its lines and its labels."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from apiwatch.errors import UsageError
from apiwatch.simulate.model import Actor, Event, Hit, Label, Scenario, Stage
from apiwatch.simulate.population import population
from apiwatch.simulate.scenarios import SCENARIOS
from apiwatch.simulate.services import services
from apiwatch.simulate.world import World
from apiwatch.simulate.writing import Writer, writer
from apiwatch.text import plain

__all__ = ["generate", "labels"]


def generate(
    scenario: str,
    *,
    seed: int,
    minutes: float,
    rate: float,
    start: float,
    format: str = "combined",  # noqa: A002  the word of the command line
) -> Iterator[Event]:
    """The lines of a scenario in the order of time, made one by one as they are asked for.

    `rate` counts the normal requests per second, `start` is in seconds since the epoch. The same arguments give the
    same bytes; another start moves all times by the difference. Raises UsageError for an unknown scenario or format.
    """
    found = _scenario(scenario)
    stage = Stage(seed, start, minutes * 60.0, rate)
    return _events(found, stage, writer(format, users_logged=found.users_logged))


def labels(scenario: str, *, seed: int, minutes: float, rate: float, start: float) -> list[Label]:
    """Who is who in the log that `generate` makes of the same arguments, attackers first.

    An actor whose turn would come after the end has no label. Raises UsageError for an unknown scenario.
    """
    found = _scenario(scenario)
    stage = Stage(seed, start, minutes * 60.0, rate)
    actors = (*found.actors(stage), *services(World(seed, rate)))
    made = [label for actor in actors if (label := _label(scenario, actor, stage)) is not None]
    return sorted(made, key=lambda label: label.role != "attacker")


def _scenario(name: str) -> Scenario:
    found = SCENARIOS.get(name)
    if found is None:
        raise UsageError(f"there is no scenario `{plain(name)}`; choose one of {', '.join(SCENARIOS)}")
    return found


def _events(scenario: Scenario, stage: Stage, write: Writer) -> Iterator[Event]:
    world = World(stage.seed, stage.rate)
    actors = (*scenario.actors(stage), *services(world))
    others = merge(*(actor.hits(stage) for actor in actors), key=itemgetter(0))
    start = stage.start
    for hit in _joined(population(stage, world), others):
        time = start + hit[0]
        yield Event(time, write(time, hit))


def _joined(many: Iterator[Hit], few: Iterator[Hit]) -> Iterator[Hit]:
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


def _label(scenario: str, actor: Actor, stage: Stage) -> Label | None:
    first = last = -1.0
    requests = 0
    for hit in actor.hits(stage):
        if first < 0:
            first = hit.time
        last = hit.time
        requests += 1
    if not requests:
        return None
    return Label(
        campaign=f"{scenario}/{actor.name}",
        role=actor.role,
        clients=actor.clients,
        users=actor.users,
        route=actor.route,
        family=actor.family,
        expect=actor.expect,
        requests=requests,
        first=stage.start + first,
        last=stage.start + last,
        must_detect_requests=actor.must_detect_requests,
    )
